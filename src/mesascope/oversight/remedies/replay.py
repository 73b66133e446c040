"""Replay of high-regret levels with edits: prioritised level replay (Jiang et al. 2021), as ACCEL edits it
(Parker-Holder et al. 2022), with exact regret in place of an estimate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.organisms.organism import Organism
from mesascope.oversight.level_family import Member, chances_of, check_levels, family_of, no_family, padded, pooled_of
from mesascope.oversight.pursuit import SAMPLED, Pursuit
from mesascope.oversight.remedy import Remedy, parts_of
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee

STALE: float = 0.1
"""Share of the chances that falls on levels by how long ago they were likely ones; Jiang et al. use .1."""


@dataclass(frozen=True)
class Replay(Remedy):
    """Trains on a buffer of levels with high regret, which fresh levels and edits of its own compete to enter.

    Each round scores the buffer and its rivals anew by the exact regret on the base objective, where the agent is able
    at what it is after, and keeps the highest. Levels are drawn by `rank ** (-1 / temperature)`, and a few by how long
    they have hardly been drawn.

    **Arguments:**

    - `levels`: that the buffer holds, 1 or more.
    - `rounds`: of scoring, 1 or more.
    - `fresh`: levels drawn from the family in each round, 1 or more; as many are edited from the buffer.
    - `temperature`: of ranks, above 0; the larger the more alike.
    - `share`: of the levels of each update that are drawn from the buffer, in (0, 1]; the rest is as in the recipe.
    - `floor`: least capability at what the agent is after, in [0, 1].
    """

    levels: int = 64
    rounds: int = 8
    fresh: int = 64
    temperature: float = 1.0
    share: float = 0.5
    floor: float = 0.6

    name = "replay"

    def __post_init__(self):
        check_levels(self.levels, self.share)
        if min(self.rounds, self.fresh) < 1 or self.temperature <= 0:
            raise UsageError(
                f"rounds={self.rounds} and fresh={self.fresh} must be 1 or more, temperature={self.temperature:g} "
                "above 0."
            )

    def inapplicable(self, organism: Organism) -> str | None:
        return no_family(organism)

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        family, account = family_of(trainee.organism), trainee.account
        sample = [level for _, level in family.draw(SAMPLED, key=stream("sample", key=key))]
        pursuit = Pursuit(trainee.organism, sample)
        account.searched += len(sample)
        buffer: list[Member] = []
        since: list[float] = []
        trained: set[str] = set()
        for turn, updates in enumerate(parts_of(trainee.updates, self.rounds)):
            here = jax.random.fold_in(key, turn)
            rivals = family.draw(self.fresh, key=stream("fresh", key=here))
            rivals += family.bred(buffer[: self.fresh], key=stream("edits", key=here))
            stakes = pursuit.stakes(trainee.agent, floor=self.floor)
            all_of = [*buffer, *rivals]
            worths = family.worths(trainee.agent, [level for _, level in all_of], stakes)
            ranks = [worth.rank if worth.able else -np.inf for worth in worths]
            waited = [*since, *[0.0] * len(rivals)]
            order = sorted(range(len(all_of)), key=lambda place: -ranks[place])
            order = [place for place in order if np.isfinite(ranks[place])][: self.levels]
            buffer, since = [all_of[place] for place in order], [waited[place] for place in order]
            names = {family.identity(member) for member in buffer}
            account.searched += len(rivals) - len(names - trained)
            account.levels += len(names - trained)
            trained |= names
            if not buffer:
                yield Stage(updates)
                continue
            weights = np.arange(1, len(buffer) + 1) ** (-1 / self.temperature)
            weights /= weights.sum()
            if sum(since) > 0:
                weights = (1 - STALE) * weights + STALE * np.array(since) / sum(since)
            # What is drawn less than on average grows stale.
            since = [
                0.0 if weight >= 1 / len(buffer) else wait + 1 for weight, wait in zip(weights, since, strict=True)
            ]
            yield Stage(
                updates,
                pool=padded([level for _, level in buffer], self.levels),
                chances=chances_of(weights, self.levels),
                pooled=pooled_of(trainee, self.share),
            )


REMEDY = Replay
