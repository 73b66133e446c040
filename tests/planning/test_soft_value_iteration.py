"""Soft-optimal values against closed forms, a plain fixed point, and both limits of the temperature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp

from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import backup, error, random_level, random_objectives, stack


def one_state(rewards: list[float], discount: float) -> Level:
    count = len(rewards)
    return Level(
        successors=np.zeros((1, 1, count, 1), int),
        probabilities=np.ones((1, 1, count, 1)),
        attributes=np.array(rewards).reshape(1, 1, count, 1, 1),
        initial=np.ones((1, 1)),
        terminal=np.zeros((1, 1), bool),
        reachable=np.ones((1, 1), bool),
        discount=np.array([discount]),
        layout=None,
    )


def earn(*, stops: bool) -> Objectives:
    return Objectives((ObjectiveSpec("earn", {}),), np.ones((1, 1)), np.array([[float(stops)]]))


@pytest.mark.parametrize("temperature", [0.01, 0.3, 5.0])
@pytest.mark.parametrize("discount", [0.5, 0.999])
def test_one_state_has_a_closed_form(temperature, discount):
    rewards = [0.2, 1.0, -0.5]
    found = soft_action_values(one_state(rewards, discount), earn(stops=False), temperature=temperature)[0, 0, 0]
    # V = t log sum exp((r + gamma V) / t), so that V (1 - gamma) = t log sum exp(r / t).
    value = temperature * logsumexp(np.array(rewards) / temperature) / (1 - discount)
    np.testing.assert_allclose(found, np.array(rewards) + discount * value, rtol=1e-9)


def test_nothing_is_gained_by_entropy_after_the_end():
    found = soft_action_values(one_state([1.0, 1.0], 0.9), earn(stops=True), temperature=0.7)
    np.testing.assert_allclose(found, np.ones((1, 1, 1, 2)), rtol=1e-14)


@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_random_levels_agree_with_a_plain_fixed_point(temperature):
    random = np.random.default_rng(12)
    levels = [random_level(random, states=8, discount=0.7) for _ in range(3)]
    objectives = random_objectives(random)
    found = soft_action_values(stack(levels), objectives, temperature=temperature)
    assert found.shape == (5, 3, 8, 3)
    for index, level in enumerate(levels):
        acts = level.reachable & ~level.terminal
        for row in range(5):
            values = np.zeros(8)
            for _ in range(80):
                action_value = backup(level, values, objectives.weights[row], objectives.stops[row])
                values = np.where(acts, temperature * logsumexp(action_value / temperature, axis=-1), 0.0)
            assert error(found[row, index], action_value) < 1e-9
            assert not found[row, index, ~acts].any()


def test_its_policy_earns_reward_and_entropy_as_promised():
    random = np.random.default_rng(13)
    batch, objectives = stack([random_level(random, discount=0.99) for _ in range(4)]), random_objectives(random)
    found = soft_action_values(batch, objectives, temperature=0.2)
    for row, spec in enumerate(objectives.specs):
        policy = boltzmann(found[row], 0.2)
        entropy = -(policy * np.log(policy)).sum(-1)
        earned = policy_values(batch, policy, objectives.select(spec.name), bonus=0.2 * entropy)[0]
        acts = batch.reachable & ~batch.terminal
        promised = np.where(acts, 0.2 * logsumexp(found[row] / 0.2, axis=-1), 0.0)
        assert error(promised, earned) < 1e-9


def test_cold_it_is_the_optimum_and_hot_it_forgets_the_reward():
    random = np.random.default_rng(14)
    batch, objectives = stack([random_level(random, discount=0.95) for _ in range(4)]), random_objectives(random)
    best = optimal_action_values(batch, objectives)
    gaps = []
    for temperature in (1e-1, 1e-3, 1e-5):
        soft = soft_action_values(batch, objectives, temperature=temperature)
        # Entropy is at most log A a step.
        gap = (soft - best).max()
        assert (soft - best).min() >= -1e-9
        assert gap <= temperature * np.log(3) / (1 - 0.95)
        gaps.append(gap)
    assert gaps[0] > gaps[1] > gaps[2]
    # Hot, only entropy counts: objectives that end alike (the first and the last never do) act alike.
    hot = boltzmann(soft_action_values(batch, objectives, temperature=1e6), 1e6)
    assert (objectives.stops[0] == objectives.stops[4]).all()
    np.testing.assert_allclose(hot[0], hot[4], atol=1e-4)
    assert np.abs(hot[0] - hot[1]).max() > 0.1


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.inf, np.nan])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    with pytest.raises(ValueError, match="not above 0"):
        soft_action_values(one_state([1.0], 0.5), earn(stops=True), temperature=temperature)


def test_boltzmann_known_answers():
    np.testing.assert_allclose(boltzmann(np.array([0.0, np.log(3)]), 1.0), [0.25, 0.75], rtol=1e-14)
    np.testing.assert_allclose(boltzmann(np.array([0.0, np.log(3)]), 0.5), [0.1, 0.9], rtol=1e-14)
    # Large values neither overflow nor warn.
    np.testing.assert_allclose(boltzmann(np.array([1e5, 1e5 - 1e3]), 1.0), [1.0, 0.0])
