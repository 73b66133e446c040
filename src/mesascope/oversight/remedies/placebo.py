"""Trained on as before: the same computation, nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesascope.core.random import RandomKey
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee


@dataclass(frozen=True)
class Placebo(Remedy):
    """Changes nothing: what it does is what more training does by itself."""

    name = "placebo"

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        yield Stage(trainee.updates)


REMEDY = Placebo
