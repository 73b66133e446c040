"""Weights from choices: recovered where the planner is soft-optimal, and honest where it is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mesascope.audit.objective.recovery.fit.choice_likelihood import fit_choices
from mesascope.core.errors import UsageError
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import random_level, stack

NAMES = ("a", "b", "c", "d")
SPACE = AttributeRewards(NAMES)


def planted(seed: int, truth, *, count: int = 12, stops: tuple[int, ...] = ()):
    """Levels, and the table of a planner that is soft-optimal for the truth, at every active state alike."""
    random = np.random.default_rng(seed)
    levels = stack([random_level(random, discount=0.8) for _ in range(count)])
    stopping = np.zeros((1, len(NAMES)))
    stopping[0, list(stops)] = 1.0
    objective = Objectives((ObjectiveSpec("planted", {}),), np.asarray(truth, float)[None], stopping)
    policy = boltzmann(soft_action_values(levels, objective, temperature=1.0)[0], 1.0)
    active = np.asarray(levels.reachable & ~levels.terminal)
    return levels, policy * active[..., None]


@pytest.mark.parametrize("stops", [(), (1,)])
def test_a_soft_optimal_planner_is_recovered(stops):
    truth = np.array([1.0, -2.0, 0.0, 3.0])
    levels, weights = planted(0, truth, stops=stops)
    fit = fit_choices(levels, weights, AttributeRewards(NAMES, stops), sparsity=0.0, ridge=1e-9)
    assert fit.converged
    assert np.abs(fit.parameter - truth).max() < 1e-4
    assert fit.explained == pytest.approx(1.0, abs=1e-6)


def test_scores_and_information_are_derivatives_of_the_likelihood():
    levels, weights = planted(1, [1.0, -2.0, 0.5, 3.0])
    # Not at the planter's own weights, where everything would be 0.
    fit = fit_choices(levels, weights, SPACE, sparsity=0.05, ridge=0.1)
    step = 1e-5

    def likelihood(parameter):
        objective = Objectives((ObjectiveSpec("moved", {}),), parameter[None], np.zeros((1, 4)))
        policy = boltzmann(soft_action_values(levels, objective, temperature=1.0)[0], 1.0)
        return np.where(weights > 0, weights * np.log(policy), 0.0).sum((1, 2))

    for index in range(4):
        move = step * np.eye(4)[index]
        difference = (likelihood(fit.parameter + move) - likelihood(fit.parameter - move)) / (2 * step)
        assert np.allclose(fit.scores[:, index], difference, atol=1e-6)
    assert np.allclose(fit.information, fit.information.T)
    assert (np.linalg.eigvalsh(fit.information) > 0).all()


def test_sparsity_leaves_out_what_is_not_needed():
    levels, weights = planted(2, [0.0, 0.0, 0.0, 3.0])
    fit = fit_choices(levels, weights, SPACE, sparsity=0.01)
    assert np.flatnonzero(fit.parameter).tolist() == [3]
    assert fit.parameter[3] == pytest.approx(3.0, rel=0.2)


def test_units_of_attributes_do_not_matter():
    levels, weights = planted(3, [1.0, -2.0, 0.0, 3.0])
    scale = np.array([100.0, 1.0, 0.01, 1.0])
    scaled = dataclasses.replace(levels, attributes=np.asarray(levels.attributes) * scale)
    plain, other = fit_choices(levels, weights, SPACE), fit_choices(scaled, weights, SPACE)
    assert np.allclose(plain.parameter, other.parameter * scale, atol=1e-6)
    assert plain.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-9)


def test_what_never_varies_has_no_weight_and_is_named():
    levels, weights = planted(4, [1.0, -2.0, 0.0, 3.0])
    attributes = np.asarray(levels.attributes).copy()
    attributes[..., 0] = 0.0
    fit = fit_choices(dataclasses.replace(levels, attributes=attributes), weights, SPACE)
    assert fit.varies.tolist() == [False, True, True, True]
    assert fit.parameter[0] == 0
    with pytest.raises(UsageError, match="No attribute varies"):
        fit_choices(dataclasses.replace(levels, attributes=np.zeros_like(attributes)), weights, SPACE)


@pytest.mark.parametrize("spoil", [np.nan, -1.0, np.inf])
def test_weights_that_are_none_are_refused(spoil):
    levels, weights = planted(5, [1.0, 0.0, 0.0, 0.0])
    weights[0, 0, 0] = spoil
    with pytest.raises(UsageError, match="finite"):
        fit_choices(levels, weights, SPACE)


def test_a_deterministic_agent_has_finite_weights():
    levels, weights = planted(6, [0.0, -20.0, 0.0, 40.0])
    sharp = (weights == weights.max(-1, keepdims=True)) & (weights.sum(-1, keepdims=True) > 0)
    fit = fit_choices(levels, sharp.astype(float), SPACE)
    assert np.isfinite(fit.parameter).all()
    assert fit.explained > 0.7
    assert np.argmax(fit.parameter) == 3


def test_intervals_cover_the_truth_when_actions_are_sampled():
    # 4 weights x 40 replicates at 90 %: outside [0.80, 0.98] with probability below 1e-3 if weights were independent.
    truth, hits = np.array([1.0, -1.0, 0.0, 2.0]), []
    for seed in range(40):
        levels, policy = planted(100 + seed, truth, count=24)
        random = np.random.default_rng(seed)
        chosen = np.zeros_like(policy)
        for level, state in zip(*np.nonzero(policy.sum(-1)), strict=True):
            chosen[level, state] = random.multinomial(5, policy[level, state] / policy[level, state].sum())
        fit = fit_choices(levels, chosen, SPACE, sparsity=0.0, ridge=1e-9)
        hits.append(np.abs(fit.parameter - truth) < 1.645 * np.sqrt(np.diag(fit.covariance)))
    assert 0.80 <= np.mean(hits) <= 0.98


def test_what_time_costs_is_found_where_episodes_end():
    """An attribute that happens at every step says how much the agent hurries, if there is an end to hurry to."""
    levels, _ = planted(5, [1.0, 0.0, 0.0, 0.0])
    attributes = levels.attributes.copy()
    attributes[..., 3] = 1.0
    levels = dataclasses.replace(levels, attributes=attributes)
    truth = np.array([1.0, -0.5, 0.0, -0.7])
    objective = Objectives((ObjectiveSpec("hurried", {}),), truth[None], np.zeros((1, 4)))
    policy = boltzmann(soft_action_values(levels, objective, temperature=1.0)[0], 1.0)
    weights = policy * np.asarray(levels.reachable & ~levels.terminal)[..., None]
    fit = fit_choices(levels, weights, SPACE, sparsity=0.0, ridge=1e-9)
    assert fit.varies.all()
    assert np.abs(fit.parameter - truth).max() < 1e-4
