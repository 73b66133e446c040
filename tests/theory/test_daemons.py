from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.theory.daemons import fixation_probability, odds_factor, selected_shares, simultaneous_onset


@given(st.floats(0, 0.9), st.integers(0, 40), st.floats(0.1, 3))
def test_odds_fall_by_the_cost_alone(cost, generations, bystander):
    assert odds_factor(cost, generations, bystander=bystander) == pytest.approx((1 - cost) ** generations, rel=1e-9)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=5), st.integers(1, 20))
def test_goals_that_score_the_same_keep_their_shares(shares, generations):
    found = selected_shares(tuple(shares), (0.7,) * len(shares), generations)
    assert found.shape == (generations + 1, len(shares))
    assert found[-1] == pytest.approx(found[0])
    assert found.sum(1) == pytest.approx(np.ones(generations + 1))


@given(st.integers(2, 30), st.floats(0.5, 2), st.data())
@settings(max_examples=40)
def test_morans_closed_form(population, fitness, data):
    start = data.draw(st.integers(0, population))
    expected = start / population if fitness == 1 else (1 - fitness**-start) / (1 - fitness**-population)
    if abs(fitness - 1) > 1e-3 or fitness == 1:
        assert fixation_probability(start, population, fitness) == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert fixation_probability(start, population) == pytest.approx(start / population)


@given(st.integers(1, 40), st.floats(0.05, 0.95), st.sampled_from([0.0, 1.0]) | st.floats(1e-5, 1 - 1e-5))
def test_correlation_leaves_the_mean_and_widens_the_rest(copies, probability, correlation):
    found = simultaneous_onset(copies, probability, correlation)
    assert found.law.sum() == pytest.approx(1)
    assert found.mean == pytest.approx(copies * probability)
    spread = copies * probability * (1 - probability) * (1 + (copies - 1) * correlation)
    assert found.variance == pytest.approx(spread, rel=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="above 0"):
        selected_shares((1.0, 0.0), (1.0, 1.0), 3)
    with pytest.raises(UsageError, match="11 of 10"):
        fixation_probability(11, 10)
    with pytest.raises(UsageError, match="correlation"):
        simultaneous_onset(3, 0.5, 1.5)
