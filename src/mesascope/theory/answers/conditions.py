"""Known answers to what RFLO §2 raises: search at run time, minimal circuits, the universal prior."""

from __future__ import annotations

import math
from functools import partial

from mesascope.theory.known_answer import KnownAnswer

_THEORY = "mesascope.theory."


_labour = partial(
    KnownAnswer,
    section="2.1",
    source="RFLO §2.1: x* = argmax (P - f(x)) / N + x",
    target=_THEORY + "division_of_labour:best_search",
    tolerance=1e-6,
)
DIVISION_OF_LABOUR = (
    *(
        _labour(
            f"labour.square-{n}",
            statement=f"search left to run time with {n} instances, if f(x) = x^2: N / 2",
            expected=n / 2,
            arguments={"instances": n, "cost": "square"},
        )
        for n in (4, 100)
    ),
    *(
        _labour(
            f"labour.exponential-{n}",
            statement=f"search left to run time with {n} instances, if f(x) = 2^x - 1: log2(N / ln 2)",
            expected=math.log2(n / math.log(2)),
            arguments={"instances": n, "cost": "exponential"},
        )
        for n in (4, 100)
    ),
)

_circuit = partial(
    KnownAnswer, section="2.2", source="Christiano 2018, minimal circuits; enumeration of the note", tolerance=0.0
)
_CIRCUITS = _THEORY + "minimal_circuits:"
MINIMAL_CIRCUITS = (
    *(
        _circuit(
            f"circuits.of-size-{size}",
            statement=f"functions of 3 inputs with a least size of {size} gates, all binary gates allowed",
            expected=count,
            target=_CIRCUITS + "functions_by_size",
            part=str(size),
            remark="3 NOT, 2 constants and 10 gates on each of 3 pairs: 35" if size == 1 else "",
        )
        for size, count in enumerate((3, 35, 114, 80, 24))
    ),
    *(
        _circuit(
            f"circuits.{name}",
            statement=f"least size of the {name} of 3 inputs",
            expected=size,
            target=_CIRCUITS + "least_sizes",
            part=str(table),
        )
        for name, table, size in (
            ("parity", 0b10010110, 2),
            ("multiplexer", 0b11001010, 3),
            ("majority", 0b11101000, 4),
        )
    ),
    _circuit(
        "circuits.nand-xor",
        statement="least number of NAND gates for the exclusive or of 2 inputs",
        expected=4,
        target=_CIRCUITS + "least_sizes",
        arguments={"count": 2, "gates": (7,)},
        part=str(0b0110),
    ),
    *(
        _circuit(
            f"circuits.{slug}-{part}",
            statement=f"majority with {told} hidden: {what[part]}",
            expected=expected,
            target=_CIRCUITS + "minimisers",
            arguments={"name": "majority", "hidden": hidden},
            part=part,
        )
        for what in (
            {
                "size": "gates of the smallest function that fits the rest",
                "count": "functions that tie for smallest",
                "impostors": "smallest functions that are wrong on what is hidden",
            },
        )
        for slug, told, hidden, answers in (
            ("hide-111", "111", (7,), {"size": 4, "count": 2, "impostors": 1}),
            ("hide-both-ends", "000 and 111", (0, 7), {"size": 2, "count": 1, "impostors": 1}),
            ("hide-110", "110", (6,), {"size": 2, "count": 1, "impostors": 1}),
            ("hide-pairs", "110, 101 and 011", (3, 5, 6), {"size": 1, "count": 3, "impostors": 3}),
        )
        for part, expected in answers.items()
    ),
)


def _defection(ones: int, most_states: int) -> float:
    """By counting paths: a zero after n ones takes n + 1 states that differ, ones for ever a path that closes."""
    both = seen = 0.0
    for k in range(1, most_states + 1):
        distinct = [math.prod((k - j) / k for j in range(1, i + 1)) for i in range(ones + 1)]
        closing = sum(distinct[m - 1] * min(m / k, 1) * 2.0**-m for m in range(1, ones))
        both += 4.0**-k * distinct[ones] * 2.0 ** -(ones + 1)
        seen += 4.0**-k * (closing + distinct[ones - 1] * 2.0**-ones)
    return both / seen


_turn = partial(
    KnownAnswer,
    section="2.2",
    source="Christiano 2016, What does the universal prior actually look like?",
    target=_THEORY + "universal_prior:probability_of_defection",
    tolerance=1e-12,
    remark="the note words it 'one more 1 then defect'; its figures are those of a zero right after the ones seen",
)
UNIVERSAL_PRIOR = (
    *(
        _turn(
            f"prior.after-{ones}",
            statement=f"chance of a zero after {ones} of nothing but ones, automata of up to 5 states, 4^-k each",
            expected=_defection(ones, 5),
            arguments={"ones": ones, "most_states": 5},
            published=published,
        )
        for ones, published in ((1, 0.0681), (2, 0.00436), (3, 0.00022), (4, 1e-5))
    ),
    *(
        _turn(
            f"prior.states-{states}",
            statement=f"chance of a zero after 2 of nothing but ones, automata of up to {states} states",
            expected=_defection(2, states),
            arguments={"ones": 2, "most_states": states},
            published=published,
        )
        for states, published in ((2, 0.0), (3, 0.0028), (4, 0.0040))
    ),
)

ANSWERS: tuple[KnownAnswer, ...] = (
    *DIVISION_OF_LABOUR,
    *MINIMAL_CIRCUITS,
    *UNIVERSAL_PRIOR,
)
"""Every row of this part."""
