"""Known answers of amplification: what `mesascope check oversight` recomputes.

Expected numbers are closed forms, or figures of the publications and of the reference note that the source names.
"""

from __future__ import annotations

from mesascope.oversight.amplification.distillation import independent_accuracy, powering_accuracy
from mesascope.theory.known_answer import KnownAnswer, Value

SECTION: str = "1.2"
"""Of RFLO: a base objective that is what was intended is half of alignment, and overseers are where it comes from."""

_TASKS = "mesascope.oversight.amplification.tasks"
_DISTILLATION = "mesascope.oversight.amplification.distillation"
_CHRISTIANO = "Christiano et al. 2018"
NOISE: float = 0.01
REPEATS: int = 2000


def _task(name: str) -> Value:
    return Value(f"{_TASKS}:{name.replace('-', '_')}")


ROUNDS = tuple(
    KnownAnswer(
        f"amplification.{name}-{level}",
        SECTION,
        _CHRISTIANO,
        f"round in which {what} of level {level} is answered without a mistake for good: k + 1",
        level + 1,
        f"{_DISTILLATION}:course",
        {"task": _task(name), "rounds": 9},
        f"solved.{level}",
        0.0,
    )
    for name, what, levels in (
        ("powering", "a power of a permutation", range(7)),
        ("midpoint", "a distance in a graph", (5,)),
        ("wildcard-sum", "a sum over a pattern", (6,)),
        ("evaluation", "the value of a variable", (6,)),
        ("equality", "whether equations make names equal", (4,)),
    )
    for level in levels
)

_PUBLISHED = (0.991, 0.962, 0.930, 0.861, 0.766, 0.669, 0.507)
"""What the reference note measured, by level; the mean over permutations differs from a single one's by as much."""
_AGAIN = powering_accuracy(NOISE, values=64, levels=7).tolist()
_ONCE = independent_accuracy(NOISE, 7).tolist()

NOISY = tuple(
    KnownAnswer(
        f"amplification.{name}-noise-{level}",
        SECTION,
        source,
        f"share of {what} of level {level} answered rightly if 1 % of each round's answers are replaced",
        expected[level],
        f"{_DISTILLATION}:course",
        {"task": _task(name), "rounds": 7, "noise": NOISE, "repeats": REPEATS},
        f"final.{level}",
        # Four standard errors of sums of the last level, of which each of the repeats has one.
        0.04,
        published[level],
    )
    for name, what, source, expected, published in (
        ("powering", "powers", "each of the answers asked for again counted once", _AGAIN, _PUBLISHED),
        ("wildcard-sum", "sums", "(1 - e)^(2^(k+1) - 1)", _ONCE, (None,) * 7),
    )
    for level in range(7)
)

ANSWERS: tuple[KnownAnswer, ...] = (*ROUNDS, *NOISY)
"""Every row of the room."""
