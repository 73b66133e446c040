"""Levels of different sizes live side by side: padding changes no number."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.objective.recovery.data.observed_choices import Observation, ObservedChoices, stacked
from mesascope.audit.objective.recovery.recover import recover
from mesascope.core.errors import UsageError
from mesascope.core.precision import as_double
from mesascope.core.random import root_key
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import TabularRewards
from mesascope.planning.evaluation import policy_values, returns, visits
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.worlds.contract import LEVEL_CHECKS
from mesascope.worlds.corner import Corner
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import random_level

SIZES = ((12, 2), (7, 3), (20, 1))
"""States and outcomes of levels that have nothing in common but their actions and attributes."""


def levels() -> list[Level]:
    random = np.random.default_rng(0)
    return [random_level(random, states=states, outcomes=outcomes) for states, outcomes in SIZES]


def objective() -> Objectives:
    return Objectives((ObjectiveSpec("truth", {}),), np.array([[1.0, -0.5, 0.0, 2.0]]), np.zeros((1, 4)))


def uniform(level: Level) -> np.ndarray:
    return np.full((level.states, level.actions), 1 / level.actions)


def test_values_are_those_of_each_level_alone():
    together = stacked(levels())
    policy = np.stack([np.pad(uniform(one), ((0, 20 - one.states), (0, 0)), constant_values=1 / 3) for one in levels()])
    value = returns(together, policy_values(together, policy, objective()))
    for index, one in enumerate(levels()):
        alone = returns(one.batch(), policy_values(one.batch(), uniform(one)[None], objective()))
        np.testing.assert_allclose(value[:, index], alone[:, 0], rtol=1e-12)


def test_padding_states_are_sane_and_never_entered():
    world = Corner()
    small, large = (Corner(size=size).sample(key=root_key(0), distribution="train", count=2) for size in (5, 7))
    together = stacked([batch[index] for batch in (small, large) for index in range(2)])
    assert together.layout is None
    for name, check in LEVEL_CHECKS.items():
        assert check(world, as_double(together)), name
    policy = np.full(together.successors.shape[:3], 1 / together.actions)
    entered = visits(together, policy)
    assert (entered[:2, small.states :] == 0).all()
    np.testing.assert_allclose(entered[:2, : small.states], visits(small, policy[:2, : small.states]), atol=1e-12)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_choices_of_levels_of_different_sizes_are_added(first):
    one, other = levels()[first], levels()[(first + 1) % 3]
    watched = [
        ObservedChoices.of_tables(level.batch(), uniform(level)[None], weights=np.ones((1, level.states)))
        for level in (one, other)
    ]
    together = watched[0] + watched[1]
    assert len(together) == together.levels.count == 2
    assert together.weights.sum() == pytest.approx(one.states + other.states)
    np.testing.assert_allclose(together.policy.sum(-1), 1.0)
    np.testing.assert_array_equal(together.policy[1, : other.states], uniform(other))


@pytest.mark.parametrize("counts", [None, 1000.0])
def test_an_objective_is_recovered_across_sizes(counts):
    truth, seen = objective(), []
    for one in levels():
        policy = boltzmann(soft_action_values(one.batch(), truth, temperature=1.0)[0, 0], 1.0)
        seen.append(Observation(one, policy, counts=None if counts is None else np.full(one.states, counts)))
    found = recover(seen, planner="noisy")
    np.testing.assert_allclose(found.mean, truth.weights[0], atol=0.15)
    assert "rational, soft" in " ".join(row.planner for row in found.planners)


def test_a_table_of_rewards_needs_levels_of_one_size():
    seen = [Observation(one, uniform(one)) for one in levels()]
    with pytest.raises(UsageError):
        _ = recover(seen, space=TabularRewards(12, 3)).planners
