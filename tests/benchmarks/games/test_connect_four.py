from __future__ import annotations

import numpy as np
import pytest
from games.connect_four import (
    count_games,
    dropped,
    forced_wins,
    has_line,
    open_columns,
    outcome,
    plane_of,
    wins_within,
)

from mesascope.core.errors import WorldError


def after(*columns: int) -> tuple[int, int]:
    own, other = 0, 0
    for column in columns:
        own, other = dropped(own, other, column)
    return own, other


def plain_outcome(own: int, other: int) -> int:
    if has_line(other):
        return -1
    columns = open_columns(own, other)
    return max((-plain_outcome(*dropped(own, other, column)) for column in columns), default=0)


@pytest.mark.parametrize(("depth", "games"), [(1, 7), (2, 49), (4, 2401), (6, 117649), (7, 823536)])
def test_lines_of_play_are_as_many_as_is_known(depth, games):
    assert count_games(0, 0, depth) == games


@pytest.mark.parametrize("columns", [(0, 1, 0, 1, 0, 1, 0), (0, 0, 1, 1, 2, 2, 3), (0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3)])
def test_lines_are_seen_upright_flat_and_aslant(columns):
    own, other = after(*columns)
    assert has_line(other)
    assert not has_line(own)


def test_lines_do_not_wrap_around_the_board():
    own, other = after(0, 6, 0, 6, 0, 6, 1, 6 - 1)
    assert not has_line(own)
    assert not has_line(other)


def test_known_forced_wins():
    # Three in a column: one move. Two open ends in the bottom row: three plies, and no fewer.
    assert wins_within(*after(3, 4, 3, 4, 3, 4), 1)
    open_pair = after(2, 2, 3, 3)
    assert wins_within(*open_pair, 3)
    assert not wins_within(*open_pair, 1)
    assert not wins_within(0, 0, 5)


def test_wins_are_solved_as_by_the_definition():
    found = forced_wins(plies=(1, 3, 5), count=9, empties=10, seed=2)
    places = [7 * column + row for column in range(7) for row in range(6)]
    for position in range(len(found)):
        plane = found.observations[position]
        own, other = (
            sum(1 << place for place, disc in zip(places, plane, strict=True) if disc == side) for side in (1, -1)
        )
        assert (plane_of(own, other) == plane).all()
        for column in open_columns(own, other):
            move = dropped(own, other, column)
            assert found.values[position, column] == -plain_outcome(*move) == -outcome(*move)
        assert wins_within(own, other, int(found.plies[position]))
        assert not wins_within(own, other, int(found.plies[position]) - 2)
    assert sorted(found.plies) == [1] * 3 + [3] * 3 + [5] * 3
    assert np.nanmin(found.values, -1).max() < 1


def test_even_lengths_are_refused():
    with pytest.raises(WorldError, match="odd"):
        forced_wins(plies=(2,), count=1, empties=10, seed=0)
