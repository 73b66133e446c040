"""Reliability against numbers that others computed, and against what is known of calibrated auditors."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.organisms.reliability import clopper_pearson_least, equal_mass_error, reliability, share_right


@pytest.mark.parametrize(
    ("errors", "least", "n"),
    [(0, 0.95, 59), (1, 0.95, 93), (0, 0.97, 99), (1, 0.97, 157), (3, 0.97, 257), (20, 0.97, 965), (0, 0.99, 299)],
)
def test_so_many_answers_show_so_much(errors, least, n):
    # The smallest n at which the one-sided 95 % bound reaches a share: Clopper and Pearson (1934).
    assert clopper_pearson_least(n - errors, n) >= least > clopper_pearson_least(n - 1 - errors, n - 1)


def test_the_error_of_equal_mass_bins_by_hand():
    given = np.array([0.1, 0.2, 0.6, 0.7, 0.9, 1.0])
    right = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    # Three bins of two: |.3|, |.3|, |-.1| of six answers.
    assert equal_mass_error(given, right) == pytest.approx(0.7 / 6)


def test_one_answer_and_none():
    one = reliability([0.99], [True], ["kind"])
    assert (one.all.n, one.by_level[0].n, one.ceiling) == (1, 1, pytest.approx(1 - 1 / 3))
    none = reliability([], [], [])
    assert (none.all.n, none.calibration_error, none.all.value) == (0, None, None)


def test_a_calibrated_auditor_is_within_its_null():
    # Fails in 5 % of seeds; the seed is fixed.
    random = np.random.default_rng(5)
    given = random.beta(6, 1, 300)
    right = random.random(300) < given
    found = reliability(given.tolist(), right.tolist(), [str(place % 30) for place in range(300)])
    assert found.calibration_error is not None
    assert found.calibration_error < found.null_high
    sure = reliability([0.99] * 300, [place % 3 > 0 for place in range(300)], ["one"] * 300)
    assert sure.calibration_error == pytest.approx(0.99 - 2 / 3)
    assert sure.calibration_error > 5 * sure.null_high


def test_what_perfect_calibration_shows_is_known_for_three_bins_of_three_coins():
    # E |X / 3 - 1/2| of a binomial X: (1 * 1/2 + 3 * 1/6 + 3 * 1/6 + 1 * 1/2) / 8. Standard error 0.002.
    assert reliability([0.5] * 9, [True] * 9, ["kind"] * 9).null == pytest.approx(0.25, abs=0.01)


def test_kinds_that_stand_or_fall_together_widen_the_interval():
    kinds = [str(place // 20) for place in range(400)]
    together = share_right([kind != "3" for kind in kinds], kinds)
    apart = share_right([place % 20 > 0 for place in range(400)], kinds)
    assert (together.n, together.right, together.kinds) == (400, 380, 20)
    assert together.right == apart.right
    assert together.low == apart.low
    assert together.high_of_kinds - together.low_of_kinds > 2 * (together.high - together.low)
    assert apart.high_of_kinds - apart.low_of_kinds < 1e-9


def test_bins_hold_every_answer_once():
    given = [0.0, 0.5, 0.69, 0.7, 0.9, 0.95, 0.99, 1.0]
    found = reliability(given, [True] * 8, ["kind"] * 8)
    assert [one.share.n for one in found.bins] == [1, 2, 1, 2, 2]
    assert found.bins[2].mean == pytest.approx(0.7)
    assert found.bins[0].share.value == 1.0
