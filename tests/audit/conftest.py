from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.ground import Ground, sample_ground
from mesascope.audit.setting import Setting, exact_setting
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.corner import Corner

WORLD = Corner()
LEVELS = {"train": 64, "deploy": 160}


def _ground(name: str, seed: int) -> Ground:
    objectives = compile_objectives(WORLD)
    return sample_ground(name, WORLD, name, objectives, "cheese", count=LEVELS[name], key=root_key(seed))


@pytest.fixture(scope="session")
def train() -> Ground:
    return _ground("train", 1)


@pytest.fixture(scope="session")
def deploy() -> Ground:
    return _ground("deploy", 2)


@pytest.fixture(scope="session")
def pursue():
    """Returns a function that makes the setting of an agent which pursues an objective with a share of slips."""

    def make(ground: Ground, objective: str, *, slips: float = 0.02) -> Setting:
        chosen = ground.objectives.select(objective)

        def choose(levels, where=None):
            best = optimal_actions(optimal_action_values(levels, chosen)[0]).astype(float)
            return (1 - slips) * best / best.sum(-1, keepdims=True) + slips / levels.actions

        return exact_setting(ground, choose)

    return make


@pytest.fixture(scope="session")
def always():
    """Returns a function that makes the setting of an agent with the same probabilities everywhere."""

    def make(ground: Ground, shares: list[float]) -> Setting:
        return exact_setting(ground, lambda levels: np.broadcast_to(shares, levels.successors.shape[:3]).copy())

    return make
