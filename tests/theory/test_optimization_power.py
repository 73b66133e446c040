from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.theory.optimization_power import bits, expected_bits, expected_bits_of_a_pick


@given(st.integers(1, 60))
@settings(max_examples=12, deadline=None)
def test_best_of_n_is_the_harmonic_number(n):
    assert expected_bits(n) == pytest.approx(sum(1 / k for k in range(1, n + 1)) / math.log(2), abs=1e-8)


def test_against_sampling():
    best = np.random.default_rng(0).random((40_000, 10)).max(1)
    assert expected_bits(10) == pytest.approx(-np.log2(1 - best).mean(), abs=0.05)


@given(st.lists(st.integers(0, 5).map(float), min_size=1, max_size=12))
def test_bits_fall_with_what_was_achieved_and_ties_count(outcomes):
    found = [bits(level, outcomes) for level in sorted(outcomes)]
    assert found == sorted(found)
    assert found[0] == 0
    assert bits(max(outcomes) + 1, outcomes) == math.inf
    assert found[-1] == pytest.approx(-math.log2(outcomes.count(max(outcomes)) / len(outcomes)))


def test_a_random_pick_of_many_has_what_a_uniform_one_has():
    assert expected_bits_of_a_pick(2) == pytest.approx(0.5)
    assert expected_bits_of_a_pick(4000) == pytest.approx(1 / math.log(2), abs=0.005)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="best of 0"):
        expected_bits(0)
    with pytest.raises(UsageError, match="none given"):
        bits(1.0, [])
