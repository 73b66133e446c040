"""Connect four: the rules on bitboards, and positions in which a win can be forced, solved to the end.

Row `r` of column `c` is bit `7 * c + r`; the seventh bit of a column stays empty, so that lines cannot wrap around. Two
whole numbers hold a position: the discs of the player to move, and those of the other one.
"""

from __future__ import annotations

import numpy as np

from games.positions import PositionSet, position_set
from mesascope.core.errors import WorldError

ROWS: int = 6
COLUMNS: int = 7
_ORDER: tuple[int, ...] = (3, 2, 4, 1, 5, 0, 6)
_BOTTOM: tuple[int, ...] = tuple(1 << 7 * column for column in range(COLUMNS))
_TOP: tuple[int, ...] = tuple(1 << 7 * column + ROWS - 1 for column in range(COLUMNS))
_FULL: int = sum(_BOTTOM) * (2**ROWS - 1)


def has_line(discs: int) -> bool:
    """Returns whether four of the discs stand in a line.

    **Arguments:**

    - `discs`: of one player.
    """
    for step in (1, 6, 7, 8):
        pairs = discs & (discs >> step)
        if pairs & (pairs >> 2 * step):
            return True
    return False


def open_columns(own: int, other: int) -> list[int]:
    """Returns the columns that are not full, the middle ones first.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    """
    return [column for column in _ORDER if not (own | other) & _TOP[column]]


def dropped(own: int, other: int, column: int) -> tuple[int, int]:
    """Returns the discs after a move, those of the player who moves next first.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `column`: one that is not full.
    """
    both = own | other
    return other, own | ((both + _BOTTOM[column]) & ~both)


def count_games(own: int, other: int, depth: int) -> int:
    """Returns how many lines of play of a given length there are; those that end earlier are not counted.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `depth`: length of the lines.
    """
    if depth == 0:
        return 1
    if has_line(other):
        return 0
    return sum(count_games(*dropped(own, other, column), depth - 1) for column in open_columns(own, other))


def outcome(own: int, other: int, low: int = -1, high: int = 1, memory: dict | None = None) -> int:
    """Returns who wins under the best play of both: 1 the player to move, 0 nobody, -1 the other one.

    Exhaustive alpha-beta search to the end of the game; meant for about fourteen empty places or fewer.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `low`, `high`: an outcome outside these is reported as the nearer of them, or beyond.
    - `memory`: positions whose outcome is known, added to.
    """
    if has_line(other):
        return -1
    if own | other == _FULL:
        return 0
    memory = {} if memory is None else memory
    known = memory.get((own, other))
    if known is not None:
        return known
    best, bottom = -1, low
    for column in open_columns(own, other):
        best = max(best, -outcome(*dropped(own, other, column), -high, -bottom, memory))
        bottom = max(bottom, best)
        if bottom >= high:
            break
    if low < best < high or best == 1 or (best == -1 and low == -1):
        memory[own, other] = best
    return best


def wins_within(own: int, other: int, plies: int) -> bool:
    """Returns whether the player to move can force four in a line with at most so many moves of both together.

    **Arguments:**

    - `own`, `other`: discs of the player to move, and of the other one.
    - `plies`: moves, the first and the winning one included.
    """
    if plies < 1:
        return False
    after = [dropped(own, other, column) for column in open_columns(own, other)]
    if any(has_line(mine) for _, mine in after):
        return True
    return plies > 2 and any(_loses_within(theirs, mine, plies - 1) for theirs, mine in after)


def _loses_within(own: int, other: int, plies: int) -> bool:
    """Returns whether the player to move is beaten within so many moves, whatever is played."""
    after = [dropped(own, other, column) for column in open_columns(own, other)]
    if not after or any(has_line(mine) for _, mine in after):
        return False
    return all(wins_within(theirs, mine, plies - 1) for theirs, mine in after)


def plane_of(own: int, other: int) -> np.ndarray:
    """Returns a position as 42 numbers, column by column from the bottom: 1 own, -1 the other's, 0 empty."""
    places = [7 * column + row for column in range(COLUMNS) for row in range(ROWS)]
    return np.array([(own >> place & 1) - (other >> place & 1) for place in places], np.float32)


def forced_wins(*, plies: tuple[int, ...], count: int, empties: int, seed: int) -> PositionSet:
    """Returns positions in which the player to move can force a win, but not with every move.

    The games before are random, so that no player's habits are in them.

    **Arguments:**

    - `plies`: lengths of the shortest forced win, odd numbers, each equally often.
    - `count`: how many positions.
    - `empties`: at most so many places are empty, at least half as many; 14 are solved in milliseconds.
    - `seed`: of the games.

    **Raises:** `WorldError` for plies that are not odd: the last move is the player's own.
    """
    if not plies or any(length < 1 or length % 2 == 0 for length in plies):
        raise WorldError(f"A forced win takes an odd number of plies, 1 or more; {list(plies)} are not. Give odd ones.")
    random = np.random.default_rng(seed)
    wanted = {length: count // len(plies) + (place < count % len(plies)) for place, length in enumerate(plies)}
    boards, values, lengths, seen = [], [], [], set()
    while any(wanted.values()):
        position = _random_play(int(random.integers(empties // 2, empties + 1)), random)
        if position is None or position in seen:
            continue
        seen.add(position)
        # Its length comes first: most positions are dropped for it, and it takes no search to the end.
        longest = max(length for length, left in wanted.items() if left)
        length = next((number for number in range(1, longest + 1, 2) if wins_within(*position, number)), 0)
        if not wanted.get(length):
            continue
        row, memory = np.full(COLUMNS, np.nan), {}
        for column in open_columns(*position):
            row[column] = -outcome(*dropped(*position, column), memory=memory)
        if np.nanmin(row) == 1:
            continue
        wanted[length] -= 1
        boards.append(plane_of(*position))
        values.append(row)
        lengths.append(length)
    knowledge = (
        "Every move was searched to the end of the game, so that the outcome (win, draw, loss) under the best play of "
        "both is exact; plies are the length of the shortest forced win."
    )
    return position_set("connect-four wins", np.stack(boards), np.stack(values), np.array(lengths), knowledge)


def _random_play(empties: int, random: np.random.Generator) -> tuple[int, int] | None:
    own, other = 0, 0
    for _ in range(ROWS * COLUMNS - empties):
        columns = open_columns(own, other)
        own, other = dropped(own, other, columns[random.integers(len(columns))])
        if has_line(other):
            return None
    return own, other
