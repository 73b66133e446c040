from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.theory.absent_minded_driver import (
    action_optima,
    beliefs,
    gain_of_driving_on,
    optimum_at_fixed_belief,
    payoff,
    planning_optimum,
)

AUMANN = (0.0, 4.0, 1.0)
PAYOFFS = st.lists(st.integers(-9, 9).map(float), min_size=2, max_size=5).map(tuple)


def test_the_paper():
    assert planning_optimum(AUMANN).continue_probability == pytest.approx(2 / 3)
    assert planning_optimum(AUMANN).value == pytest.approx(4 / 3)
    (only,) = action_optima(AUMANN)
    assert only.continue_probability == pytest.approx(2 / 3)
    assert beliefs(AUMANN, 2 / 3) == pytest.approx([3 / 5, 2 / 5])
    assert optimum_at_fixed_belief(AUMANN, 3 / 5).continue_probability == pytest.approx(1 / 3)


def test_three_exits_have_action_optima_that_are_no_plans():
    found = action_optima((7.0, 0.0, 22.0, 2.0))
    assert [plan.continue_probability for plan in found] == pytest.approx([0, 7 / 30, 1 / 2])
    assert [plan.value for plan in found] == pytest.approx([7, 6.3104, 6.5], abs=1e-4)
    assert planning_optimum((7.0, 0.0, 22.0, 2.0)).value == 7


@given(PAYOFFS, st.floats(0, 1))
def test_the_polynomial_is_what_following_the_road_pays(payoffs, on):
    reached, paid = 1.0, 0.0
    for value in payoffs[:-1]:
        paid, reached = paid + reached * (1 - on) * value, reached * on
    assert payoff(payoffs)(on) == pytest.approx(paid + reached * payoffs[-1], abs=1e-9)


@given(PAYOFFS)
@settings(max_examples=60)
def test_the_best_plan_beats_a_grid_and_is_action_optimal(payoffs):
    best = planning_optimum(payoffs)
    grid = np.linspace(0, 1, 401)
    assert best.value >= payoff(payoffs)(grid).max() - 1e-9
    assert payoff(payoffs)(best.continue_probability) == pytest.approx(best.value, abs=1e-9)
    # At the best plan no single visit gains: not by driving on unless it is certain already, nor by leaving.
    gain = gain_of_driving_on(payoffs, best.continue_probability)
    if best.continue_probability < 1:
        assert gain <= 1e-5
    if best.continue_probability > 0:
        assert gain >= -1e-5


@given(PAYOFFS, st.floats(0.01, 0.99))
def test_the_gain_is_the_slope_of_the_payoff_per_visit(payoffs, on):
    visits = (np.asarray(on) ** np.arange(len(payoffs) - 1)).sum()
    assert gain_of_driving_on(payoffs, on) * visits == pytest.approx(payoff(payoffs).deriv()(on), abs=1e-7)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="payoff of an exit"):
        payoff((1.0,))
    with pytest.raises(UsageError, match="three payoffs"):
        optimum_at_fixed_belief((1.0, 2.0), 0.5)
