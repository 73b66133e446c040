"""Differential evolution over edits of cells, where there are too many to try all of them (Su et al. 2017).

The one-pixel attack evolves a place and a colour for each pixel. Cells of a grid have no order in which neighbours are
alike, so that single edits are tried first and put into the order of what each does alone: of two coordinates that are
close, both cells do about as much, and the differences that the method lives on mean something. Contents that are
numbers on a scale are evolved as such.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import differential_evolution

from mesascope.core.errors import UsageError
from mesascope.proof.attacks.cells import CellEdits

FACTOR: float = 0.5
"""Of the difference that is added (Su et al. 2017, section 3.2); there is no crossover."""
POPULATION, GENERATIONS = 24, 100
"""What one population leaves of the budget goes to further ones."""
SKEW: float = 3.0
"""Populations begin where the best single edits are dense: a power of evenly spread numbers."""
MOST_TURNS: int = 100

Score = Callable[[Int[np.ndarray, "E k"], Float[np.ndarray, "E k C"]], Float[np.ndarray, " E"]]
"""What some edits achieve, given as places and contents; larger is worse for the agent."""


class Evolution:
    """A search for the edit that achieves most.

    **Arguments:**

    - `score`: asks the agent.
    - `edits`: those that are admissible.
    - `cells`: how many cells are edited at once, 1 or more.
    - `budget`: different edits that may be tried, those of single cells included; 8 or more.
    - `seed`: of the populations.

    `best` holds places and contents, `value` what that edit achieves, `evaluations` how many were tried.

    **Raises:** `UsageError` for numbers that cannot be.
    """

    def __init__(self, score: Score, edits: CellEdits, cells: int, *, budget: int, seed: int):
        if not 1 <= cells <= edits.places or budget < 8 or not len(edits.singles):
            raise UsageError(
                f"{cells} of {edits.places} cells, {len(edits.singles)} edits of one and a budget of {budget}: there "
                "must be a cell, something to put into it, and 8 tries or more."
            )
        self.score, self.edits, self.cells, self.budget = score, edits, cells, budget
        self.known: dict[tuple, float] = {}
        self.best = edits.singles[:1, 0], edits.contents[edits.singles[:1, 1]]
        self.value, self.evaluations = -np.inf, 0
        singles, random = edits.singles, np.random.default_rng(seed)
        self.order = np.arange(len(singles))
        if edits.whole and len(singles) <= budget // 2:
            self.order = np.argsort(-self._ask(singles[:, :1], edits.contents[singles[:, 1:]]), kind="stable")
        size = min(POPULATION, max(5, (budget - self.evaluations) // 4))
        scale = [] if edits.whole else [1.0] * len(edits.low)
        ends = np.array([float(len(singles) if edits.whole else edits.places), *scale] * cells)
        for turn in range(MOST_TURNS):
            if self.evaluations >= budget:
                break
            differential_evolution(
                lambda points: -self._points(points.T),
                [(0.0, float(end)) for end in ends],
                init=ends * random.random((size, len(ends))) ** (SKEW if edits.whole else 1.0),  # pyright: ignore[reportArgumentType]
                strategy="rand1bin",
                mutation=FACTOR,
                recombination=1.0,
                maxiter=GENERATIONS,
                tol=0.0,
                rng=seed + turn,
                vectorized=True,
                updating="deferred",
                polish=False,
                callback=lambda intermediate_result: self.evaluations >= budget,
            )

    def _points(self, points: Float[np.ndarray, "E D"]) -> Float[np.ndarray, " E"]:
        """Returns what the edits of some points achieve; little where the budget is spent or a cell is met twice."""
        edits, split = self.edits, points.reshape(len(points), self.cells, -1)
        if edits.whole:
            chosen = edits.singles[self.order[np.minimum(split[..., 0].astype(int), len(self.order) - 1)]]
            places, contents = chosen[..., 0], edits.contents[chosen[..., 1]]
        else:
            places = np.minimum(split[..., 0].astype(int), edits.places - 1)
            contents = (edits.low + split[..., 1:] * (edits.high - edits.low)).astype(np.float32)
        names = [
            tuple(sorted(zip(where, map(tuple, what), strict=True))) if len(set(where)) == self.cells else ()
            for where, what in zip(places.tolist(), contents.tolist(), strict=True)
        ]
        new = {name: row for row, name in enumerate(names) if name and name not in self.known}
        rows = list(new.values())[: self.budget - self.evaluations]
        if rows:
            found = self._ask(places[rows], contents[rows])
            self.known |= {names[row]: float(value) for row, value in zip(rows, found, strict=True)}
        return np.array([self.known.get(name, -1e9) for name in names])

    def _ask(self, places: Int[np.ndarray, "E k"], contents: Float[np.ndarray, "E k C"]) -> Float[np.ndarray, " E"]:
        scores = self.score(places, contents)
        self.evaluations += len(scores)
        first = int(np.argmax(scores))
        if scores[first] > self.value:
            self.value, self.best = float(scores[first]), (places[first], contents[first])
        return scores
