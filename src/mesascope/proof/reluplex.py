"""Reluplex in exact fractions: the simplex method with rectifiers, for small networks, to learn from and to check by.

Each rectifier is a pair `(b, f)` that may break `f = max(b, 0)` for a while. What is out of its bounds is repaired as
the simplex method does it, then a pair that is broken; a pair that is repaired too often is split into its two phases.
In fractions it is sound and complete, and nothing is rounded (Katz et al. 2017, section 3).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.proof.box import Box
from mesascope.proof.piecewise import Affine, PiecewiseNetwork

MAXIMUM_RECTIFIERS: int = 20
REPAIRS: int = 5
"""Of one pair before it is split; the paper's number."""

Bound = Fraction | None


@dataclass(frozen=True)
class Solution:
    """What Reluplex found.

    **Arguments:**

    - `inputs`: the free inputs of a point that is bad; `None` if there is none in the box.
    - `pivots`, `splits`: what it took.
    """

    inputs: tuple[Fraction, ...] | None
    pivots: int
    splits: int


@dataclass
class _Work:
    deadline: float
    pivots: int = 0
    splits: int = 0


class _OutOfTime(Exception):
    pass


@dataclass
class _Tableau:
    """Basic variables as sums of the others, with bounds and values of all; variable 0 is the constant 1."""

    rows: dict[int, dict[int, Fraction]]
    low: list[Bound]
    high: list[Bound]
    value: list[Fraction]
    pairs: list[tuple[int, int, int]]
    repairs: list[int] = field(default_factory=list)

    def copy(self) -> _Tableau:
        rows = {basic: dict(row) for basic, row in self.rows.items()}
        return _Tableau(rows, self.low[:], self.high[:], self.value[:], self.pairs, self.repairs[:])

    def move(self, variable: int, amount: Fraction) -> None:
        """Moves a variable that is not basic, and all that hang on it."""
        self.value[variable] += amount
        for basic, row in self.rows.items():
            if variable in row:
                self.value[basic] += row[variable] * amount

    def pivot(self, basic: int, entering: int) -> None:
        """Exchanges a basic variable for one in its row."""
        row = self.rows.pop(basic)
        slope = row.pop(entering)
        solved = {variable: -weight / slope for variable, weight in row.items()} | {basic: 1 / slope}
        for other in self.rows.values():
            share = other.pop(entering, None)
            if share is None:
                continue
            for variable, weight in solved.items():
                total = other.get(variable, Fraction(0)) + share * weight
                other.pop(variable, None)
                if total:
                    other[variable] = total
        self.rows[entering] = solved

    def lacks(self, variable: int) -> Fraction:
        """Returns by how much a variable must grow (or shrink, below 0) to be within its bounds."""
        low, high, value = self.low[variable], self.high[variable], self.value[variable]
        if low is not None and value < low:
            return low - value
        return high - value if high is not None and value > high else Fraction(0)

    def free_to(self, variable: int, direction: Fraction) -> bool:
        """Whether a variable may still move up (or down) within its bounds."""
        end = self.high[variable] if direction > 0 else self.low[variable]
        return end is None or (self.value[variable] < end if direction > 0 else self.value[variable] > end)


def reluplex(
    network: PiecewiseNetwork,
    box: Box,
    rows: Float[np.ndarray, "R O"],
    offsets: Float[np.ndarray, " R"],
    *,
    seconds: float = math.inf,
) -> Solution | None:
    """Returns a point of a box in which all rows `rows @ outputs + offsets <= 0` hold, or that there is none; exact.

    **Arguments:**

    - `network`: of at most `MAXIMUM_RECTIFIERS` rectifiers.
    - `box`: that the network was made for.
    - `rows`, `offsets`: one case of `BadOutputs`.
    - `seconds`: of CPU that it may take.

    **Returns:** `None` if the time was not enough.

    **Raises:** `UsageError` for a network that is too large or has other activations.
    """
    if sum(network.widths) > MAXIMUM_RECTIFIERS or "tanh" in network.activations:
        raise UsageError(
            f"Reluplex in fractions takes networks of at most {MAXIMUM_RECTIFIERS} rectifiers; this one has "
            f"{sum(network.widths)} hidden units ({', '.join(sorted(set(network.activations)))}). Use the engine "
            "'bounds' or 'marabou'."
        )
    work = _Work(time.process_time() + seconds)
    try:
        solved = _solve(_tableau(network, box, rows, offsets), work)
    except _OutOfTime:
        return None
    inputs = None if solved is None else tuple(solved.value[1 : 1 + len(network.free)])
    return Solution(inputs, work.pivots, work.splits)


def _tableau(network: PiecewiseNetwork, box: Box, rows: np.ndarray, offsets: np.ndarray) -> _Tableau:
    one = Fraction(1)
    table = _Tableau({}, [one], [one], [one], [])
    units: list[list[int]] = [[]]

    def variable(low: Bound, high: Bound, row: dict[int, Fraction] | None = None) -> int:
        place = len(table.value)
        table.low.append(low)
        table.high.append(high)
        # What is not basic begins within its bounds.
        start = next((end for end in (low, high) if end is not None), Fraction(0))
        table.value.append(start if row is None else sum((w * table.value[v] for v, w in row.items()), Fraction(0)))
        if row is not None:
            table.rows[place] = row
        return place

    for low, high in zip(box.low.ravel()[network.free], box.high.ravel()[network.free], strict=True):
        units[0].append(variable(Fraction(float(low)), Fraction(float(high))))
    for layer in network.layers:
        after = []
        for unit in range(len(layer.bias)):
            row = _row(layer, units, unit)
            low, high = _interval(table, row)
            before = variable(low, high, row)
            rectified = variable(max(low, Fraction(0)), max(high, Fraction(0)))
            # f - b, which is never below 0: the relaxation that both phases share.
            gap = variable(Fraction(0), None, _sum({rectified: one}, row, -one))
            table.pairs.append((before, rectified, gap))
            after.append(rectified)
        units.append(after)
    outputs = [_row(network.outputs, units, output) for output in range(len(network.outputs.bias))]
    for weights, offset in zip(rows, offsets, strict=True):
        row: dict[int, Fraction] = {0: Fraction(float(offset))}
        for weight, output in zip(weights, outputs, strict=True):
            row = _sum(row, output, Fraction(float(weight)))
        variable(None, Fraction(0), row)
    table.repairs = [0] * len(table.pairs)
    return table


def _row(affine: Affine, units: list[list[int]], unit: int) -> dict[int, Fraction]:
    row = {0: Fraction(float(affine.bias[unit]))}
    for layer, weights in affine.weights.items():
        row |= {variable: Fraction(float(w)) for variable, w in zip(units[layer], weights[unit], strict=True) if w}
    return row


def _sum(row: dict[int, Fraction], other: dict[int, Fraction], share: Fraction) -> dict[int, Fraction]:
    total = {
        variable: row.get(variable, Fraction(0)) + share * other.get(variable, Fraction(0))
        for variable in {**row, **other}
    }
    return {variable: weight for variable, weight in total.items() if weight}


def _interval(table: _Tableau, row: dict[int, Fraction]) -> tuple[Fraction, Fraction]:
    low = high = Fraction(0)
    for variable, weight in row.items():
        ends = [weight * end for end in (table.low[variable], table.high[variable]) if end is not None]
        low, high = low + min(ends), high + max(ends)
    return low, high


def _solve(table: _Tableau, work: _Work) -> _Tableau | None:
    """Returns the table with values for which everything holds, or `None` if there are none."""
    while True:
        if time.process_time() > work.deadline:
            raise _OutOfTime
        # Bland's rule, the first of its kind each time, keeps the simplex method from going round in circles.
        broken = next((basic for basic in sorted(table.rows) if table.lacks(basic)), None)
        if broken is not None:
            amount = table.lacks(broken)
            row = table.rows[broken]
            entering = next((v for v in sorted(row) if v and table.free_to(v, amount * row[v])), None)
            if entering is None:
                return None
            table.move(entering, amount / row[entering])
            table.pivot(broken, entering)
            work.pivots += 1
            continue
        pair = next((k for k, (b, f, _) in enumerate(table.pairs) if table.value[f] != max(table.value[b], 0)), None)
        if pair is None:
            return table
        table.repairs[pair] += 1
        if table.repairs[pair] > REPAIRS or not _repaired(table, table.pairs[pair], work):
            return _split(table, table.pairs[pair], work)


def _repaired(table: _Tableau, pair: tuple[int, int, int], work: _Work) -> bool:
    """Sets one of a broken pair to what the other says; whether that was possible."""
    before, rectified, _ = pair
    wanted = max(table.value[before], Fraction(0)) - table.value[rectified]
    if rectified in table.rows:
        entering = next((v for v in sorted(table.rows[rectified]) if v and v != before), None)
        if entering is None:
            return False
        table.pivot(rectified, entering)
        work.pivots += 1
    table.move(rectified, wanted)
    return True


def _split(table: _Tableau, pair: tuple[int, int, int], work: _Work) -> _Tableau | None:
    before, rectified, gap = pair
    work.splits += 1
    # Active: b >= 0 and f = b. Inactive: b <= 0 and f = 0.
    for limits in (((before, True), (gap, False)), ((before, False), (rectified, False))):
        phase = table.copy()
        for variable, is_low in limits:
            ends = phase.low if is_low else phase.high
            end = ends[variable]
            ends[variable] = Fraction(0) if end is None else (max if is_low else min)(end, Fraction(0))
        if any(
            low is not None and high is not None and low > high for low, high in zip(phase.low, phase.high, strict=True)
        ):
            continue
        for variable in range(len(phase.value)):
            if variable not in phase.rows and (amount := phase.lacks(variable)):
                phase.move(variable, amount)
        if (solved := _solve(phase, work)) is not None:
            return solved
    return None
