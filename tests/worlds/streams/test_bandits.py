"""Chances of arms are of the beta prior, however they are drawn."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy import stats

from mesascope.core.random import root_key
from mesascope.worlds.streams.bandits import Bandits


@pytest.mark.parametrize(("wins", "losses"), [(1.0, 1.0), (4.0, 1.0), (2.0, 3.0), (0.5, 1.5)])
def test_chances_are_of_the_beta_prior(wins, losses):
    stream = Bandits(arms=3, wins=wins, losses=losses)
    tasks = jax.vmap(lambda key: stream.sample(key=key))(jax.random.split(root_key(0), 1000))
    for drawn in (tasks.pays, tasks.lights):
        # Kolmogorov and Smirnov's test; one of eight says so by chance once in more than a thousand runs.
        assert stats.kstest(np.asarray(drawn, float).ravel(), stats.beta(wins, losses).cdf).pvalue > 1e-4
    assert abs(np.corrcoef(np.asarray(tasks.pays).ravel(), np.asarray(tasks.lights).ravel())[0, 1]) < 0.08


def test_two_correlated_arms_pay_together_always():
    task = Bandits(arms=2, correlated=True).sample(key=root_key(1))
    assert float(task.pays.sum()) == pytest.approx(1.0)
