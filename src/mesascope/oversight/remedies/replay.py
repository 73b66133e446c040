"""Replay of high-regret levels with edits: prioritised level replay (Jiang et al. 2021), as ACCEL edits it
(Parker-Holder et al. 2022), with exact regret in place of an estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.oversight.level_family import Member, family_of
from mesascope.oversight.level_remedy import LevelRemedy, Pursuit
from mesascope.oversight.remedy import parts_of
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee


@dataclass(frozen=True)
class Replay(LevelRemedy):
    """Trains on a buffer of levels with high regret, which fresh levels and edits of its own compete to enter.

    Each round scores the buffer and its rivals by the regret on the base objective, where the agent is able at what it
    is after, and keeps the highest; levels are drawn by `1 / rank`. All scores are exact and made anew, so that none is
    stale and none has to be drawn only to renew it.

    **Arguments:** as of `LevelRemedy`, where `levels` is what the buffer holds at a time, and

    - `rounds`: of scoring, 1 or more.
    - `fresh`: levels drawn from the family in each round, 1 or more; as many are edited from the buffer, at most.
    - `floor`: least capability at what the agent is after, in [0, 1].
    """

    levels: int = 64
    rounds: int = 8
    fresh: int = 64
    floor: float = 0.6

    name = "replay"

    def __post_init__(self):
        super().__post_init__()
        if min(self.rounds, self.fresh) < 1:
            raise UsageError(f"rounds={self.rounds} and fresh={self.fresh} must be 1 or more.")

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        family, account = family_of(trainee.organism), trainee.account
        pursuit = Pursuit(trainee, family, key=key)
        buffer: dict[str, Member] = {}
        seen, trained = set(), set()
        for turn, updates in enumerate(parts_of(trainee.updates, self.rounds)):
            here = jax.random.fold_in(key, turn)
            rivals = family.draw(self.fresh, key=stream("fresh", key=here))
            rivals |= family.bred(list(buffer.values())[: self.fresh], key=stream("edits", key=here)) | buffer
            stakes = pursuit.stakes(trainee.agent, floor=self.floor)
            worths = family.worths(trainee.agent, [level for _, level in rivals.values()], stakes)
            ranks = {name: worth.rank for name, worth in zip(rivals, worths, strict=True) if worth.able}
            names = sorted((name for name in ranks if np.isfinite(ranks[name])), key=lambda name: -ranks[name])
            buffer = {name: rivals[name] for name in names[: self.levels]}
            account.levels += len(set(buffer) - trained)
            trained |= set(buffer)
            account.searched += len(seen | set(rivals)) - len(seen) - len(set(buffer) - seen)
            seen |= set(rivals)
            weights = [1 / rank for rank in range(1, len(buffer) + 1)]
            yield self.stage(trainee, updates, [level for _, level in buffer.values()], weights)


REMEDY = Replay
