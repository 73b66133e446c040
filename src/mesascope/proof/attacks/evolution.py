"""Differential evolution over edits of cells, where there are too many to try all of them (Su et al. 2017).

The one-pixel attack evolves a place and a colour for each pixel. Cells of a grid have no order in which neighbours are
alike, so that single edits are tried first and put into the order of what each does alone: of two coordinates that are
close, both cells do about as much, and the differences that the method lives on mean something. Contents that are
numbers on a scale are evolved as such.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import differential_evolution

from mesascope.core.errors import UsageError
from mesascope.proof.attacks.cells import CellEdits

FACTOR: float = 0.5
"""Of the difference that is added (Su et al. 2017, section 3.2); there is no crossover."""
POPULATION: int = 24
GENERATIONS: int = 100
"""Of one population; what is left of the budget goes to further ones."""
TURNS: int = 50
SKEW: float = 3.0

Score = Callable[[Int[np.ndarray, "E k"], Float[np.ndarray, "E k C"]], Float[np.ndarray, " E"]]
"""What some edits achieve, given as places and contents; larger is worse for the agent."""


@dataclass(frozen=True, eq=False)
class Evolved:
    """The best edit that was met.

    **Arguments:**

    - `places`, `contents`: of its cells.
    - `score`: what it achieves.
    - `evaluations`: different edits that were tried, those of single cells included.
    """

    places: Int[np.ndarray, " k"]
    contents: Float[np.ndarray, "k C"]
    score: float
    evaluations: int


def evolved(score: Score, edits: CellEdits, cells: int, *, budget: int, seed: int) -> Evolved:
    """Returns the best edit that differential evolution meets.

    **Arguments:**

    - `score`: asks the agent.
    - `edits`: those that are admissible.
    - `cells`: how many cells are edited at once, 1 or more.
    - `budget`: edits that may be tried, 8 or more.
    - `seed`: of the population.

    **Raises:** `UsageError` for numbers that cannot be.
    """
    if not 1 <= cells <= edits.places or budget < 8 or not len(edits.singles):
        raise UsageError(
            f"{cells} of {edits.places} cells, {len(edits.singles)} edits of one and a budget of {budget}: there must "
            "be a cell, something to put into it, and 8 tries or more."
        )
    search = _Search(score, edits, cells, budget, np.random.default_rng(seed))
    search.run(seed)
    assert search.best is not None
    return Evolved(*search.best, search.value, search.evaluations)


class _Search:
    def __init__(self, score: Score, edits: CellEdits, cells: int, budget: int, random: np.random.Generator):
        self.score, self.edits, self.cells, self.budget, self.random = score, edits, cells, budget, random
        self.known: dict[tuple, float] = {}
        self.best: tuple[np.ndarray, np.ndarray] | None = None
        self.value, self.evaluations = -np.inf, 0
        self.order = np.arange(len(edits.singles))

    @property
    def channels(self) -> int:
        """Coordinates of the content of a cell: its values where they are on a scale, else none of their own."""
        return 0 if self.edits.whole else len(self.edits.low)

    def run(self, seed: int) -> None:
        edits, many = self.edits, len(self.edits.singles)
        if edits.whole and many <= self.budget // 2:
            alone = self.asked(edits.singles[:, :1], edits.contents[edits.singles[:, 1:]])
            self.order = np.argsort(-alone, kind="stable")
        size = min(POPULATION, max(5, (self.budget - self.evaluations) // 4))
        ends = [many if edits.whole else edits.places, *[1.0] * self.channels] * self.cells
        for turn in range(TURNS):
            if self.evaluations >= self.budget:
                return
            start = self.random.random((size, len(ends)))
            # The first of the order together, and the rest ever more thinly.
            start = start**SKEW if edits.whole else start
            differential_evolution(
                lambda points: -self.points(points.T),
                [(0.0, float(end)) for end in ends],
                init=start * ends,  # pyright: ignore[reportArgumentType]
                strategy="rand1bin",
                mutation=FACTOR,
                recombination=1.0,
                maxiter=GENERATIONS,
                tol=0.0,
                rng=seed + turn,
                vectorized=True,
                updating="deferred",
                polish=False,
                callback=lambda intermediate_result: self.evaluations >= self.budget,
            )

    def points(self, points: Float[np.ndarray, "E D"]) -> Float[np.ndarray, " E"]:
        """Returns what the edits of some points achieve; nothing where the budget is spent or a cell is met twice."""
        edits, scores = self.edits, np.full(len(points), -np.inf)
        split = points.reshape(len(points), self.cells, -1)
        if edits.whole:
            chosen = edits.singles[self.order[np.minimum(split[..., 0].astype(int), len(self.order) - 1)]]
            places, contents = chosen[..., 0], edits.contents[chosen[..., 1]]
        else:
            places = np.minimum(split[..., 0].astype(int), edits.places - 1)
            contents = (edits.low + split[..., 1:] * (edits.high - edits.low)).astype(np.float32)
        rows: dict[tuple, list[int]] = {}
        for row, (where, what) in enumerate(zip(places.tolist(), contents.tolist(), strict=True)):
            if len(set(where)) == self.cells:
                rows.setdefault(tuple(sorted(zip(where, map(tuple, what), strict=True))), []).append(row)
        new = [name for name in rows if name not in self.known][: self.budget - self.evaluations]
        if new:
            first = [rows[name][0] for name in new]
            self.known |= dict(zip(new, self.asked(places[first], contents[first]).tolist(), strict=True))
        for name, several in rows.items():
            scores[several] = self.known.get(name, -np.inf)
        return np.maximum(scores, -1e9)

    def asked(self, places: Int[np.ndarray, "E k"], contents: Float[np.ndarray, "E k C"]) -> Float[np.ndarray, " E"]:
        """Returns what some edits achieve, and remembers the best of them."""
        scores = self.score(places, contents)
        self.evaluations += len(scores)
        best = int(np.argmax(scores))
        if scores[best] > self.value:
            self.value, self.best = float(scores[best]), (places[best], contents[best])
        return scores
