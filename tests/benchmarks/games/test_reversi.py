from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from games.reversi import (
    PASS,
    SQUARES,
    START,
    board_of,
    count_lines,
    legal_squares,
    outcome,
    placed,
    reversi_endgames,
    squares_of,
)
from games.reversi_steps import after_actions, legal_actions


def bits_of(plane) -> int:
    return sum(1 << int(square) for square in np.flatnonzero(np.asarray(plane).reshape(-1)))


def plain_outcome(own: int, other: int) -> int:
    """The definition, without windows, order or memory."""
    moves = legal_squares(own, other)
    if moves:
        return max(-plain_outcome(*placed(own, other, square)) for square in squares_of(moves))
    if legal_squares(other, own):
        return -plain_outcome(other, own)
    return int(np.sign(own.bit_count() - other.bit_count()))


def random_positions(count: int, seed: int) -> list[tuple[int, int]]:
    random, found = np.random.default_rng(seed), []
    while len(found) < count:
        own, other = START
        for _ in range(int(random.integers(1, 58))):
            moves = list(squares_of(legal_squares(own, other))) or [PASS]
            own, other = placed(own, other, moves[random.integers(len(moves))])
        found.append((own, other))
    return found


@pytest.mark.parametrize(("depth", "lines"), [(1, 4), (2, 12), (3, 56), (4, 244), (5, 1396), (6, 8200)])
def test_lines_of_play_are_as_many_as_is_known(depth, lines):
    assert count_lines(*START, depth) == lines


def test_endgames_are_solved_as_by_the_definition():
    found = reversi_endgames(empties=(2, 4, 5), count=12, seed=3)
    for position in range(len(found)):
        own, other = (bits_of(found.observations[position, :, :, plane]) for plane in (0, 1))
        assert legal_squares(own, other) == bits_of(found.legal[position, :SQUARES])
        for square in squares_of(legal_squares(own, other)):
            assert found.values[position, square] == -plain_outcome(*placed(own, other, square))
    assert found.plies.tolist() == [2, 4, 5] * 4
    assert (found.best.sum(-1) < found.legal.sum(-1)).all()


def test_a_remembered_outcome_does_not_depend_on_the_window_it_was_found_in():
    for own, other in [
        position for position in random_positions(400, 5) if (position[0] | position[1]).bit_count() > 58
    ]:
        memory: dict = {}
        outcome(own, other, 0, 1, memory)
        outcome(own, other, -1, 0, memory)
        assert outcome(own, other, memory=memory) == plain_outcome(own, other)


def test_the_rules_of_a_batch_are_those_on_bitboards():
    positions = random_positions(60, 1)
    boards = np.stack([board_of(*position) for position in positions]).astype(bool)
    own, other = jnp.asarray(boards[..., 0]), jnp.asarray(boards[..., 1])
    legal = np.asarray(legal_actions(own, other))
    for row, position in zip(legal, positions, strict=True):
        moves = legal_squares(*position)
        assert bits_of(row[:SQUARES]) == moves
        assert row[PASS] == (moves == 0)
    for choose in (np.argmax, lambda row: len(row) - 1 - np.argmax(row[::-1])):
        actions = np.array([choose(row) for row in legal])
        after = [np.asarray(plane) for plane in after_actions(own, other, jnp.asarray(actions))]
        for place, position in enumerate(positions):
            assert (bits_of(after[0][place]), bits_of(after[1][place])) == placed(*position, int(actions[place]))
