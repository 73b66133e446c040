"""Optimal values against brute force, plain value iteration, and answers known beforehand."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from mesascope.objectives.objective import Objectives
from mesascope.planning import value_iteration
from mesascope.planning.evaluation import policy_values
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import backup, dense_values, error, random_level, random_objectives, stack


def one_objective(weight: float = 1.0, stops: bool = True) -> Objectives:
    return Objectives((ObjectiveSpec("arrive", {}),), np.array([[weight]]), np.array([[float(stops)]]))


def corridor(length: int, discount: float) -> Level:
    """States in a row, to be walked left (0) or right (1); walking right from the last but one pays."""
    states = np.arange(length)
    successors = np.stack([np.maximum(states - 1, 0), np.minimum(states + 1, length - 1)], axis=1)[..., None]
    arrives = np.zeros((length, 2, 1, 1))
    arrives[length - 2, 1] = 1.0
    return Level(
        successors=successors,
        probabilities=np.ones(successors.shape),
        attributes=arrives,
        initial=np.eye(length)[0],
        terminal=states == length - 1,
        reachable=np.ones(length, bool),
        discount=np.array(discount),
        layout=None,
    )


def plain_value_iteration(level: Level, weights: np.ndarray, stops: np.ndarray) -> np.ndarray:
    values = np.zeros(level.states)
    while True:
        action_value = backup(level, values, weights, stops)
        if np.abs(action_value.max(-1) - values).max() < 1e-13:
            return action_value
        values = action_value.max(-1)


@pytest.mark.parametrize("outcomes", [1, 2, 3])
def test_random_levels_agree_with_plain_value_iteration(outcomes):
    random = np.random.default_rng(outcomes)
    levels = [random_level(random, states=8, outcomes=outcomes, discount=0.8) for _ in range(5)]
    objectives = random_objectives(random)
    found = optimal_action_values(stack(levels), objectives)
    assert found.shape == (5, 5, 8, 3)
    for index, level in enumerate(levels):
        for row in range(len(objectives)):
            true = plain_value_iteration(level, objectives.weights[row], objectives.stops[row])
            assert error(found[row, index], true) < 1e-9
            assert not found[row, index, level.terminal | ~level.reachable].any()


@pytest.mark.parametrize("discount", [0.9, 0.9999])
def test_tiny_levels_agree_with_every_deterministic_policy(discount):
    random = np.random.default_rng(9)
    levels = [
        random_level(random, states=5, actions=2, terminals=0, unreachable=1, discount=discount) for _ in range(6)
    ]
    objectives = random_objectives(random)
    found = optimal_action_values(stack(levels), objectives).max(-1)
    for index, level in enumerate(levels):
        every = [
            dense_values(level, np.eye(2)[list(choices)], objectives)
            for choices in itertools.product(range(2), repeat=5)
        ]
        assert error(found[:, index], np.max(every, axis=0)) < 1e-9


def test_the_greedy_policy_earns_what_is_promised_and_nothing_improves_on_it():
    random = np.random.default_rng(10)
    batch = stack([random_level(random, states=60, terminals=1, discount=0.999) for _ in range(8)])
    objectives = random_objectives(random)
    found = optimal_action_values(batch, objectives)
    for row, spec in enumerate(objectives.specs):
        greedy = np.eye(3)[found[row].argmax(-1)]
        earned = policy_values(batch, greedy, objectives.select(spec.name))[0]
        assert error(found[row].max(-1), earned) < 1e-9
        for index in range(8):
            again = backup(batch[index], earned[index], objectives.weights[row], objectives.stops[row])
            assert (again.max(-1) - earned[index]).max() < 1e-10 * np.abs(earned[index]).max()


def test_the_way_to_a_goal_beyond_all_sweeps_of_one_turn_is_found():
    length = 5 * value_iteration.SWEEPS
    found = optimal_action_values(corridor(length, 0.99).batch(), one_objective())[0, 0]
    steps = np.arange(length - 2, -1, -1)
    np.testing.assert_allclose(found[:-1].max(-1), 0.99**steps, rtol=1e-9)
    assert optimal_actions(found)[:-1].tolist() == [[False, True]] * (length - 1)


def test_values_are_right_whatever_the_unit_of_reward():
    level = corridor(6, 0.9).batch()
    once = optimal_action_values(level, one_objective())
    for unit in (1e-9, 1e9):
        np.testing.assert_allclose(optimal_action_values(level, one_objective(unit)), once * unit, rtol=1e-12)


def test_what_never_ends_is_worth_a_geometric_series_exactly():
    # Action 1 in the only state earns 1 again and again.
    level = Level(
        successors=np.zeros((1, 1, 2, 1), int),
        probabilities=np.ones((1, 1, 2, 1)),
        attributes=np.array([0.0, 1.0]).reshape(1, 1, 2, 1, 1),
        initial=np.ones((1, 1)),
        terminal=np.zeros((1, 1), bool),
        reachable=np.ones((1, 1), bool),
        discount=np.array([0.9999]),
        layout=None,
    )
    np.testing.assert_allclose(
        optimal_action_values(level, one_objective(stops=False)), [[[[9999.0, 10000.0]]]], rtol=1e-11
    )
    # Once is once: earning it now ends the episode, and waiting earns it a step later.
    np.testing.assert_allclose(optimal_action_values(level, one_objective()), [[[[0.9999, 1.0]]]], rtol=1e-14)
    # A punishment that ends the episode is put off for ever.
    np.testing.assert_allclose(optimal_action_values(level, one_objective(-1.0)), [[[[0.0, -1.0]]]], atol=1e-300)


def test_names_of_objectives_and_what_stands_beside_a_level_change_nothing():
    random = np.random.default_rng(11)
    batch, objectives = stack([random_level(random) for _ in range(4)]), random_objectives(random)
    found = optimal_action_values(batch, objectives)
    renamed = Objectives(tuple(ObjectiveSpec(f"x{row}", {}) for row in range(5)), objectives.weights, objectives.stops)
    assert (optimal_action_values(batch, renamed) == found).all()
    for index in range(4):
        np.testing.assert_allclose(
            optimal_action_values(batch[[index]], objectives)[:, 0], found[:, index], rtol=1e-12, atol=1e-13
        )


def test_layouts_do_not_take_part():
    level = dataclasses.replace(corridor(4, 0.9).batch(), layout={"anything": object()})
    assert optimal_action_values(level, one_objective()).max() == pytest.approx(1.0)


def test_ties_are_all_optimal_and_near_ties_are_not():
    value = np.array([[1.0, 1.0 - 1e-12, 1.0 - 1e-6], [0.0, 0.0, 0.0], [-3.0, -2.0, -2.0]])
    expected = [[True, True, False], [True, True, True], [False, True, True]]
    assert optimal_actions(value).tolist() == expected


def test_ties_of_a_level_do_not_depend_on_the_levels_beside_it():
    small = np.array([[0.5, 0.5 - 1e-8]])
    large = np.array([[1e6, 0.0]])
    alone = optimal_actions(small)
    assert alone.tolist() == [[True, False]]
    assert (optimal_actions(np.stack([small, large]))[0] == alone).all()


def test_two_equal_ways_round_are_both_optimal():
    # A ring of six states; the third from either side pays.
    states = np.arange(6)
    successors = np.stack([(states - 1) % 6, (states + 1) % 6], axis=1)[None, ..., None]
    level = Level(
        successors=successors,
        probabilities=np.ones(successors.shape),
        attributes=(successors == 3).astype(float)[..., None],
        initial=np.eye(6)[:1],
        terminal=np.zeros((1, 6), bool),
        reachable=np.ones((1, 6), bool),
        discount=np.array([0.9]),
        layout=None,
    )
    found = optimal_action_values(level, one_objective())[0, 0]
    assert optimal_actions(found)[:3].tolist() == [[True, True], [False, True], [False, True]]
    np.testing.assert_allclose(found[0], 0.81, rtol=1e-14)
