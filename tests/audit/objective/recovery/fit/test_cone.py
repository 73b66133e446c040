"""The cone of Ng and Russell, on the example of the notes (2.1) and on planners."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.fit.cone import cone
from mesascope.core.errors import UsageError
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards, StateRewards
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.transitions import level_from_matrix
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import random_level

STAY_OR_SWITCH = np.zeros((2, 2, 2))
STAY_OR_SWITCH[0, 0, 0] = STAY_OR_SWITCH[1, 0, 1] = STAY_OR_SWITCH[0, 1, 1] = STAY_OR_SWITCH[1, 1, 0] = 1.0


def test_two_states():
    level = level_from_matrix(STAY_OR_SWITCH, discount=0.9)
    found = cone([Observation(level, np.array([[0.0, 1.0], [1.0, 0.0]]))], StateRewards(2))
    assert np.allclose(found.constraints, [[-1 / np.sqrt(2), 1 / np.sqrt(2)]])
    assert found.holds(np.zeros(2))
    assert found.holds(np.array([0.3, 0.4]))
    assert not found.holds(np.array([0.4, 0.3]))
    answer = found.most_decided()
    assert answer is not None
    assert np.allclose(answer[0], [-1.0, 1.0])
    draws = found.samples(50)
    assert all(found.holds(draw) for draw in draws)
    assert np.abs(draws).max() <= 1
    assert draws.std(0).min() > 0.1


def test_an_optimal_planner_lies_in_its_cone():
    random, truth = np.random.default_rng(0), np.array([1.0, -2.0, 0.5, 3.0])
    observations = []
    for _ in range(6):
        level = random_level(random, discount=0.8)
        one = Objectives((ObjectiveSpec("planted", {}),), truth[None], np.zeros((1, 4)))
        value = optimal_action_values(level.batch(), one)[0, 0]
        observations.append(Observation(level, np.eye(3)[value.argmax(-1)]))
    found = cone(observations, AttributeRewards(("a", "b", "c", "d")))
    assert found.holds(truth, tolerance=1e-7)
    answer = found.most_decided()
    assert answer is not None
    cosine = answer[0] @ truth / np.linalg.norm(answer[0]) / np.linalg.norm(truth)
    assert cosine > 0.9


def test_what_has_no_cone_says_why():
    level = level_from_matrix(STAY_OR_SWITCH, discount=0.9)
    with pytest.raises(UsageError, match="decides nothing"):
        cone([Observation(level, np.full((2, 2), 0.5))], StateRewards(2), decided=0.9)
    both = [
        Observation(level, np.array([[0.0, 1.0], [1.0, 0.0]])),
        Observation(level, np.array([[1.0, 0.0], [0.0, 1.0]])),
    ]
    contradictory = cone(both, StateRewards(2))
    assert contradictory.most_decided() is None
    with pytest.raises(UsageError, match="no cone"):
        contradictory.samples(3)
