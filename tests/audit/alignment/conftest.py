from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.corner import Corner


@dataclass(frozen=True)
class Cued(Corner):
    """A small corner world with a switch that only changes what an agent may know."""

    size: int = 6
    density: float = 0.15
    cue: bool = False

    switches = ("cue",)


@pytest.fixture(scope="session")
def cued() -> Cued:
    return Cued()


@pytest.fixture(scope="session")
def goes_for():
    """Returns a function that makes an agent which goes for one objective, and for another where a cue is on."""

    def make(objective: str, on_cue: str | None = None):
        def choose(world, levels):
            pursued = on_cue if on_cue is not None and world.cue else objective
            values = optimal_action_values(levels, compile_objectives(world).select(pursued))[0]
            return np.eye(levels.actions)[values.argmax(-1)]

        return choose

    return make
