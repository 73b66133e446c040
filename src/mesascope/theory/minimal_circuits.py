"""Minimal circuits: are the smallest circuits that fit the visible inputs right on the hidden ones? (RFLO §2.2)

Christiano (2018) asks whether minimal circuits are free of daemons. Here all of them are known: straight-line programs
over few inputs, by breadth-first search over the sets of functions that a program has computed. A function of three
inputs is a byte, its truth table: bit i is its value where the binary digits of i are the inputs.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt8

from mesascope.core.errors import UnknownNameError, UsageError

ALL_GATES: tuple[int, ...] = tuple(gate for gate in range(16) if gate not in (0, 15, 3, 12, 5, 10))
"""The ten binary gates that depend on both inputs, as truth tables; a gate may be fed the same wire twice."""
NAND_ONLY: tuple[int, ...] = (7,)
NAMED: dict[str, int] = {"parity": 0b10010110, "multiplexer": 0b11001010, "majority": 0b11101000}
"""Functions of three inputs; the multiplexer lets the last choose between the first two."""
UNREACHED = -1


def inputs(count: int) -> tuple[int, ...]:
    """Returns the truth tables of the inputs themselves.

    **Arguments:**

    - `count`: of inputs, 1 to 3.

    **Raises:** `UsageError` for another number: tables of four inputs have too many functions for this search.
    """
    if not 1 <= count <= 3:
        raise UsageError(f"Circuits of {count} inputs are not enumerated: give 1, 2 or 3.")
    rows = 2**count
    return tuple(sum(1 << row for row in range(rows) if row >> bit & 1) for bit in range(count))


@functools.lru_cache(maxsize=8)
def least_sizes(count: int = 3, gates: tuple[int, ...] = ALL_GATES, limit: int = 6) -> Int[np.ndarray, " functions"]:
    """Returns the least number of gates of every function.

    A program is known by the set of functions that it has computed; programs that only differ in order are one. The
    last gate needs no new sets: what one gate adds to each set is enough.

    **Arguments:**

    - `count`: of inputs, 1 to 3.
    - `gates`: allowed ones as 4-bit truth tables; bit `2 a + b` is the value for inputs a and b.
    - `limit`: gates after which the search stops.

    **Returns:** one size a truth table; `UNREACHED` if it takes more gates than the limit.
    """
    start, universe = inputs(count), 2**2**count
    outputs = _gate_outputs(universe, gates)
    sizes = np.full(universe, UNREACHED)
    sizes[list(start)] = 0
    programs = np.zeros((1, 0), np.uint8)
    for size in range(1, limit + 1):
        new = _one_gate_more(programs, start, outputs)
        reached = new.any(0) & (sizes == UNREACHED)
        sizes[reached] = size
        if (sizes != UNREACHED).all() or size == limit:
            break
        programs = _extended(programs, new)
    return sizes


def functions_by_size(count: int = 3, gates: tuple[int, ...] = ALL_GATES) -> tuple[int, ...]:
    """Returns how many functions have least size 0, 1, 2, ...

    **Arguments:** as of `least_sizes`.
    """
    sizes = least_sizes(count, gates)
    return tuple(int((sizes == size).sum()) for size in range(int(sizes.max()) + 1))


@dataclass(frozen=True)
class Minimisers:
    """The smallest functions that agree with a wanted one on all visible inputs.

    **Arguments:**

    - `size`: their number of gates.
    - `functions`: their truth tables.
    - `wanted`: the truth table that was to be found.
    """

    size: int
    functions: tuple[int, ...]
    wanted: int

    @property
    def count(self) -> int:
        """How many tie."""
        return len(self.functions)

    @property
    def impostors(self) -> int:
        """How many of them are wrong on a hidden input."""
        return sum(function != self.wanted for function in self.functions)


def minimisers(name: str, hidden: tuple[int, ...]) -> Minimisers:
    """Returns the smallest functions that agree with a named one wherever they are looked at.

    **Arguments:**

    - `name`: one of `NAMED`.
    - `hidden`: inputs that are never looked at, as numbers 0 to 7 (7 is 111).

    **Raises:** `UnknownNameError` for another name, `UsageError` for an input outside 0 to 7.
    """
    if name not in NAMED:
        raise UnknownNameError("function of three inputs", name, NAMED)
    if not all(0 <= row <= 7 for row in hidden):
        raise UsageError(f"Hidden inputs must be numbers from 0 to 7, not {hidden}.")
    sizes, wanted = least_sizes(), NAMED[name]
    visible = 0xFF & ~sum(1 << row for row in set(hidden))
    tables = np.arange(256)
    fitting = tables[(tables & visible) == (wanted & visible)]
    least = int(sizes[fitting].min())
    return Minimisers(least, tuple(int(table) for table in fitting[sizes[fitting] == least]), wanted)


def _gate_outputs(universe: int, gates: tuple[int, ...]) -> list[np.ndarray]:
    """For each gate, its output for every pair of functions."""
    first, second = np.arange(universe)[:, None], np.arange(universe)[None]
    full = universe - 1
    pairs = [~first & ~second, ~first & second, first & ~second, first & second]
    found = []
    for gate in gates:
        output = np.zeros((universe, universe), np.int64)
        for row, pair in enumerate(pairs):
            if gate >> row & 1:
                output = output | pair
        found.append((output & full).astype(np.uint8))
    return found


def _one_gate_more(
    programs: UInt8[np.ndarray, "programs size"], start: tuple[int, ...], outputs: list[np.ndarray]
) -> Bool[np.ndarray, "programs functions"]:
    """Which functions each program could compute with one gate more and has not computed."""
    count, universe = len(programs), len(outputs[0])
    wires = np.concatenate([np.tile(np.array(start, np.uint8), (count, 1)), programs], 1)
    new, rows = np.zeros((count, universe), bool), np.arange(count)
    for first in range(wires.shape[1]):
        for second in range(wires.shape[1]):
            for output in outputs:
                new[rows, output[wires[:, first], wires[:, second]]] = True
    new[rows[:, None], wires] = False
    return new


def _extended(
    programs: UInt8[np.ndarray, "programs size"], new: Bool[np.ndarray, "programs functions"]
) -> UInt8[np.ndarray, "longer size+1"]:
    """Every program with each function it could add, sorted, without repetition."""
    which, function = np.nonzero(new)
    longer = np.concatenate([programs[which], function[:, None].astype(np.uint8)], 1)
    longer.sort(axis=1)
    # A set of up to eight bytes is one integer, which sorts a hundred times faster than rows.
    code = np.zeros(len(longer), np.uint64)
    for column in range(longer.shape[1]):
        code = (code << np.uint64(8)) | longer[:, column].astype(np.uint64)
    _, kept = np.unique(code, return_index=True)
    return longer[kept]
