"""Branch and bound: boxes whose bounds say nothing are halved until they do, many queries at once.

Wang et al. 2018 (arXiv 1804.10829) halve inputs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import numpy as np

from mesascope.proof.bounds import bound, magnitude, parameters_of
from mesascope.proof.box import BadOutputs, Box
from mesascope.proof.piecewise import PiecewiseNetwork

TOLERANCE: float = 1e-6
"""By which a bound must lie above 0, times the size of the row's offset, or 1."""
ROUNDING: float = 1e-13
"""And by this much more, times the largest that the terms of its sums can add up to."""
BATCHES: tuple[int, ...] = (8, 128)
"""Boxes that are bounded at once: shapes that are compiled."""


@dataclass(frozen=True, eq=False)
class Query:
    """Whether any vector of a box makes a network's outputs bad.

    **Arguments:**

    - `box`: of all inputs of the network, in their shape or flattened.
    - `bad`: outputs that must not happen.
    """

    box: Box
    bad: BadOutputs


@dataclass
class Search:
    """One query while it is searched.

    **Arguments:**

    - `query`: what is asked.
    - `open`: boxes that are left, as `(case, low, high)` in the free inputs.
    - `witness`: an input that is bad.
    - `boxes`: how many were bounded.
    - `seconds`: CPU time that they took.
    """

    query: Query
    open: list[tuple[int, np.ndarray, np.ndarray]] = field(default_factory=list)
    witness: np.ndarray | None = None
    boxes: int = 0
    seconds: float = 0.0

    @property
    def proved(self) -> bool:
        """Whether nothing is left that could be bad."""
        return self.witness is None and not self.open


class Engine:
    """Branch and bound on one network.

    **Arguments:**

    - `network`: what is asked about.
    - `queries`: about it; every box pins what the network takes for fixed.
    - `replay`: the original network, from `[B, D]` to `[B, O]`: witnesses are bad there, too; by default only here.
    """

    def __init__(self, network: PiecewiseNetwork, queries: Sequence[Query], replay=None):
        self.network, self.replay = network, replay
        self.searches = [Search(query) for query in queries]
        self.parameters = parameters_of(network)
        self.rows = max((len(offsets) for query in queries for _, offsets in query.bad.cases), default=1)
        for search in self.searches:
            low, high = (end.reshape(-1)[network.free] for end in (search.query.box.low, search.query.box.high))
            search.open = [(case, low, high) for case in range(len(search.query.bad.cases))]
            self._look(search, np.stack([low, (low + high) / 2, high]))
        self.margins = [self._margins(query) for query in queries]

    def run(self, *, seconds: float) -> list[Search]:
        """Returns the searches after each was decided, or has had as many CPU seconds."""
        while live := [s for s in self.searches if s.open and s.witness is None and s.seconds < seconds]:
            waiting = sum(len(search.open) for search in live)
            size = next((size for size in BATCHES if size >= waiting), BATCHES[-1])
            batch: list[tuple[Search, tuple[int, np.ndarray, np.ndarray]]] = []
            share = -(-size // len(live))
            for search in live[:size]:
                take = min(share, size - len(batch), len(search.open))
                batch += [(search, search.open.pop()) for _ in range(take)]
            self._step(batch, size)
        return self.searches

    def _step(self, batch, size: int) -> None:
        began = time.process_time()
        filled = batch + batch[:1] * (size - len(batch))
        low, high = (np.stack([node[end] for _, node in filled]) for end in (1, 2))
        rows, offsets, margins = (
            np.stack(parts) for parts in zip(*(self._case(s, n[0]) for s, n in filled), strict=True)
        )
        with jax.enable_x64(True):
            found = bound(self.parameters, self.network.activations, low, high, rows, offsets)
            bounds, slopes = np.asarray(found.rows), np.asarray(found.slopes)
        held = np.any(bounds > margins, axis=-1)
        best = np.argmax(bounds, axis=-1)
        steepest = slopes[np.arange(size), best]
        vertex = np.where(steepest > 0, low, high)
        score = np.abs(steepest) * (high - low) + 1e-9 * (high - low)
        for index, (search, (case, *_)) in enumerate(batch):
            search.boxes += 1
            if held[index] or search.witness is not None:
                continue
            centre = (low[index] + high[index]) / 2
            self._look(search, np.stack([vertex[index], centre]))
            axis = int(np.argmax(score[index]))
            for half in (0, 1):
                ends = low[index].copy(), high[index].copy()
                ends[1 - half][axis] = centre[axis]
                search.open.append((case, *ends))
        spent = time.process_time() - began
        for search, _ in batch:
            search.seconds += spent / len(batch)

    def _case(self, search: Search, case: int):
        rows, offsets = search.query.bad.cases[case]
        # Rows that are asked for twice change nothing: all batches have one shape.
        order = np.resize(np.arange(len(offsets)), self.rows)
        return rows[order], offsets[order], self.margins[self.searches.index(search)][case][order]

    def _margins(self, query: Query) -> list[np.ndarray]:
        ends = np.maximum(np.abs(query.box.low), np.abs(query.box.high)).reshape(-1)[self.network.free]
        units = [ends]
        for layer in self.network.layers:
            units.append(magnitude(layer, units))
        largest = magnitude(self.network.outputs, units)
        return [
            TOLERANCE * np.maximum(1, np.abs(offsets)) + ROUNDING * (np.abs(rows) @ largest)
            for rows, offsets in query.bad.cases
        ]

    def _look(self, search: Search, points: np.ndarray) -> None:
        """Takes the first of some points that is bad as the witness."""
        inputs = np.tile(search.query.box.low.reshape(-1), (len(points), 1))
        inputs[:, self.network.free] = points
        for bad in np.flatnonzero(search.query.bad.holds(self.network(inputs))):
            if self.replay is None or bool(
                search.query.bad.holds(np.asarray(self.replay(inputs[bad : bad + 1]), np.float64))[0]
            ):
                search.witness = inputs[bad]
                return
