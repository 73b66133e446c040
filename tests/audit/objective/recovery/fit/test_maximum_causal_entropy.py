"""Maximum causal entropy: the worked chain (notes, 2.2), and the gradient of what it says it is the gradient of."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.objective.recovery.fit.maximum_causal_entropy import entropy_information, fit_visits
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import AttributeRewards, StateRewards
from mesascope.planning.occupancy import finite_horizon_plan, flow_of
from mesascope.worlds.transitions import level_from_matrix
from tests.levels import random_level, stack

TRUTH = np.array([0.0, 0.5, -1.0, 0.3, 1.0])
TABLE = np.repeat(TRUTH[:, None], 2, 1)
STATES = StateRewards(5)


def chain():
    transitions = np.zeros((5, 2, 5))
    for state in range(5):
        transitions[state, 0, max(state - 1, 0)] = 1.0
        transitions[state, 1, min(state + 1, 4)] = 1.0
    return level_from_matrix(transitions, discount=0.9, initial=np.eye(5)[0])


def plan(**options):
    return finite_horizon_plan(flow_of(chain()), TABLE, horizon=8, **options)


def test_the_chain():
    found = plan()
    assert found.value == pytest.approx(6.638072, abs=1e-6)
    assert np.allclose(found.visits.sum(1), [2.955529, 1.802629, 0.831050, 0.939530, 1.471262], atol=1e-6)
    assert found.visits.sum() == pytest.approx(8.0, abs=1e-12)
    assert np.allclose(found.policy[:, 1], [0.643331, 0.710744, 0.926631, 0.960994, 0.726580], atol=1e-6)


def test_the_chain_is_recovered_up_to_its_mean():
    fit = fit_visits(chain().batch(), plan().visits[None], STATES, horizon=8)
    assert fit.converged
    assert np.allclose(fit.parameter, TRUTH - 0.16, atol=1e-5)
    information = entropy_information(chain().batch(), np.ones(1), STATES, TRUTH, horizon=8)
    expected = [0.0, 0.161361, 0.452886, 0.898998, 6.689685]
    assert np.allclose(np.linalg.eigvalsh(information), expected, atol=1e-6)


@pytest.mark.parametrize("horizon", [8, 60])
def test_a_discount_of_a_half_is_planned_with(horizon):
    """The peer plans without its discount and comes back with half of the reward wrong."""
    level = dataclasses.replace(chain(), discount=np.array(0.5))
    # After 60 steps the discount has the last word.
    visits = finite_horizon_plan(flow_of(level), TABLE, horizon=horizon, discount=0.5).visits
    fit = fit_visits(level.batch(), visits[None], STATES, horizon=horizon, discount=0.5, tolerance=1e-11)
    difference = fit.parameter - TRUTH
    assert np.abs(difference - difference.mean()).max() < 1e-6


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_visits_are_the_derivative_of_the_log_partition(seed):
    random = np.random.default_rng(seed)
    level = random_level(random)
    flow, reward = flow_of(level, stops=(0,)), random.normal(size=(12, 3))
    found = finite_horizon_plan(flow, reward, horizon=6, discount=0.9)
    move = random.normal(size=(12, 3))
    up, down = (finite_horizon_plan(flow, reward + sign * 1e-5 * move, horizon=6, discount=0.9) for sign in (1, -1))
    assert (found.visits * move).sum() == pytest.approx((up.value - down.value) / 2e-5, abs=1e-8)


def test_plans_agree_with_loops_over_the_definition():
    random = np.random.default_rng(3)
    level = random_level(random)
    reward, acting = random.normal(size=(12, 3)), np.asarray(level.reachable & ~level.terminal)
    values, policies = np.zeros(12), []
    for _ in range(5):
        action_value = reward + 0.7 * (level.probabilities * values[np.asarray(level.successors)]).sum(-1)
        values = np.where(acting, np.log(np.exp(action_value).sum(-1)), 0.0)
        policies.append(np.exp(action_value) / np.exp(action_value).sum(-1, keepdims=True))
    law, visits = np.asarray(level.initial), np.zeros((12, 3))
    for policy in reversed(policies):
        taken = np.where(acting, law, 0.0)[:, None] * policy
        visits += taken
        law = np.zeros(12)
        np.add.at(law, np.asarray(level.successors), 0.7 * taken[..., None] * level.probabilities)
    found = finite_horizon_plan(flow_of(level), reward, horizon=5, discount=0.7)
    assert np.allclose(found.visits, visits, atol=1e-12)
    assert found.value == pytest.approx(float(values @ level.initial), abs=1e-12)


def test_episodes_of_different_length_are_fine_where_their_end_is_modelled():
    random, space = np.random.default_rng(4), AttributeRewards(("a", "b", "c", "d"), (0,))
    truth = np.array([2.0, -1.0, 0.0, 1.0])
    levels = [random_level(random) for _ in range(4)]
    visits = [
        finite_horizon_plan(flow_of(level, stops=(0,)), space.reward(level, truth), horizon=10).visits
        for level in levels
    ]
    assert all(one.sum() < 10 for one in visits)
    fit = fit_visits(stack(levels), np.stack(visits), space, horizon=10, tolerance=1e-9)
    assert np.allclose(fit.parameter, truth, atol=1e-5)


def test_laplace_intervals_cover_the_chain():
    # Coverage of 4 open directions over 60 replicates at 90 %: outside [0.8, 0.98] with probability below 0.002.
    level, episodes, hits = chain(), 200, []
    flow = flow_of(level)
    steps = [finite_horizon_plan(flow, TABLE, horizon=left).policy for left in range(8, 0, -1)]
    for seed in range(60):
        random = np.random.default_rng(seed)
        state, visits = np.zeros(episodes, int), np.zeros((5, 2))
        for policy in steps:
            action = (random.random(episodes) < policy[state, 1]).astype(int)
            np.add.at(visits, (state, action), 1 / episodes)
            state = np.clip(state + 2 * action - 1, 0, 4)
        fit = fit_visits(level.batch(), visits[None], STATES, horizon=8, tolerance=1e-6)
        information = entropy_information(level.batch(), np.ones(1), STATES, fit.parameter, horizon=8)
        spread = np.sqrt(np.diag(np.linalg.pinv(information, rcond=1e-9)) / episodes)
        hits.append(np.abs(fit.parameter - (TRUTH - 0.16)) < 1.645 * spread)
    assert 0.8 <= np.mean(hits) <= 0.98


def test_what_cannot_be_fitted_says_why():
    with pytest.raises(UsageError, match="some action"):
        fit_visits(chain().batch(), np.zeros((1, 5, 2)), STATES, horizon=8)
    with pytest.raises(UsageError, match="fit the tables"):
        fit_visits(chain().batch(), np.ones((1, 4, 2)), STATES, horizon=8)
    with pytest.raises(UsageError, match="not finite"):
        finite_horizon_plan(flow_of(chain()), np.full((5, 2), np.nan), horizon=3)
