"""Branch and bound: boxes whose bounds say nothing are split until they do, many queries at once.

Inputs are halved (Wang et al. 2018, arXiv 1804.10829) along the steepest and widest; where that no longer helps, the
rectifier that leaves out most is split into its two sides (Bunel et al. 2020, arXiv 1909.06588).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.proof.bounds import Lines, bends, bound_layers, magnitude, slices
from mesascope.proof.box import BadOutputs, Box
from mesascope.proof.optimised_bounds import compiled, parameters_of
from mesascope.proof.piecewise import PiecewiseNetwork

TOLERANCE: float = 1e-6
"""By which a bound must lie above 0, times the size of the row's offset, or 1."""
ROUNDING: float = 1e-13
"""And by this much more, times the largest that the terms of its sums can add up to."""
BATCH: int = 64
"""Parts that are bounded at once: one shape is compiled."""
WORST_FIRST: int = 4
"""One batch in so many takes the parts with the worst bounds, where witnesses are; others go to the bottom of one part
after the other, so that few wait."""
FLAT: float = 0.1
"""Of the steepest slope: flatter inputs count as that steep, because lines get tighter in them, too."""
FEW_INPUTS: int = 10
"""Up to as many free inputs, halving them is better than splitting rectifiers for as long as there are halves."""
STALLED: float = 0.1
"""Of more: a split that raised the bound by less than this share of itself is followed by one of the other kind."""

Replay = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Query:
    """Whether any vector of a box makes a network's outputs bad.

    **Arguments:**

    - `box`: of all inputs of the network, in their shape or flattened.
    - `bad`: outputs that must not happen.
    """

    box: Box
    bad: BadOutputs


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a box in which one case of bad outputs is still possible.

    **Arguments:**

    - `case`: which.
    - `low`, `high`: ends of the free inputs, `[F]`.
    - `sums_low`, `sums_high`: what is known of the sums of hidden units, `[H]`.
    - `signs`: the sides of rectifiers that are split, `[H]`.
    - `bound`: of what it is part of.
    - `of_unit`: whether it is one side of a rectifier, rather than half of an input's range.
    """

    case: int
    low: np.ndarray
    high: np.ndarray
    sums_low: np.ndarray
    sums_high: np.ndarray
    signs: np.ndarray
    bound: float = -np.inf
    of_unit: bool = False


@dataclass(eq=False)
class Search:
    """One query while it is searched.

    **Arguments:**

    - `query`: what is asked.
    - `margins`: by case, how far above 0 the bound of a mixture of its rows has to lie.
    - `open`: parts that are left.
    - `stuck`: parts that cannot be split: they lie within rounding of being bad.
    - `witness`: an input that is bad.
    - `refused`: inputs that are bad in double precision, and not in the original network.
    - `checked`: how many parts were bounded.
    - `seconds`: CPU time that they took.
    """

    query: Query
    margins: list[float]
    open: list[Part]
    stuck: int = 0
    witness: np.ndarray | None = None
    refused: int = 0
    checked: int = 0
    seconds: float = 0.0


class BranchAndBound:
    """Branch and bound on one network.

    **Arguments:**

    - `network`: what is asked about.
    - `queries`: about it; every box pins what the network takes for fixed.
    - `replay`: the original network, from `[B, D]` to `[B, O]`: witnesses are bad there, too; by default only here.
    """

    def __init__(self, network: PiecewiseNetwork, queries: Sequence[Query], replay: Replay | None = None):
        self.network, self.replay = network, replay
        self.slices = slices(network)
        self.units = sum(network.widths)
        self.rectifiers = np.zeros(self.units, bool)
        for part, activation in zip(self.slices, network.activations, strict=True):
            self.rectifiers[part] = activation == "relu"
        # Rows that are asked for twice change nothing: all batches have one shape.
        self.rows = max((len(offsets) for query in queries for _, offsets in query.bad.cases), default=1)
        self.parameters = parameters_of(network)
        self.bound_outputs = None
        self.searches = [self._begin(query) for query in queries]

    def run(self, *, seconds: float) -> list[Search]:
        """Returns the searches after each was decided, or has had as many CPU seconds; compiling is not counted.

        With 0 seconds every box is bounded once, and its halves are not.
        """
        turn = 0
        if not seconds:
            whole = [(search, part) for search in self.searches if search.witness is None for part in search.open]
            for search in self.searches:
                search.open.clear()
            for start in range(0, len(whole), BATCH):
                self._compile()
                self._step(whole[start : start + BATCH])
            return self.searches
        while live := [s for s in self.searches if s.open and s.witness is None and s.seconds < seconds]:
            turn += 1
            share = -(-BATCH // len(live))
            batch: list[tuple[Search, Part]] = []
            for search in live[:BATCH]:
                batch += [(search, part) for part in _take(search.open, share, turn % WORST_FIRST == 0)]
            self._compile()
            began = time.process_time()
            self._step(batch[:BATCH])
            spent = time.process_time() - began
            for search, _ in batch:
                search.seconds += spent / len(batch)
        return self.searches

    def _begin(self, query: Query) -> Search:
        low, high = (end.reshape(-1)[self.network.free] for end in (query.box.low, query.box.high))
        unknown = np.full(self.units, np.inf)
        parts = [Part(case, low, high, -unknown, unknown, np.zeros(self.units)) for case in range(len(query.bad.cases))]
        units = [np.maximum(np.abs(low), np.abs(high))]
        for layer in self.network.layers:
            units.append(magnitude(layer, units))
        largest = magnitude(self.network.outputs, units)
        margins = [
            float(np.max(TOLERANCE * np.maximum(1, np.abs(offsets)) + ROUNDING * (np.abs(rows) @ largest)))
            for rows, offsets in query.bad.cases
        ]
        search = Search(query, margins, parts)
        self._look(search, np.stack([low, (low + high) / 2, high]))
        return search

    def _compile(self) -> None:
        if self.bound_outputs is None:
            outputs, free = len(self.network.outputs.bias), len(self.network.free)
            units, rows = np.zeros((BATCH, self.units)), np.zeros((BATCH, self.rows, outputs))
            ends = np.zeros((BATCH, free))
            self.bound_outputs = compiled(
                self.parameters, Lines(*[units] * 4), units, units, ends, ends, rows, rows[..., 0]
            )

    def _step(self, batch: list[tuple[Search, Part]]) -> None:
        assert self.bound_outputs is not None
        # Copies, because bounds are tightened in place, and siblings share theirs.
        low, high, sums_low, sums_high, signs = (
            np.stack([getattr(part, name) for _, part in batch])
            for name in ("low", "high", "sums_low", "sums_high", "signs")
        )
        possible, lines = bound_layers(self.network, low, high, sums_low, sums_high)
        free = np.zeros_like(signs)
        for part, activation in zip(self.slices, self.network.activations, strict=True):
            free[:, part] = bends(activation, sums_low[:, part], sums_high[:, part])
        free *= self.rectifiers
        asked = [self._case(search, part.case) for search, part in batch]
        rows, offsets = (np.stack(parts) for parts in zip(*asked, strict=True))
        with jax.enable_x64(True):
            filled = jax.tree.map(_filled, (lines, free, signs, low, high, rows, offsets))
            outputs = self.bound_outputs(self.parameters, *filled)
            bound, slopes, steepness, units = (np.asarray(part)[: len(batch)] for part in outputs)
        flattest = np.maximum(FLAT * steepness.max(1, initial=0.0, keepdims=True), 1e-12)
        of_inputs = np.maximum(steepness, flattest) * (high - low)
        gap = -sums_low * sums_high / np.where(free > 0, sums_high - sums_low, 1.0)
        of_units = np.where(free > 0, np.abs(units) * np.where(units < 0, gap, gap / 2), 0.0)
        vertices = np.where(slopes > 0, low, high)
        many = len(self.network.free) > FEW_INPUTS
        for index, (search, part) in enumerate(batch):
            search.checked += 1
            if search.witness is not None or not possible[index] or bound[index] > search.margins[part.case]:
                continue
            self._look(search, np.stack([vertices[index], (low[index] + high[index]) / 2]))
            stalled = bool(bound[index] - part.bound < STALLED * abs(bound[index]))
            known = dataclasses.replace(
                part, sums_low=sums_low[index], sums_high=sums_high[index], bound=float(bound[index])
            )
            halves = split(known, of_inputs[index], of_units[index], unit_first=many and stalled != part.of_unit)
            search.open += halves
            search.stuck += not halves

    def _case(self, search: Search, case: int) -> tuple[np.ndarray, np.ndarray]:
        rows, offsets = search.query.bad.cases[case]
        order = np.resize(np.arange(len(offsets)), self.rows)
        return rows[order].astype(np.float64), offsets[order].astype(np.float64)

    def _look(self, search: Search, points: np.ndarray) -> None:
        """Takes the first of some points that is bad as the witness."""
        inputs = np.tile(search.query.box.low.reshape(-1), (len(points), 1))
        inputs[:, self.network.free] = points
        for index in np.flatnonzero(search.query.bad.holds(self.network(inputs))):
            original = self.network if self.replay is None else self.replay
            if search.query.bad.holds(np.asarray(original(inputs[[index]]), np.float64))[0]:
                search.witness = inputs[index]
                return
            search.refused += 1


def split(part: Part, of_inputs: np.ndarray, of_units: np.ndarray, *, unit_first: bool) -> list[Part]:
    """Returns two halves of a part: of an input's range, or the sides of a rectifier; nothing if it has no halves.

    **Arguments:**

    - `part`: what is split.
    - `of_inputs`, `of_units`: what halving each promises the bound.
    - `unit_first`: whether a rectifier is split if there is one that bends; otherwise only where no input has halves.
    """
    unit = int(np.argmax(of_units)) if of_units.size else 0
    axis = int(np.argmax(of_inputs)) if of_inputs.size else 0
    middle = (part.low[axis] + part.high[axis]) / 2 if of_inputs.size else 0.0
    halvable = bool(of_inputs.size) and part.low[axis] < middle < part.high[axis]
    if of_units.size and of_units[unit] > 0 and (unit_first or not halvable):
        halves = []
        for sign, name in ((1, "sums_low"), (-1, "sums_high")):
            signs, ends = part.signs.copy(), getattr(part, name).copy()
            signs[unit], ends[unit] = sign, 0.0
            halves.append(dataclasses.replace(part, signs=signs, of_unit=True, **{name: ends}))
        return halves
    if not halvable:
        return []
    low, high = part.low.copy(), part.high.copy()
    low[axis] = high[axis] = middle
    return [dataclasses.replace(part, high=high, of_unit=False), dataclasses.replace(part, low=low, of_unit=False)]


def _take(waiting: list[Part], count: int, worst: bool) -> list[Part]:
    """Removes and returns some parts: the last, or those with the worst bounds."""
    if worst and len(waiting) > count:
        order = np.argpartition([part.bound for part in waiting], count)[:count]
        taken = [waiting[index] for index in order]
        kept = set(map(id, taken))
        waiting[:] = [part for part in waiting if id(part) not in kept]
        return taken
    taken = waiting[-count:]
    del waiting[-count:]
    return taken


def _filled(array: np.ndarray) -> np.ndarray:
    """Returns a batch filled up with its first member."""
    return np.concatenate([array, np.broadcast_to(array[:1], (BATCH - len(array), *array.shape[1:]))])
