"""Known answers to what RFLO §2 raises: search at run time, minimal circuits, the universal prior."""

from __future__ import annotations

import math

from mesascope.theory.known_answer import KnownAnswer, Topic

_labour = Topic("labour", "2.1", "RFLO §2.1: x* = argmax (P - f(x)) / N + x", "division_of_labour", 1e-6)
DIVISION_OF_LABOUR = tuple(
    _labour(
        f"{cost}-{n}",
        f"search left to run time with {n} instances, if f(x) = {told}",
        expected,
        "best_search",
        instances=n,
        cost=cost,
    )
    for cost, told, n, expected in (
        ("square", "x^2: N / 2", 4, 4 / 2),
        ("square", "x^2: N / 2", 100, 100 / 2),
        ("exponential", "2^x - 1: log2(N / ln 2)", 4, math.log2(4 / math.log(2))),
        ("exponential", "2^x - 1: log2(N / ln 2)", 100, math.log2(100 / math.log(2))),
    )
)

_circuit = Topic(
    "circuits", "2.2", "Christiano 2018, minimal circuits; enumeration of the note", "minimal_circuits", 0.0
)
_MINIMISERS = {
    "size": "gates of the smallest function that fits the rest",
    "count": "functions that tie for smallest",
    "impostors": "smallest functions that are wrong on what is hidden",
}
MINIMAL_CIRCUITS = (
    *(
        _circuit(
            f"of-size-{size}",
            f"functions of 3 inputs with a least size of {size} gates, all binary gates allowed",
            count,
            "functions_by_size",
            str(size),
            remark="3 NOT, 2 constants and 10 gates on each of 3 pairs: 35" if size == 1 else "",
        )
        for size, count in enumerate((3, 35, 114, 80, 24))
    ),
    *(
        _circuit(name, f"least size of the {name} of 3 inputs", size, "least_sizes", str(table))
        for name, table, size in (
            ("parity", 0b10010110, 2),
            ("multiplexer", 0b11001010, 3),
            ("majority", 0b11101000, 4),
        )
    ),
    _circuit(
        "nand-xor",
        "least number of NAND gates for the exclusive or of 2 inputs",
        4,
        "least_sizes",
        str(0b0110),
        count=2,
        gates=(7,),
    ),
    *(
        _circuit(
            f"{slug}-{part}",
            f"majority with {told} hidden: {_MINIMISERS[part]}",
            expected,
            "minimisers",
            part,
            name="majority",
            hidden=hidden,
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


_turn = Topic(
    "prior",
    "2.2",
    "Christiano 2016, What does the universal prior actually look like?",
    "universal_prior",
    1e-12,
    "the note words it 'one more 1 then defect'; its figures are those of a zero right after the ones seen",
)
UNIVERSAL_PRIOR = tuple(
    _turn(
        what,
        f"chance of a zero after {ones} of nothing but ones, automata of up to {states} states{weighed}",
        _defection(ones, states),
        "probability_of_defection",
        published=published,
        ones=ones,
        most_states=states,
    )
    for what, ones, states, weighed, published in (
        *(
            (f"after-{n}", n, 5, ", 4^-k each", told)
            for n, told in ((1, 0.0681), (2, 0.00436), (3, 0.00022), (4, 1e-5))
        ),
        *((f"states-{states}", 2, states, "", told) for states, told in ((2, 0.0), (3, 0.0028), (4, 0.0040))),
    )
)

ANSWERS: tuple[KnownAnswer, ...] = (*DIVISION_OF_LABOUR, *MINIMAL_CIRCUITS, *UNIVERSAL_PRIOR)
"""Every row of this part."""
