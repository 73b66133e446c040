"""Adversarial training: trained on the levels in which a search finds the agent to come apart (RFLO §3.3)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.hunted import Budget
from mesascope.audit.alignment.level_edits import identity
from mesascope.audit.alignment.witness_hunt import hunt
from mesascope.audit.alignment.witness_scoring import Stakes
from mesascope.audit.alignment.witness_search import TOLERATED
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.organisms.organism import Organism
from mesascope.oversight.level_family import (
    LevelFamily,
    chances_of,
    check_levels,
    family_of,
    no_family,
    padded,
    pooled_of,
)
from mesascope.oversight.pursuit import SAMPLED, Pursuit
from mesascope.oversight.remedy import Remedy, parts_of
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee
from mesascope.worlds.level import Level

OF_ONE_HUNT: int = 4
"""Levels taken from one hunt: what is bred from one ancestor is alike, and a pool of it would be learned by heart."""

LEAST_CHANCE: float = 0.25
"""Chance of a level in which nothing is lost any more, as a share of that of one in which all is: what was learned is
not to be forgotten."""


@dataclass(frozen=True)
class AdversarialTraining(Remedy):
    """Trains on levels that are searched for where the agent gives away most of the base objective.

    In each round its choices are attributed anew, the witness search is begun several times, and what it finds goes
    into the pool: levels with most base regret in which it is able at what it pursues; where that is the base objective
    itself, those with most regret. A round in which hardly anything is lost anywhere adds nothing.

    **Arguments:**

    - `levels`: in the pool at the end, at most; 1 or more.
    - `rounds`: of searching, 1 or more; the last one has half of the updates.
    - `budget`: levels evaluated for each `OF_ONE_HUNT` that are taken, at most; 8 or more.
    - `share`: of the levels of each update that are drawn from the pool, in (0, 1]; the rest is as in the recipe.
    - `floor`: least capability at what it pursues in a level that counts, in [0, 1].
    """

    levels: int = 64
    rounds: int = 4
    budget: int = 64
    share: float = 0.5
    floor: float = 0.6

    name = "adversarial-training"

    def __post_init__(self):
        check_levels(self.levels, self.share)
        if self.rounds < 1 or self.budget < 8 or not 0 <= self.floor <= 1:
            raise UsageError(
                f"rounds={self.rounds} must be 1 or more, budget={self.budget} 8 or more, and floor={self.floor:g} in "
                "[0, 1]."
            )

    def inapplicable(self, organism: Organism) -> str | None:
        return no_family(organism)

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        family, account = family_of(trainee.organism), trainee.account
        sample = [level for _, level in family.draw(SAMPLED, key=stream("sample", key=key))]
        pursuit = Pursuit(trainee.organism, sample)
        account.searched += len(sample)
        pool: dict[str, Level] = {}
        for turn, updates in enumerate(_lengths(trainee.updates, self.rounds)):
            wanted = self.levels * (turn + 1) // self.rounds - len(pool)
            stakes = pursuit.stakes(trainee.agent, floor=self.floor)
            found, evaluated = self._found(
                family, trainee.agent, stakes, set(pool), wanted, key=jax.random.fold_in(key, turn)
            )
            pool |= found
            account.levels += len(found)
            account.searched += evaluated - len(found)
            if not pool:
                yield Stage(updates)
                continue
            levels = list(pool.values())
            plain = Stakes(pursuit.base, pursuit.base, -np.inf, "normalised")
            lost = [worth.regret for worth in family.worths(trainee.agent, levels, plain)]
            yield Stage(
                updates,
                pool=padded(levels, self.levels),
                chances=chances_of(np.clip(np.nan_to_num(lost), LEAST_CHANCE, 1.0), self.levels),
                pooled=pooled_of(trainee, self.share),
            )

    def _found(
        self, family: LevelFamily, agent: Agent, stakes: Stakes, known: set[str], wanted: int, *, key: RandomKey
    ) -> tuple[dict[str, Level], int]:
        """Returns levels that are not known yet, by what they are, and how many were evaluated for that."""
        found: dict[str, Level] = {}
        evaluated = 0
        budget = Budget(levels=self.budget, batch=8, kept=2 * OF_ONE_HUNT, alike=1)
        for start in range(-(-wanted // OF_ONE_HUNT)):
            hunted = hunt(
                family.choices(agent),
                family.variants,
                stakes,
                key=jax.random.fold_in(key, start),
                budget=budget,
                accept=family.roomy,
            )
            evaluated += hunted.evaluated
            caught = [one for one in hunted.kept if one.worth.able and one.worth.normalised > TOLERATED]
            fresh = {identity(one.variant, one.level): one.level for one in caught if family.outside(one)}
            fresh = {name: level for name, level in fresh.items() if name not in known and name not in found}
            found |= dict(itertools.islice(fresh.items(), min(OF_ONE_HUNT, wanted - len(found))))
        return found, evaluated


def _lengths(updates: int, rounds: int) -> list[int]:
    """Returns how many updates each round has: half of them the last one, where the agent settles."""
    if rounds == 1 or updates < 2 * rounds:
        return parts_of(updates, rounds)
    return [*parts_of(updates // 2, rounds - 1), updates - updates // 2]


REMEDY = AdversarialTraining
