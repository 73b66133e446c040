from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.rounding import ROUNDING, above, below, borderline, settled, undecided

numbers = st.floats(-1e6, 1e6)


@given(numbers, numbers)
def test_exactly_one_of_above_below_and_borderline_holds(value, threshold):
    assert above(value, threshold) + below(value, threshold) + borderline(value, threshold) == 1


@given(numbers, st.floats(-1e-12, 1e-12))
def test_last_bits_move_nothing_across_a_threshold(value, bits):
    moved = value * (1 + bits)
    assert not (above(value, 0.9) and below(moved, 0.9))
    assert not (below(value, 0.9) and above(moved, 0.9))
    assert borderline(value, moved)


def test_what_cannot_be_compared_is_neither_above_nor_below():
    assert not above(np.nan, 0.0)
    assert not below(np.nan, 0.0)


def test_the_reason_says_borderline_only_where_it_is():
    assert undecided("why", (0.5, 0.9)) == "why"
    assert undecided("why", (0.5, 0.9), (0.9 - ROUNDING / 2, 0.9)) == "borderline: 0.9 lies within rounding of 0.9"


@pytest.mark.parametrize("processor", range(5))
def test_ties_are_ties_on_every_processor(processor):
    bits = np.random.default_rng(processor).normal(size=4) * 1e-15
    values = np.array([0.1 + 0.2, 0.3, 0.3, 0.2]) + bits
    assert settled(values).argmax() == 0
    assert np.signbit(settled(np.array([-1e-13]))).item() is False
