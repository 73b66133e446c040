"""Domain randomisation: trained on levels drawn at random from all that the world can show (Tobin et al. 2017)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesascope.core.random import RandomKey
from mesascope.oversight.level_family import family_of
from mesascope.oversight.level_remedy import LevelRemedy
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee


@dataclass(frozen=True)
class DomainRandomisation(LevelRemedy):
    """Trains on levels drawn at random.

    Which shift will come is not known. So levels are drawn alike from every distribution and condition that the world
    declares, and edited at random; some of them tell the base objective from what else may have been learned.

    **Arguments:** as of `LevelRemedy`.
    """

    name = "domain-randomisation"

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        found = family_of(trainee.organism).draw(self.levels, key=key)
        trainee.account.levels += len(found)
        yield self.stage(trainee, trainee.updates, [level for _, level in found.values()])


REMEDY = DomainRandomisation
