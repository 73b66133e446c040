"""Domain randomisation: trained on levels drawn at random from all that the world can show (Tobin et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesascope.core.random import RandomKey
from mesascope.organisms.organism import Organism
from mesascope.oversight.level_family import check_levels, family_of, no_family, padded, pooled_of
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee


@dataclass(frozen=True)
class DomainRandomisation(Remedy):
    """Trains on levels drawn at random.

    Which shift will come is not known. So levels are drawn alike from every distribution and condition that the world
    declares, and edited at random; some of them tell the base objective from what else may have been learned.

    **Arguments:**

    - `levels`: different ones to draw, 1 or more.
    - `share`: of the levels of each update that are drawn from them, in (0, 1]; the rest is as in the recipe.
    """

    levels: int = 1024
    share: float = 0.5

    name = "domain-randomisation"

    def __post_init__(self):
        check_levels(self.levels, self.share)

    def inapplicable(self, organism: Organism) -> str | None:
        return no_family(organism)

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        found = [level for _, level in family_of(trainee.organism).draw(self.levels, key=key)]
        trainee.account.levels += len(found)
        yield Stage(trainee.updates, pool=padded(found, len(found)), pooled=pooled_of(trainee, self.share))


REMEDY = DomainRandomisation
