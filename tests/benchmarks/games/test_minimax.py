"""Minimax of tic-tac-toe: published counts, and a recursive player that shares nothing with it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest
from games.minimax import minimax
from games.tic_tac_toe import TicTacToe

from mesascope.core.errors import UsageError

ROWS = ("012", "345", "678", "036", "147", "258", "048", "246")


@functools.cache
def value(board: str) -> int:
    """Of a board of own `x`, other `o` and free `.` cells, for `x` to move."""
    for row in ROWS:
        if all(board[int(cell)] == "o" for cell in row):
            return -1
    if "." not in board:
        return 0
    return max(value_of_move(board, cell) for cell in range(9) if board[cell] == ".")


def value_of_move(board: str, cell: int) -> int:
    return -value((board[:cell] + "x" + board[cell + 1 :]).translate(str.maketrans("xo", "ox")))


@pytest.fixture(scope="module")
def solution():
    return minimax(TicTacToe())


def test_the_counts_are_the_known_ones(solution):
    assert len(solution.states) == 4520
    # Unfinished positions by the number of stones on the board.
    assert np.bincount(solution.plies).tolist() == [1, 9, 72, 252, 756, 1140, 1372, 696, 222]
    assert solution.values[0] == 0
    assert solution.optimal[0].all()
    # A move at random keeps the value in 58 % of states.
    legal = np.isfinite(solution.action_values)
    assert (legal == (solution.states == 0)).all()
    assert round(float((solution.optimal.sum(1) / legal.sum(1)).mean()), 2) == 0.58


def test_every_value_is_that_of_a_recursive_player(solution):
    for state, found, moves in zip(solution.states, solution.values, solution.action_values, strict=True):
        board = "".join("o.x"[cell + 1] for cell in state)
        assert value(board) == found
        assert all(value_of_move(board, cell) == moves[cell] for cell in range(9) if board[cell] == ".")
    assert value.cache_info().currsize == 5478


@dataclass(frozen=True)
class Endless(TicTacToe):
    """Stones never stay on the board."""

    def step(self, state, action):
        return jnp.zeros_like(state)


def test_games_without_an_end_are_refused():
    with pytest.raises(UsageError, match="goes on after 9 moves"):
        minimax(Endless())
