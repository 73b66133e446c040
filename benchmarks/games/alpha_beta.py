"""Players of connect four whose kind is known: alpha-beta of a set depth, and reflexes that do not look ahead."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from games.connect_four import COLUMNS, ROWS, dropped, has_line, open_columns
from mesascope.agents.agent import Agent
from mesascope.core.errors import UsageError

Judgement = Callable[[int, int], float]
"""What a position is worth to the player to move, in (-1, 1), without looking ahead."""

WON: float = 10.0


def _lines() -> tuple[int, ...]:
    """Returns every four places in a line, as bits."""
    found = []
    for column in range(COLUMNS):
        for row in range(ROWS):
            for right, up in ((1, 0), (0, 1), (1, 1), (1, -1)):
                last = column + 3 * right, row + 3 * up
                if last[0] < COLUMNS and 0 <= last[1] < ROWS:
                    found.append(sum(1 << 7 * (column + right * step) + row + up * step for step in range(4)))
    return tuple(found)


LINES: tuple[int, ...] = _lines()


def blind(own: int, other: int) -> float:
    """Returns 0: nothing is known but who has won."""
    return 0.0


def by_lines(own: int, other: int) -> float:
    """Returns how many more lines stand open to the player to move, those with more discs the more."""
    total = 0
    for line in LINES:
        mine, theirs = (own & line).bit_count(), (other & line).bit_count()
        if not theirs:
            total += mine * mine
        elif not mine:
            total -= theirs * theirs
    return total / 700


class AlphaBeta(Agent):
    """Looks so many plies ahead, and judges what it finds there.

    **Arguments:**

    - `depth`: plies, the first of them its own move: 1 is a reflex that sees the next move and no more.
    - `judgement`: of positions at that depth.
    - `budgets`: depths that can be set.
    """

    kind = "search"
    memoryless = True

    def __init__(self, depth: int, judgement: Judgement, budgets: tuple[int, ...]):
        self.name, self.budget = f"{type(self).__name__} {depth}, {judgement.__name__}", depth
        self.judgement, self._budgets = judgement, budgets

    def budgets(self) -> tuple[int, ...]:
        return self._budgets

    def with_budget(self, budget: int) -> Agent:
        if budget not in self._budgets:
            raise UsageError(f"Budget {budget} is none of {self._budgets}.")
        return type(self)(budget, self.judgement, self._budgets)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B 42"], state: None) -> tuple[Float[np.ndarray, "B 7"], None]:
        moves = np.array([self.chosen(*_discs(seen)) for seen in observations])
        return np.eye(COLUMNS)[moves], None

    def chosen(self, own: int, other: int) -> int:
        """Returns the column that it drops a disc into: the first of equals, from the middle."""
        best, chosen = -np.inf, -1
        for column in open_columns(own, other):
            found = -self._worth(*dropped(own, other, column), self.budget - 1, -np.inf, -best)
            if found > best:
                best, chosen = found, column
        return chosen

    def _judged(self, own: int, other: int) -> np.ndarray:
        """Returns what each open column is worth, without looking ahead."""
        after = (dropped(own, other, column) for column in open_columns(own, other))
        return np.array([-self._worth(*position, 0, -np.inf, np.inf) for position in after])

    def _worth(self, own: int, other: int, depth: int, low: float, high: float) -> float:
        if has_line(other):
            # The sooner the better.
            return -WON - depth
        columns = open_columns(own, other)
        if not columns:
            return 0.0
        if depth <= 0:
            return self.judgement(own, other)
        best = -np.inf
        for column in columns:
            best = max(best, -self._worth(*dropped(own, other, column), depth - 1, -high, -max(low, best)))
            if best >= high:
                break
        return best


class Reflex(AlphaBeta):
    """Sees what the next move brings, and no more; it takes no budget."""

    budgets = None  # pyright: ignore[reportAssignmentType]
    with_budget = None  # pyright: ignore[reportAssignmentType]

    def __init__(self, judgement: Judgement):
        super().__init__(1, judgement, ())


class Averaging(AlphaBeta):
    """A reflex whose judgement is noisy, and that judges as often as its budget: that helps, and looks no farther.

    A win it sees at once.
    """

    NOISE = 0.05

    def chosen(self, own: int, other: int) -> int:
        random = np.random.default_rng([own, other])
        noise = self.NOISE * random.standard_normal((self.budget, COLUMNS)).mean(0)
        columns = open_columns(own, other)
        return columns[int(np.argmax(self._judged(own, other) + noise[columns]))]


class Idle(AlphaBeta):
    """A reflex whose budget changes which of equal moves it makes, and nothing else."""

    def chosen(self, own: int, other: int) -> int:
        columns = open_columns(own, other)
        found = self._judged(own, other)
        equal = np.flatnonzero(found >= found.max() - 1e-9)
        return columns[int(equal[self.budget % len(equal)])]


def _discs(seen: Float[np.ndarray, " 42"]) -> tuple[int, int]:
    """Returns the position that `plane_of` shows."""
    own = other = 0
    for place, disc in enumerate(seen):
        bit = 1 << 7 * (place // ROWS) + place % ROWS
        own, other = own | bit * (disc > 0.5), other | bit * (disc < -0.5)
    return int(own), int(other)
