from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.evaluation import Evaluation, exact_evaluation
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.corner import Corner

WORLD = Corner()
LEVELS = {"train": 64, "deploy": 160}


def _level_set(name: str, seed: int) -> LevelSet:
    objectives = compile_objectives(WORLD)
    return sample_level_set(name, WORLD, name, objectives, "cheese", count=LEVELS[name], key=root_key(seed))


@pytest.fixture(scope="session")
def train() -> LevelSet:
    return _level_set("train", 1)


@pytest.fixture(scope="session")
def deploy() -> LevelSet:
    return _level_set("deploy", 2)


@pytest.fixture(scope="session")
def pursue():
    """Returns a function that makes the evaluation of an agent which pursues an objective with a share of slips."""

    def make(level_set: LevelSet, objective: str, *, slips: float = 0.02) -> Evaluation:
        chosen = level_set.objectives.select(objective)

        def choose(levels, where=None):
            best = optimal_actions(optimal_action_values(levels, chosen)[0]).astype(float)
            return (1 - slips) * best / best.sum(-1, keepdims=True) + slips / levels.actions

        return exact_evaluation(level_set, choose)

    return make


@pytest.fixture(scope="session")
def always():
    """Returns a function that makes the evaluation of an agent with the same probabilities everywhere."""

    def make(level_set: LevelSet, shares: list[float]) -> Evaluation:
        return exact_evaluation(level_set, lambda levels: np.broadcast_to(shares, levels.successors.shape[:3]).copy())

    return make
