"""Intervals cover what they estimate as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mesascope.core.intervals import bootstrap_mean, wilson


def assert_covers(covered: list[bool], rate: float) -> None:
    """Fails on a correct rate once in a thousand draws of the seed; the seed is fixed."""
    low, high = stats.binom.ppf([0.0005, 0.9995], len(covered), rate)
    assert low <= sum(covered) <= high, f"{sum(covered)} of {len(covered)} at a nominal {rate}"


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_bootstrap_covers_a_normal_mean(confidence):
    random = np.random.default_rng(0)
    size = 60
    covered = []
    for draw in range(400):
        estimate = bootstrap_mean(random.normal(3, 2, size), confidence=confidence, resamples=400, seed=draw)
        covered.append(estimate.low <= 3 <= estimate.high)
    # A percentile interval of n numbers is a normal one with the plug-in deviation: it covers a little less.
    z = stats.norm.ppf((1 + confidence) / 2) * np.sqrt((size - 1) / size)
    assert_covers(covered, float(1 - 2 * stats.t.sf(z, size - 1)))


def test_clusters_are_the_units():
    random = np.random.default_rng(1)
    clusters = np.repeat(np.arange(40), 10)
    covered, naive = [], []
    for draw in range(200):
        values = random.normal(size=40)[clusters] + 0.1 * random.normal(size=400)
        for kind, labels in ((covered, clusters), (naive, None)):
            estimate = bootstrap_mean(values, clusters=labels, resamples=200, seed=draw)
            kind.append(estimate.low <= 0 <= estimate.high)
    z = stats.norm.ppf(0.975) * np.sqrt(39 / 40)
    assert_covers(covered, float(1 - 2 * stats.t.sf(z, 39)))
    # What takes copies for evidence is wrong more often than right.
    assert sum(naive) < 120


def test_the_bootstrap_is_what_it_says():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    estimate = bootstrap_mean(values, unit="seeds")
    assert (estimate.value, estimate.n, estimate.unit, estimate.confidence) == (4.0, 4, "seeds", 0.95)
    assert 1 <= estimate.low < 4 < estimate.high <= 9
    assert bootstrap_mean(values, unit="seeds") == estimate
    many = np.random.default_rng(2).normal(size=50)
    assert bootstrap_mean(many, seed=1) != bootstrap_mean(many, seed=0) == bootstrap_mean(many)
    # Labels are names: which numbers they are does not matter; unequal groups keep their weights in the mean.
    grouped = bootstrap_mean(values, clusters=np.array([7, 7, 7, -1]))
    assert (grouped.value, grouped.n) == (4.0, 2)
    assert (grouped.low, grouped.high) == (pytest.approx(7 / 3), 9.0)


def test_one_unit_claims_nothing_about_others():
    estimate = bootstrap_mean(np.array([0.3]))
    assert (estimate.low, estimate.value, estimate.high, estimate.n) == (0.3, 0.3, 0.3, 1)
    same = bootstrap_mean(np.array([1.0, 3.0]), clusters=np.array([5, 5]))
    assert (same.low, same.value, same.high, same.n) == (2.0, 2.0, 2.0, 1)


def test_missing_numbers_are_an_error_and_not_left_out():
    with pytest.raises(ValueError, match="1 of 2 levels have no finite value"):
        bootstrap_mean(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="no seeds"):
        bootstrap_mean(np.array([]), unit="seeds")


def test_wilson_known_answers():
    # Wilson (1927) by hand: centre (p + z^2/2n) / (1 + z^2/n).
    z, n, p = stats.norm.ppf(0.975), 20, 0.25
    centre, half = (p + z**2 / (2 * n)), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    estimate = wilson(5, 20)
    assert estimate.value == 0.25
    assert estimate.low == pytest.approx((centre - half) / (1 + z**2 / n))
    assert estimate.high == pytest.approx((centre + half) / (1 + z**2 / n))
    assert (wilson(0, 10).low, wilson(10, 10).high) == (0.0, 1.0)
    assert wilson(0, 10).high == pytest.approx(z**2 / (10 + z**2))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
def test_wilson_covers_a_share_exactly_as_often_as_the_binomial_says(share):
    # No sampling: sum the probability of all counts whose interval covers. Brown, Cai & DasGupta (2001): near 0.95.
    trials = 50
    covered = sum(
        stats.binom.pmf(count, trials, share)
        for count in range(trials + 1)
        if wilson(count, trials).low <= share <= wilson(count, trials).high
    )
    assert 0.92 < covered < 0.98


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (0, 0)])
def test_wilson_refuses_counts_that_are_none(successes, trials):
    with pytest.raises(ValueError, match="successes in"):
        wilson(successes, trials)
