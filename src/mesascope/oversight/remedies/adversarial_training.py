"""Adversarial training: trained on the levels in which a search finds the agent to come apart (RFLO §3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.hunted import Budget
from mesascope.audit.alignment.witness_hunt import hunt
from mesascope.audit.alignment.witness_scoring import Stakes
from mesascope.audit.alignment.witness_search import TOLERATED
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.oversight.level_family import LevelFamily, family_of, name_of
from mesascope.oversight.level_remedy import LevelRemedy, Pursuit
from mesascope.oversight.remedy import parts_of
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee
from mesascope.worlds.level import Level

AT_ONCE: int = 8
"""Levels that a hunt evaluates at once."""

LEAST: float = 0.25
"""Weight of a level in which nothing is lost any more, against one in which all is: what was learned is not to be
forgotten."""


@dataclass(frozen=True)
class AdversarialTraining(LevelRemedy):
    """Trains on levels that are searched for where the agent gives away most of the base objective.

    In each round it is asked anew what the agent is after, and the witness search is begun once for each level that is
    wanted: what goes into the pool is the level with most base regret in which the agent is able at that; where it is
    the base objective itself, the one with most regret. Levels bred from one ancestor are alike, and would be learned
    by heart. Once a search brings nothing new, the others of its round look for plain regret; where hardly anything is
    lost anywhere they add nothing.

    **Arguments:** as of `LevelRemedy`, and

    - `rounds`: of searching, 1 or more; the last one has half of the updates.
    - `budget`: levels evaluated for each that is taken, at most; 8 or more.
    - `floor`: least capability at what the agent is after in a level that counts, in [0, 1].
    """

    levels: int = 64
    rounds: int = 4
    budget: int = 64
    floor: float = 0.6

    name = "adversarial-training"

    def __post_init__(self):
        super().__post_init__()
        if self.rounds < 1 or self.budget < AT_ONCE or not 0 <= self.floor <= 1:
            given = f"rounds={self.rounds}, budget={self.budget}, floor={self.floor:g}"
            raise UsageError(f"{given}: rounds must be 1 or more, the budget {AT_ONCE} or more, the floor in [0, 1].")

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        family, account = family_of(trainee.organism), trainee.account
        pursuit = Pursuit(trainee, family, key=key)
        plain = Stakes(pursuit.base, pursuit.base, -np.inf, "normalised")
        pool: dict[str, Level] = {}
        half = trainee.updates // 2
        lengths = parts_of(half, self.rounds - 1) if self.rounds > 1 and half else []
        for turn, updates in enumerate([*lengths, trainee.updates - sum(lengths)]):
            agent, before = trainee.agent, len(pool)
            stakes = pursuit.stakes(agent, floor=self.floor)
            wanted = self.levels * (turn + 1) // (len(lengths) + 1) - before
            evaluated = self._search(pool, family, agent, stakes, wanted, key=jax.random.fold_in(key, turn))
            account.levels += len(pool) - before
            account.searched += evaluated - (len(pool) - before)
            levels = list(pool.values())
            lost = [worth.regret for worth in family.worths(agent, levels, plain)]
            yield self.stage(trainee, updates, levels, np.clip(np.nan_to_num(lost), LEAST, 1.0).tolist())

    def _search(
        self, pool: dict[str, Level], family: LevelFamily, agent: Agent, stakes: Stakes, wanted: int, *, key: RandomKey
    ) -> int:
        """Adds levels to the pool, by what they are, and returns how many were evaluated for that."""
        random = np.random.default_rng(seed_of(stream("variants", key=key)))
        # A few variants each, so that no hunt ends before it has seen all of its own.
        together = min(len(family.variants), max(1, self.budget // (2 * AT_ONCE)))
        evaluated = 0
        for start in range(wanted):
            chosen = sorted(random.choice(len(family.variants), size=together, replace=False).tolist())
            hunted = hunt(
                family.choices(agent),
                [family.variants[place] for place in chosen],
                stakes,
                key=jax.random.fold_in(key, start),
                budget=Budget(levels=self.budget, batch=AT_ONCE),
                accept=family.whole,
            )
            evaluated += hunted.evaluated
            best = hunted.best
            if best is not None and best.worth.normalised > TOLERATED:
                name = name_of(best.variant, best.level)
                if name not in pool and (best.edits or not family.trains_on(best.variant)):
                    pool[name] = best.level
                    continue
            # It does not come apart any more where it is able at something else; it may fail where it is not.
            stakes = Stakes(stakes.base, stakes.base, -np.inf)
        return evaluated


REMEDY = AdversarialTraining
