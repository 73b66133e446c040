from __future__ import annotations

import numpy as np
import pytest
from games.backgammon import (
    CHANCES,
    ROLLS,
    places_of,
    possible_positions,
    results,
    side_number,
)


def played(own: tuple[int, int], other: tuple[int, int], roll: tuple[int, int]) -> set:
    mine, theirs = results(np.array([side_number(*own)]), np.array([side_number(*other)]), roll)
    return {
        (tuple(first), tuple(second))
        for first, second in zip(places_of(mine[0]).tolist(), places_of(theirs[0]).tolist(), strict=True)
    }


def test_rolls_have_their_chances():
    assert len(ROLLS) == 21
    assert CHANCES.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("own", "other", "roll", "after"),
    [
        # Two dice, four ways; (24 - 3, 20 - 1), (24 - 1, 20 - 3), one checker alone either way.
        ((24, 20), (1, 1), (3, 1), {(21, 19), (23, 17), (20, 20), (24, 16)}),
        # A double moves four times.
        ((24, 0), (6, 6), (2, 2), {(16, 0)}),
        # From the bar first; the other checker may not move before.
        ((25, 6), (2, 2), (6, 5), {(19, 1), (14, 6)}),
        # Bearing off: a six takes the farthest checker, whichever the one moved or took before.
        ((2, 1), (6, 6), (6, 1), {(0, 0), (1, 0)}),
        ((6, 5), (1, 1), (6, 1), {(5, 0), (4, 0)}),
    ],
)
def test_known_moves_without_contact(own, other, roll, after):
    assert {mine for mine, _ in played(own, other, roll)} == after


def test_a_single_checker_is_hit():
    # The opponent's 18 point is one's own 7.
    # By way of the 9 it is passed over.
    assert played((10, 2), (18, 3), (3, 1)) == {((7, 1), (25, 3)), ((6, 2), (25, 3)), ((6, 2), (18, 3))}


def test_two_checkers_block():
    # The opponent holds one's own 21 and nothing else: a four from the bar cannot enter, a three can.
    assert {mine for mine, _ in played((25, 25), (4, 4), (4, 4))} == {(25, 25)}
    assert {mine for mine, _ in played((25, 25), (4, 4), (4, 3))} == {(25, 22)}


def test_the_larger_die_is_played_if_only_one_can_be():
    # 24 - 6 = 18 and 24 - 5 = 19 are free, and 13, where both lead, is held.
    assert {mine for mine, _ in played((24, 0), (12, 12), (6, 5))} == {(18, 0)}


def test_positions_that_share_a_point_are_impossible():
    free = possible_positions()
    assert not free[side_number(7, 1), side_number(18, 3)]
    assert free[side_number(7, 1), side_number(17, 3)]
    assert free[side_number(25, 25), side_number(25, 25)]
    assert not free[0].any()


@pytest.mark.slow
def test_the_game_is_solved():
    from games.backgammon import SETTLED, solve_two_checkers, two_checker_rolls

    solution = solve_two_checkers()
    assert solution.residual <= SETTLED
    # One checker on the six point, the other side about to bear off: 27 of 36 rolls.
    assert solution.wins[side_number(6, 0), side_number(1, 0)] == pytest.approx(27 / 36, abs=1e-8)
    # Both on the six point: four doubles of 36, 3-3 the least of them.
    assert solution.wins[side_number(6, 6), side_number(1, 1)] == pytest.approx(4 / 36, abs=1e-8)
    # Two turns each from six, by hand: 3/4, and if not, whoever answers has 3/4.
    assert solution.wins[side_number(6, 0), side_number(6, 0)] == pytest.approx(3 / 4 + 1 / 4 * 1 / 4, abs=1e-8)
    rolls = two_checker_rolls(count=20, contact=True, seed=0)
    assert ((rolls.values >= -1e-9) | ~rolls.legal).all()
    assert np.isinf(rolls.plies).all()
