"""Backgammon with two checkers a side, solved: every position with contact and without, bar and hits included.

The other thirteen checkers of each side are borne off already, so that nobody can lose double. A side's two checkers
are
a pair `high >= low` of numbers of its own count: 0 borne off, 1 to 24 a point, 25 on the bar. The opponent's point `p`
is one's own point `25 - p`. A position is a pair of such sides, the one to move first.

The value of a position is the probability of winning under the best play of both: the fixed point of one equation for
each of 350 * 350 positions, which value iteration finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from games.positions import PositionSet, position_set

BAR: int = 25
ROLLS: tuple[tuple[int, int], ...] = tuple((high, low) for high in range(1, 7) for low in range(1, high + 1))
CHANCES: Float[np.ndarray, " 21"] = np.array([(1 if high == low else 2) / 36 for high, low in ROLLS])

_PAIRS = np.array([(high, low) for high in range(26) for low in range(high + 1)])
_NUMBER = np.zeros((26, 26), np.int64)
_NUMBER[_PAIRS[:, 0], _PAIRS[:, 1]] = _NUMBER[_PAIRS[:, 1], _PAIRS[:, 0]] = np.arange(len(_PAIRS))
SIDES: int = len(_PAIRS)
"""How many pairs of places a side's checkers can stand on; number 0 has both borne off."""

SETTLED: float = 1e-10
"""Change of a value, in double precision, at which iteration ends."""


def side_number(high: int, low: int) -> int:
    """Returns the number of a side.

    **Arguments:**

    - `high`, `low`: where its checkers stand, 0 to 25.
    """
    return int(_NUMBER[high, low])


def places_of(sides: Int[np.ndarray, "..."]) -> Int[np.ndarray, "... 2"]:
    """Returns where the checkers of sides stand, the farther first.

    **Arguments:**

    - `sides`: their numbers.
    """
    return _PAIRS[sides]


def results(
    own: Int[np.ndarray, " B"], other: Int[np.ndarray, " B"], roll: tuple[int, int]
) -> tuple[Int[np.ndarray, "B M"], Int[np.ndarray, "B M"]]:
    """Returns the positions that a roll can lead to: both sides, the mover still first; -1 fills up.

    As many dice as possible must be played, and the larger one if either can be but not both.

    **Arguments:**

    - `own`, `other`: numbers of the sides, the one to move first.
    - `roll`: two dice.
    """
    first, second = roll
    orders = [(first,) * 4] if first == second else [(first, second), (second, first)]
    found = []
    for dice in orders:
        places = np.concatenate([_PAIRS[own], _PAIRS[other]], -1)
        states = [(places, np.zeros(len(places), np.int64), np.ones(len(places), bool))]
        ends = []
        for die in dice:
            following = []
            for before, used, possible in states:
                moved = [_stepped(before, die, checker) for checker in (0, 1)]
                stuck = possible & ~moved[0][1] & ~moved[1][1]
                ends.append((before, used, stuck))
                following += [(after, used + 1, possible & can) for after, can in moved]
            states = following
        found += [(*state, dice[0]) for state in states + ends]
    codes, ranks = [], []
    for places, used, possible, leading in found:
        code = _NUMBER[places[:, 0], places[:, 1]] * SIDES + _NUMBER[places[:, 2], places[:, 3]]
        # With one die played of two, the order that led with the larger one goes before the other.
        larger = 0.5 if first != second and leading == max(roll) else 0.0
        ranks.append(np.where(possible, used + np.where(used == 1, larger, 0.0), -1.0))
        codes.append(code)
    rank, code = np.stack(ranks, -1), np.stack(codes, -1)
    code = np.where(rank == rank.max(-1, keepdims=True), code, -1)
    code = -np.sort(-code, axis=-1)
    code[:, 1:] = np.where(code[:, 1:] == code[:, :-1], -1, code[:, 1:])
    code = -np.sort(-code, axis=-1)
    code = code[:, : max(1, int((code >= 0).sum(-1).max()))]
    return np.where(code >= 0, code // SIDES, -1), np.where(code >= 0, code % SIDES, -1)


def _stepped(places: np.ndarray, die: int, checker: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns positions after one checker (0 the mover's farther, 1 the nearer) moved, and whether it may."""
    own, other = places[:, :2], places[:, 2:]
    place = own[:, checker]
    target = np.maximum(place - die, 0)
    home = own.max(-1) <= 6
    # A larger die than needed bears off the farthest checker only.
    exact = (place - die == 0) | ((place - die < 0) & (place == own.max(-1)))
    on_bar = (own == BAR).any(-1)
    blocked = ((other == 25 - target[:, None]).sum(-1) == 2) & (target > 0)
    can = (place > 0) & ~blocked & np.where(target > 0, True, home & exact) & (~on_bar | (place == BAR))
    after = places.copy()
    after[:, checker] = target
    after[:, :2] = -np.sort(-after[:, :2], axis=-1)
    hit = (other == 25 - target[:, None]) & (target > 0)[:, None]
    after[:, 2:] = -np.sort(-np.where(hit, BAR, other), axis=-1)
    return np.where(can[:, None], after, places), can


def possible_positions() -> np.ndarray:
    """Returns which pairs of sides can stand on one board, both sides still having a checker, `[SIDES, SIDES]`."""
    own, other = _PAIRS[:, None, :, None], _PAIRS[None, :, None, :]
    shared = ((own == 25 - other) & (own > 0) & (own < BAR)).any((-1, -2))
    free = ~shared
    free[0, :] = free[:, 0] = False
    return free


@dataclass(frozen=True)
class Solution:
    """The game, solved.

    **Arguments:**

    - `wins`: probability that the side to move wins, `[SIDES, SIDES]`: own side, other side.
    - `sweeps`: of value iteration.
    - `residual`: the most that one more sweep would change.
    """

    wins: Float[np.ndarray, "P P"]
    sweeps: int
    residual: float


@lru_cache(maxsize=1)
def solve_two_checkers() -> Solution:
    """Returns the winning probability in every position of two checkers a side."""
    own, other = np.nonzero(possible_positions())
    following = []
    for roll in ROLLS:
        mine, theirs = results(own, other, roll)
        # The other side moves next. Code -1 points behind the table, at a value that is never chosen.
        # Transposed, because the least of a few long rows is found much faster than that of many short ones.
        codes = np.where(mine >= 0, theirs * SIDES + mine, SIDES * SIDES)
        following.append(np.ascontiguousarray(codes.T.astype(np.int32)))
    wins = np.zeros(SIDES * SIDES + 1)
    wins[-1] = 2.0
    # Whoever is to move with the other side borne off has lost.
    place = own * SIDES + other
    wins[place] = 0.5
    residual, sweeps = 1.0, 0
    while residual > SETTLED:
        new = sum(chance * (1 - wins[table].min(0)) for chance, table in zip(CHANCES, following, strict=True))
        residual = float(np.abs(new - wins[place]).max())
        wins[place] = new
        sweeps += 1
    return Solution(wins[:-1].reshape(SIDES, SIDES), sweeps, residual)


def two_checker_rolls(*, count: int, contact: bool, seed: int, worth: float = 0.02) -> PositionSet:
    """Returns positions with a roll to play, in which at least one play costs something.

    An observation is `[own high, own low, other high, other low, die, die]`. The actions are the resulting positions in
    the order of `results`.

    **Arguments:**

    - `count`: how many.
    - `contact`: whether the sides have still to pass each other; else all four checkers are in their home boards.
    - `seed`: of the draw.
    - `worth`: the best play wins at least so much more often than the worst.
    """
    solution, random = solve_two_checkers(), np.random.default_rng(seed)
    high, low = _PAIRS.T
    free = possible_positions() & ((low[:, None] > 0) & (low[None, :] > 0))
    meet = high[:, None] + high[None, :] > 25
    home = (high[:, None] <= 6) & (high[None, :] <= 6)
    own, other = np.nonzero(free & (meet if contact else home))
    rows, observations = [], []
    while len(rows) < count:
        place, roll = int(random.integers(len(own))), ROLLS[random.choice(21, p=CHANCES)]
        mine, theirs = (side[0] for side in results(own[place : place + 1], other[place : place + 1], roll))
        values = np.where(mine == 0, 1.0, 1 - solution.wins[theirs, mine])
        if len(values) < 2 or values.max() - values.min() < worth:
            continue
        rows.append(values)
        observations.append([*_PAIRS[own[place]], *_PAIRS[other[place]], *roll])
    widest = max(len(row) for row in rows)
    values = np.full((count, widest), np.nan)
    for number, row in enumerate(rows):
        values[number, : len(row)] = row
    knowledge = (
        f"The winning probability under the best play of both is the fixed point of value iteration over all positions "
        f"of two checkers a side (residual {solution.residual:.0e}); hits start anew, so that no number of plies ends "
        "it."
    )
    name = "backgammon rolls with contact" if contact else "backgammon bear-offs"
    plies = np.full(count, np.inf)
    return position_set(name, np.array(observations, float), values, plies, knowledge, tolerance=1e-6)
