"""Exact evaluation against the definition, solved slowly."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, returns, visits
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import chain, dense_values, error, random_level, random_objectives, random_policy, stack

shapes = st.fixed_dictionaries(
    {
        "states": st.integers(5, 20),
        "actions": st.integers(1, 4),
        "outcomes": st.integers(1, 3),
        "terminals": st.integers(0, 2),
        "unreachable": st.integers(0, 2),
        "discount": st.sampled_from([0.01, 0.9, 0.99, 0.9999]),
    }
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shapes, st.integers(0, 2**32 - 1))
def test_values_of_random_levels_are_those_of_a_dense_solve(shape, seed):
    random = np.random.default_rng(seed)
    level, objectives = random_level(random, **shape), random_objectives(random)
    policy = random_policy(random, level)
    values = policy_values(level, policy, objectives)
    assert values.shape == (len(objectives), level.states)
    assert error(values, dense_values(level, policy, objectives)) < 1e-9
    assert not values[:, level.terminal | ~level.reachable].any()


def test_a_batch_holds_what_its_levels_hold_alone():
    random = np.random.default_rng(1)
    levels = [random_level(random) for _ in range(7)]
    objectives = random_objectives(random)
    batch = stack(levels)
    policy = random_policy(random, batch)
    values = policy_values(batch, policy, objectives)
    assert values.shape == (5, 7, 12)
    gained = returns(batch, values)
    for index, level in enumerate(levels):
        alone = policy_values(level, policy[index], objectives)
        np.testing.assert_allclose(values[:, index], alone, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(returns(level, alone), gained[:, index], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(gained[:, index], dense_values(level, policy[index], objectives) @ level.initial)


def test_what_an_agent_answers_where_nothing_can_happen_is_not_read():
    random = np.random.default_rng(2)
    level, objectives = random_level(random), random_objectives(random)
    policy = random_policy(random, level)
    junk = np.where((level.terminal | ~level.reachable)[:, None], np.nan, policy)
    assert (policy_values(level, junk, objectives) == policy_values(level, policy, objectives)).all()
    assert (visits(level.batch(), junk[None]) == visits(level.batch(), policy[None])).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(shapes, st.integers(0, 2**32 - 1))
def test_visits_add_up_to_returns_and_to_the_length_of_the_episode(shape, seed):
    random = np.random.default_rng(seed)
    level, objectives = random_level(random, **shape), random_objectives(random)
    policy = random_policy(random, level)
    gained = returns(level, policy_values(level, policy, objectives))
    for row, spec in enumerate(objectives.specs):
        counted = visits(level.batch(), policy[None], objectives.select(spec.name))[0]
        matrix, reward = chain(level, policy, objectives.weights[row], objectives.stops[row])
        scale = counted.sum()
        assert counted @ reward == pytest.approx(gained[row], rel=1e-9, abs=1e-12 * scale)
        # The flow into each state: what begins there and what arrives there.
        np.testing.assert_allclose(counted, level.initial + counted @ matrix, rtol=0, atol=1e-12 * scale)
    everywhere = visits(level.batch(), policy[None])[0]
    assert not everywhere[~level.reachable].any()
    if not level.terminal.any():
        assert everywhere.sum() == pytest.approx(1 / (1 - float(level.discount)), rel=1e-9)


def test_visits_end_with_the_episode_of_one_objective_only():
    random = np.random.default_rng(3)
    level, objectives = random_level(random).batch(), random_objectives(random)
    policy = random_policy(random, level)
    assert visits(level, policy, objectives.select("objective-1")).sum() < visits(level, policy).sum()
    with pytest.raises(ValueError, match="of one objective's episode, not of 5"):
        visits(level, policy, objectives)


def corridor(length: int = 4, discount: float = 0.9) -> Level:
    """States in a row; action 0 steps right, action 1 stays. Stepping to the last pays; it is an ordinary state."""
    states = np.arange(length)
    right = np.minimum(states + 1, length - 1)
    successors = np.stack([right, states], axis=1)[..., None]
    arrives = np.zeros((length, 2, 1, 1))
    arrives[length - 2, 0] = 1.0
    return Level(
        successors=successors,
        probabilities=np.ones(successors.shape),
        attributes=arrives,
        initial=np.eye(length)[0],
        terminal=np.zeros(length, bool),
        reachable=np.ones(length, bool),
        discount=np.array(discount),
        layout=None,
    )


def objective(weight: float, stops: bool) -> Objectives:
    return Objectives((ObjectiveSpec("arrive", {}),), np.array([[weight]]), np.array([[float(stops)]]))


def test_known_values_of_a_corridor():
    level = corridor()
    right = np.tile([1.0, 0.0], (4, 1))
    np.testing.assert_allclose(
        policy_values(level, right, objective(2.0, True)), [[2 * 0.81, 2 * 0.9, 2.0, 0.0]], rtol=1e-14
    )
    # A coin for each step: V = (1 + 0.9 V) / 2 before the last step, so 0.5 / 0.55, and 0.45 / 0.55 of that before it.
    coin = np.full((4, 2), 0.5)
    last = 0.5 / 0.55
    np.testing.assert_allclose(
        policy_values(level, coin, objective(1.0, True)),
        [[last * (0.45 / 0.55) ** 2, last * 0.45 / 0.55, last, 0.0]],
        rtol=1e-14,
    )


def test_an_objective_ends_its_own_episode_and_no_other():
    level = corridor(3)
    # The last state leads back to the first, so that whoever is not over earns again.
    level = dataclasses.replace(level, successors=np.array([[1, 0], [2, 1], [0, 2]])[..., None])
    right = np.tile([1.0, 0.0], (3, 1))
    once = policy_values(level, right, objective(1.0, True))[0]
    forever = policy_values(level, right, objective(1.0, False))[0]
    np.testing.assert_allclose(once, [0.9, 1.0, 0.81], rtol=1e-14)
    np.testing.assert_allclose(forever, once / (1 - 0.9**3), rtol=1e-14)
    # Where arriving is terminal, all objectives agree again.
    ended = dataclasses.replace(level, terminal=np.array([False, False, True]))
    np.testing.assert_allclose(policy_values(ended, right, objective(1.0, False)), [[0.9, 1.0, 0.0]], rtol=1e-14)


def test_the_bonus_is_earned_where_one_acts():
    level = corridor(3)
    level = dataclasses.replace(level, terminal=np.array([False, False, True]))
    right = np.tile([1.0, 0.0], (3, 1))
    values = policy_values(level, right, objective(0.0, False), bonus=np.array([1.0, 10.0, 100.0]))
    np.testing.assert_allclose(values, [[1 + 0.9 * 10, 10.0, 0.0]], rtol=1e-14)
