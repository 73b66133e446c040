"""Distinguishing levels: a share of training levels in which the base objective and what the agent is after come apart.

The share is the dial of Abdel Sadek et al. (2025): at 0 nothing in training tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesascope.audit.alignment.witness_search import DIVERGENCE
from mesascope.core.random import RandomKey
from mesascope.oversight.level_family import family_of
from mesascope.oversight.level_remedy import LevelRemedy, Pursuit
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee

DRAWN: int = 4
"""Levels drawn for each distinguishing one that is wanted, at most."""


@dataclass(frozen=True)
class DistinguishingLevels(LevelRemedy):
    """Puts a share of distinguishing levels among those of the recipe.

    A level of the family distinguishes if the agent, as the recipe left it, gives away `DIVERGENCE` of what lies
    between chance and the optimum of the base objective there, while it is able at what it is after.

    **Arguments:** as of `LevelRemedy`, and

    - `floor`: least capability at what the agent is after, in [0, 1].
    """

    share: float = 0.25
    floor: float = 0.6

    name = "distinguishing-levels"

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        family, agent = family_of(trainee.organism), trainee.agent
        stakes = Pursuit(trainee, family, key=key).stakes(agent, floor=self.floor)
        drawn = [level for _, level in family.draw(DRAWN * self.levels, key=key).values()]
        worths = family.worths(agent, drawn, stakes)
        telling = [
            one for one, worth in zip(drawn, worths, strict=True) if worth.able and worth.normalised > DIVERGENCE
        ]
        telling = telling[: self.levels]
        trainee.account.levels += len(telling)
        trainee.account.searched += len(drawn) - len(telling)
        yield self.stage(trainee, trainee.updates, telling)


REMEDY = DistinguishingLevels
