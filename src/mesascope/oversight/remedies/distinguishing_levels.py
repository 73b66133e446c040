"""Distinguishing levels: a share of training levels in which the base objective and what the agent is after come apart.

The share is the dial of Abdel Sadek et al. (2025): at 0 nothing in training tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mesascope.audit.alignment.witness_search import DIVERGENCE
from mesascope.core.random import RandomKey, stream
from mesascope.organisms.organism import Organism
from mesascope.oversight.level_family import check_levels, family_of, no_family, padded
from mesascope.oversight.pursuit import SAMPLED, Pursuit
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee

DRAWN: int = 8
"""Levels drawn for each distinguishing one that is wanted, at most."""


@dataclass(frozen=True)
class DistinguishingLevels(Remedy):
    """Puts a share of distinguishing levels among those of the recipe.

    A level of the family distinguishes if the agent, as the recipe left it, gives away `DIVERGENCE` of what lies
    between chance and the optimum of the base objective there, while it is able at what it is after.

    **Arguments:**

    - `share`: of distinguishing levels among those trained on, in (0, 1].
    - `levels`: different distinguishing ones, at most; 1 or more.
    - `floor`: least capability at what the agent is after, in [0, 1].
    """

    share: float = 0.25
    levels: int = 256
    floor: float = 0.6

    name = "distinguishing-levels"

    def __post_init__(self):
        check_levels(self.levels, self.share)

    def inapplicable(self, organism: Organism) -> str | None:
        return no_family(organism)

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        family, organism = family_of(trainee.organism), trainee.organism
        drawn = [level for _, level in family.draw(DRAWN * self.levels, key=stream("drawn", key=key))]
        pursuit = Pursuit(organism, drawn[:SAMPLED])
        stakes = pursuit.stakes(trainee.agent, floor=self.floor)
        worths = family.worths(trainee.agent, drawn, stakes)
        telling = [
            level for level, worth in zip(drawn, worths, strict=True) if worth.able and worth.normalised >= DIVERGENCE
        ][: self.levels]
        trainee.account.levels += len(telling)
        trainee.account.searched += len(drawn) - len(telling)
        if not telling:
            yield Stage(trainee.updates)
            return
        # As many levels of each update as hold the share; those among them that do not distinguish are the recipe's.
        here = self.share * trainee.optimizer.levels
        pooled = int(np.ceil(here))
        usual = family.usual(len(telling), key=stream("usual", key=key))
        chances = [here / pooled / len(telling)] * len(telling) + [(1 - here / pooled) / len(usual)] * len(usual)
        pool = padded([*telling, *usual], len(telling) + len(usual))
        yield Stage(trainee.updates, pool=pool, chances=np.array(chances), pooled=pooled)


REMEDY = DistinguishingLevels
