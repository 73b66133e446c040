from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mesascope.core.errors import UsageError
from mesascope.theory.off_switch import break_even_temperature, value_of_deferring


def test_an_agent_that_knows_nothing():
    assert value_of_deferring(0.0) == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-9)


@given(st.floats(-3, 3), st.floats(0.1, 3))
@settings(max_examples=20, deadline=None)
def test_the_closed_form(mean, deviation):
    ratio = mean / deviation
    expected = deviation * stats.norm.pdf(ratio) + mean * stats.norm.cdf(ratio) - max(mean, 0.0)
    assert value_of_deferring(mean, deviation) == pytest.approx(expected, abs=1e-8)


def test_it_is_even_in_the_mean_and_never_harmful_before_a_human_without_errors():
    for mean in (0.2, 1.0, 2.5):
        assert value_of_deferring(mean) == pytest.approx(value_of_deferring(-mean), abs=1e-9)
        assert value_of_deferring(mean) > 0


def test_against_sampling():
    utilities = np.random.default_rng(0).normal(0.5, 1.0, 400_000)
    allowed = 1 / (1 + np.exp(-utilities / 0.5))
    # The standard error is below 0.001: five of them.
    assert value_of_deferring(0.5, temperature=0.5) == pytest.approx((utilities * allowed).mean() - 0.5, abs=0.006)


@pytest.mark.parametrize(("mean", "deviation"), [(0.5, 1.0), (0.8, 1.3), (-0.8, 1.3), (2.0, 1.0)])
def test_break_even_at_variance_over_twice_the_mean(mean, deviation):
    temperature = deviation**2 / (2 * abs(mean))
    assert value_of_deferring(mean, deviation, temperature=temperature) == pytest.approx(0, abs=1e-9)
    assert break_even_temperature(mean, deviation) == pytest.approx(temperature, rel=1e-7)
    assert value_of_deferring(mean, deviation, temperature=2 * temperature) < 0


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="above 0"):
        value_of_deferring(0.0, 0.0)
    with pytest.raises(UsageError, match="every temperature"):
        break_even_temperature(0.0)
