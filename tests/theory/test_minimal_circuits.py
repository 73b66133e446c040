from __future__ import annotations

import itertools

import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.minimal_circuits import (
    ALL_GATES,
    NAMED,
    NAND_ONLY,
    UNREACHED,
    functions_by_size,
    inputs,
    least_sizes,
    minimisers,
)


def test_the_numbers_of_the_note():
    assert len(ALL_GATES) == 10
    assert functions_by_size() == (3, 35, 114, 80, 24)
    sizes = {name: least_sizes()[table] for name, table in NAMED.items()}
    assert sizes == {"parity": 2, "multiplexer": 3, "majority": 4}
    assert least_sizes(2, NAND_ONLY)[0b0110] == 4


def test_named_functions_are_what_they_are_called():
    rows = [(row & 1, row >> 1 & 1, row >> 2 & 1) for row in range(8)]
    for row, (a, b, c) in enumerate(rows):
        assert NAMED["parity"] >> row & 1 == a ^ b ^ c
        assert NAMED["majority"] >> row & 1 == (a + b + c >= 2)
        assert NAMED["multiplexer"] >> row & 1 == (b if c else a)


def test_two_inputs_by_a_search_that_shares_nothing():
    """Depth-first over programs as tuples."""
    start, found = inputs(2), {}

    def follow(wires: tuple[int, ...], size: int):
        for wire in wires:
            found[wire] = min(found.get(wire, 99), size)
        if size < 3:
            for first, second in itertools.product(wires, repeat=2):
                both = 15 & ~(first & second)
                if both not in wires:
                    follow((*wires, both), size + 1)

    follow(start, 0)
    sizes = least_sizes(2, NAND_ONLY, 3)
    for function in range(16):
        # A wire that came later in a program may be had earlier, so the least over programs counts.
        assert sizes[function] == found.get(function, UNREACHED), function


def test_sizes_do_not_change_when_inputs_are_exchanged_or_the_output_is_negated_by_a_gate():
    sizes = least_sizes()
    for function in range(256):
        swapped = sum((function >> row & 1) << ((row & 4) | (row & 1) << 1 | row >> 1 & 1) for row in range(8))
        assert sizes[swapped] == sizes[function]
        # Negating the last gate's output is again one of the ten gates or a constant.
        if sizes[function] > 0 and sizes[255 - function] > 0:
            assert sizes[255 - function] == sizes[function]


def test_a_limit_leaves_functions_unreached():
    sizes = least_sizes(3, ALL_GATES, 3)
    assert (sizes == UNREACHED).sum() == 24


@pytest.mark.parametrize(
    ("hidden", "size", "count", "impostors"),
    [((), 4, 1, 0), ((7,), 4, 2, 1), ((0, 7), 2, 1, 1), ((6,), 2, 1, 1), ((5,), 2, 1, 1), ((3, 5, 6), 1, 3, 3)],
)
def test_daemons_of_majority(hidden, size, count, impostors):
    found = minimisers("majority", hidden)
    assert (found.size, found.count, found.impostors) == (size, count, impostors)
    visible = [row for row in range(8) if row not in hidden]
    assert all(f >> row & 1 == NAMED["majority"] >> row & 1 for f in found.functions for row in visible)


def test_hiding_more_never_makes_the_smallest_larger():
    for hidden in itertools.combinations(range(8), 2):
        for more in range(8):
            assert minimisers("majority", (*hidden, more)).size <= minimisers("majority", hidden).size


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="4 inputs"):
        least_sizes(4)
    with pytest.raises(UnknownNameError, match="majority"):
        minimisers("majorities", ())
    with pytest.raises(UsageError, match="0 to 7"):
        minimisers("parity", (8,))
