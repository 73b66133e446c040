from __future__ import annotations

import math

import pytest

from mesascope.core.errors import UsageError
from mesascope.theory.scheming import (
    cue_value,
    deceptive_cells,
    gamble,
    gamble_value,
    lifetime_plan,
    onset,
    shield_fate,
    shield_fold,
    updated_goal,
)


@pytest.mark.parametrize(("training", "discount", "expected"), [(1, 0.9, 0.4100), (2, 0.9, 0.4556), (5, 0.9, 0.6249)])
def test_onset_of_the_note(training, discount, expected):
    assert onset(training, 3, discount) == pytest.approx(expected, abs=5e-5)
    assert onset(2, 100, 0.5) == math.inf


def test_the_blind_gamble():
    assert gamble().when_training == pytest.approx(5 / 9)
    assert gamble().value == pytest.approx(275 / 243)
    assert gamble_value(0.61) == pytest.approx(1.126, abs=5e-4)
    assert [cue_value(accuracy) for accuracy in (0.5, 0.6, 0.9, 1.0)] == pytest.approx(
        [1.132, 1.288, 2.377, 3], abs=5e-4
    )


def test_plans_shields_and_goals():
    assert lifetime_plan(6, 3, 0.9, 0.7).complies_at_the_end == 1
    assert deceptive_cells() == 1
    assert shield_fold(4.0) == pytest.approx(0.02977, abs=5e-6)
    assert shield_fate(4.0, 0.031).life is None
    assert updated_goal(20, 80).kept == pytest.approx(0.904, abs=5e-4)
    with pytest.raises(UsageError, match="too weak"):
        shield_fold(1.0)
