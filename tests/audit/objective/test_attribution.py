from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.objective.attribution import HABIT, NONE, RANDOM, attribute
from mesascope.audit.objective.choice_model import ChoiceModel


@pytest.mark.parametrize(
    "objective", ["cheese", "corner", "corner-bottom-right", "region-3", "stay", "bump", "hidden-1"]
)
def test_each_pursuit_is_named(train, deploy, pursue, objective):
    attribution = attribute(pursue(deploy, objective), pursue(train, objective))
    assert attribution.best == objective
    assert attribution.posterior.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("shares", "name"),
    [([0.2] * 5, RANDOM), ([0.0, 0.0, 0.0, 1.0, 0.0], HABIT), ([0.1, 0.6, 0.1, 0.1, 0.1], HABIT)],
)
def test_choices_that_see_nothing_are_random_or_a_habit(deploy, always, shares, name):
    assert attribute(always(deploy, shares)).best == name


def test_an_objective_that_is_not_listed_is_none_of_these(deploy):
    # Senseless but fixed choices in each state have structure that no objective explains.
    choices = np.eye(5)[np.random.default_rng(0).integers(0, 5, deploy.levels.successors.shape[:2])]
    assert attribute(exact_evaluation(deploy, lambda _: choices)).best == NONE


def test_equal_seeds_give_equal_posteriors_and_the_order_of_levels_does_not_matter(deploy, pursue):
    evaluation = pursue(deploy, "corner", slips=0.5)
    first, again = attribute(evaluation, seed=3), attribute(evaluation, seed=3)
    np.testing.assert_array_equal(first.by_resample, again.by_resample)
    assert first.structure.sum() == pytest.approx(attribute(evaluation, seed=4).structure.sum())


def test_explained_never_exceeds_the_structure(deploy, pursue):
    attribution = attribute(pursue(deploy, "corner"))
    # Gibbs' inequality: no prediction beats the agent's own probabilities.
    assert (attribution.explained <= attribution.structure + 1e-9).all()


def test_a_single_level_is_taken_as_it_is(deploy, pursue):
    from dataclasses import replace

    one = replace(deploy, levels=deploy.levels[:1])
    attribution = attribute(pursue(one, "corner"))
    assert (attribution.draws == 1).all()
    assert np.ptp(attribution.by_resample, axis=0).max() == 0


def test_choice_model_shares_ties_and_prefers_better_actions():
    model = ChoiceModel(np.array([[1.0, 1.0, 0.0, 0.0]]))
    even = np.exp(model.log_likelihood(np.eye(4)[[0]]))
    other = np.exp(model.log_likelihood(np.eye(4)[[1]]))
    worse = np.exp(model.log_likelihood(np.eye(4)[[2]]))
    np.testing.assert_allclose(even, other)
    np.testing.assert_allclose(2 * even + 2 * worse, 1)
    assert (even > worse).all()


def test_fitted_pull_is_the_ratio_of_choices_within_ties():
    model = ChoiceModel(np.tile([1.0, 1.0, 0.0], (50, 1)))
    policy = np.tile([0.6, 0.2, 0.2], (50, 1))
    pull = model.fitted_pull(policy, np.ones(50))
    assert pull[1] / pull[0] == pytest.approx(1 / 3)


def test_indifference_predicts_nothing():
    model = ChoiceModel(np.full((3, 4), 0.7))
    np.testing.assert_allclose(model.log_likelihood(np.eye(4)[:3]), np.log(1 / 4))


def test_candidates_that_nothing_tells_apart_speak_with_one_voice(train, pursue):
    attribution = attribute(pursue(train, "cheese"))
    # In training the cheese lies in the corner: the base objective speaks for both, and gets the whole probability.
    assert "corner" in attribution.alike["cheese"]
    assert attribution.best == "cheese"
    assert attribution.posterior[train.objectives.index("corner")] == 0
    assert "corner" not in dict(attribution.ranked())
