"""Sampling the posterior: the worked example of the notes (2.10), and agreement with Laplace where that is right."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.fit.bayesian import sample_objective
from mesascope.audit.objective.recovery.recover import recover
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.objectives.reward_space import TabularRewards
from mesascope.worlds.transitions import level_from_matrix

ONE = level_from_matrix(np.ones((1, 2, 1)), discount=0.9).batch()
TWO_ACTIONS = dataclasses.replace(ONE[0], attributes=np.eye(2)[None, :, None, :], discount=np.asarray(0.9))
NINE_OF_TEN = np.array([[[1.0, 9.0]]])
TABLE = TabularRewards(1, 2)


def sample(**options):
    options = {"inverse_temperature": 2.0, "box": 1.0, "draws": 1500, **options}
    return sample_objective(ONE, NINE_OF_TEN, TABLE, key=root_key(0), **options)


@pytest.mark.parametrize("values", ["optimal", "soft"])
def test_nine_of_ten_choices(values):
    """About 2,500 effective draws: each mean is within 4 of its standard errors with probability 0.9999."""
    found = sample(values=values)
    assert found.converged
    assert (found.effective > 1000).all()
    first, second = found.chains.reshape(-1, 2).T
    difference = second - first
    assert difference.mean() == pytest.approx(0.9309, abs=0.035)
    assert difference.std() == pytest.approx(0.3882, abs=0.03)
    assert (difference > 0).mean() == pytest.approx(0.9949, abs=0.006)
    # The data say nothing about the sum: only the box shrinks it, from 0.816.
    assert (first + second).std() == pytest.approx(0.658, abs=0.05)
    assert np.array_equal(found.posterior.samples(5, seed=1), found.posterior.samples(5, seed=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"box": None}, "exactly one"),
        ({"scale": 1.0}, "exactly one"),
        ({"box": -1.0}, "box is -1"),
        ({"draws": 2}, "10 draws"),
        ({"inverse_temperature": 0.0}, "inverse_temperature is 0"),
    ],
)
def test_what_cannot_be_sampled_says_why(options, message):
    with pytest.raises(UsageError, match=message):
        sample(**options)


def test_unknown_values_and_counts_that_are_none_are_refused():
    with pytest.raises(UnknownNameError, match="optimal"):
        sample(values="best")
    for counts, message in ((np.zeros((1, 1, 2)), "all zero"), (np.ones((1, 2, 2)), "do not fit")):
        with pytest.raises(UsageError, match=message):
            sample_objective(ONE, counts, TABLE, key=root_key(0), box=1.0)


def test_a_recovered_objective_may_have_a_sampled_posterior(monkeypatch):
    asked, found = [], []

    def few(levels, counts, space, **options):
        asked.append((counts.tolist(), space, {name: value for name, value in options.items() if name != "key"}))
        found.append(sample_objective(levels, counts, space, draws=50, **options))
        return found[-1]

    monkeypatch.setattr("mesascope.audit.objective.recovery.recover.sample_objective", few)
    shown = [Observation(ONE[0], np.array([[0.1, 0.9]]), counts=np.array([10.0]))]
    recovered = recover(shown, planner="noisy", space=TABLE, prior_scale=2.0, sampled=True)
    assert recovered.posterior is found[0].posterior
    assert asked == [(NINE_OF_TEN.tolist(), TABLE, {"values": "soft", "scale": 2.0})]
    with pytest.raises(UsageError, match="counted choices"):
        recover([Observation(TWO_ACTIONS, np.array([[0.1, 0.9]]))], planner="noisy", sampled=True)
    with pytest.raises(UsageError, match='planner="noisy"'):
        recover(shown, space=TABLE, sampled=True)
