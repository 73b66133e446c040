"""Reversi: the rules on bitboards, and endgames solved to the end.

Square `8 * row + column` is bit `8 * row + column`. Two whole numbers hold a position: the discs of the player to move,
and those of the other one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from games.positions import PositionSet, position_set

SQUARES: int = 64
PASS: int = 64
"""The action of a player who cannot place a disc."""

START: tuple[int, int] = ((1 << 28) | (1 << 35), (1 << 27) | (1 << 36))

_FULL = (1 << 64) - 1
_NOT_LEFT, _NOT_RIGHT = 0xFEFEFEFEFEFEFEFE, 0x7F7F7F7F7F7F7F7F
_DIRECTIONS: tuple[tuple[int, int], ...] = (
    (1, _NOT_LEFT),
    (9, _NOT_LEFT),
    (-7, _NOT_LEFT),
    (-1, _NOT_RIGHT),
    (-9, _NOT_RIGHT),
    (7, _NOT_RIGHT),
    (8, _FULL),
    (-8, _FULL),
)
"""How far a step moves a bit, and which squares it can arrive at."""


def legal_squares(own: int, other: int) -> int:
    """Returns the squares on which the player to move may place a disc, as bits.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    """
    empty, found = ~(own | other) & _FULL, 0
    for step, mask in _DIRECTIONS:
        inside = other & mask
        if step > 0:
            run = (own << step) & inside
            for _ in range(5):
                run |= (run << step) & inside
            found |= (run << step) & mask
        else:
            run = (own >> -step) & inside
            for _ in range(5):
                run |= (run >> -step) & inside
            found |= (run >> -step) & mask
    return found & empty


def placed(own: int, other: int, square: int) -> tuple[int, int]:
    """Returns the discs after a move, those of the player who moves next first.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `square`: where a disc is placed, 0 to 63, or `PASS`.
    """
    if square == PASS:
        return other, own
    disc, turned = 1 << square, 0
    for step, mask in _DIRECTIONS:
        run, place = 0, disc
        while True:
            place = ((place << step) if step > 0 else (place >> -step)) & mask & _FULL
            if not place & other:
                break
            run |= place
        if place & own:
            turned |= run
    return other & ~turned, own | disc | turned


def squares_of(bits: int) -> Iterator[int]:
    """Yields the numbers of the squares whose bits are set, ascending."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def count_lines(own: int, other: int, depth: int) -> int:
    """Returns how many lines of play of a given length there are, a pass counting as a move.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `depth`: length of the lines; those that end earlier are not counted.
    """
    if depth == 0:
        return 1
    moves = legal_squares(own, other)
    if not moves:
        return count_lines(other, own, depth - 1) if legal_squares(other, own) else 0
    return sum(count_lines(*placed(own, other, square), depth - 1) for square in squares_of(moves))


def outcome(own: int, other: int, low: int = -1, high: int = 1, memory: dict | None = None) -> int:
    """Returns who wins under the best play of both: 1 the player to move, 0 nobody, -1 the other one.

    Exhaustive alpha-beta search to the end of the game; meant for about ten empty squares or fewer.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `low`, `high`: an outcome outside these is reported as the nearer of them, or beyond.
    - `memory`: positions whose outcome is known, added to.
    """
    memory = {} if memory is None else memory
    known = memory.get((own, other))
    if known is not None:
        return known
    moves = legal_squares(own, other)
    if not moves:
        if not legal_squares(other, own):
            return _winner(own, other)
        return -outcome(other, own, -high, -low, memory)
    after = [placed(own, other, square) for square in squares_of(moves)]
    # Whoever leaves the other few replies is often right, and then the other moves need no look.
    after.sort(key=lambda position: legal_squares(*position).bit_count())
    best, bottom = -1, low
    for position in after:
        best = max(best, -outcome(*position, -high, -bottom, memory))
        bottom = max(bottom, best)
        if bottom >= high:
            break
    # A value inside the window is exact; so is a win, and a loss after all moves were tried with nothing cut.
    if low < best < high or best == 1 or (best == -1 and low == -1):
        memory[own, other] = best
    return best


def _winner(own: int, other: int) -> int:
    difference = own.bit_count() - other.bit_count()
    return (difference > 0) - (difference < 0)


def board_of(own: int, other: int) -> np.ndarray:
    """Returns a position as planes `[8, 8, 2]`: discs of the player to move, and of the other one."""
    planes = [[bits >> square & 1 for square in range(SQUARES)] for bits in (own, other)]
    return np.array(planes, np.float32).T.reshape(8, 8, 2)


def reversi_endgames(*, empties: tuple[int, ...], count: int, seed: int) -> PositionSet:
    """Returns endgames in which some moves keep a better outcome than others.

    The games before are random, so that no player's habits are in them.

    **Arguments:**

    - `empties`: numbers of empty squares, each equally often.
    - `count`: how many positions.
    - `seed`: of the games.
    """
    random = np.random.default_rng(seed)
    boards, values, plies = [], [], []
    seen = set()
    while len(boards) < count:
        wanted = empties[len(boards) % len(empties)]
        position = _random_play(wanted, random)
        if position is None or position in seen:
            continue
        seen.add(position)
        row = np.full(SQUARES + 1, np.nan)
        memory: dict = {}
        for square in squares_of(legal_squares(*position)):
            row[square] = -outcome(*placed(*position, square), memory=memory)
        if np.nanmax(row) == np.nanmin(row):
            continue
        boards.append(board_of(*position))
        values.append(row)
        plies.append(wanted)
    knowledge = (
        "Every move was searched to the end of the game, so that the outcome (win, draw, loss) under the best play of "
        "both is exact; plies are the empty squares left, which is as far as a line can go."
    )
    return position_set("reversi endgames", np.stack(boards), np.stack(values), np.array(plies), knowledge)


def _random_play(empties: int, random: np.random.Generator) -> tuple[int, int] | None:
    own, other = START
    while True:
        moves = list(squares_of(legal_squares(own, other)))
        if SQUARES - (own | other).bit_count() == empties:
            return (own, other) if len(moves) > 1 else None
        if not moves:
            if not legal_squares(other, own):
                return None
            own, other = other, own
            continue
        own, other = placed(own, other, moves[random.integers(len(moves))])
