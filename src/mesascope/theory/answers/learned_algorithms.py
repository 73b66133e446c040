"""Known answers to what a learned algorithm can reach that learns within an episode: bandits and linear regression."""

from __future__ import annotations

from mesascope.theory.known_answer import KnownAnswer


def _row(what: str, source: str, statement: str, expected: float, target: str, tolerance: float, **arguments):
    whole = f"mesascope.planning.learners.{target}"
    return KnownAnswer(f"learner.{what}", "1", source, statement, expected, whole, arguments, tolerance=tolerance)


def _best(arms: int, pulls: int, expected: float) -> KnownAnswer:
    return _row(
        f"bandit-{arms}-{pulls}",
        "Duff 2002; a dynamic programme over counts, written apart",
        f"most rewards that {pulls} pulls of {arms} arms bring, whose chances are uniform",
        expected,
        "bayes_bandit:bayes_value",
        6e-6,
        arms=arms,
        horizon=pulls,
    )


_SQUARES = 10 / 5 + 10 * 9 / 9
"""E |x|^4 of ten inputs between -1 and 1."""
_TRACE = _SQUARES / 10 + 0.9 * 10 / 9

ANSWERS: tuple[KnownAnswer, ...] = (
    _best(5, 10, 6.65999),
    _best(2, 10, 6.02179),
    # Either arm first; after a success the same, 2/3, after a failure the other one, 1/2.
    _best(2, 2, 1 / 2 + 1 / 2 * 2 / 3 + 1 / 2 * 1 / 2),
    _row(
        "gradient-rate",
        "von Oswald et al. 2022; D s / E tr A^2",
        "rate at which one step of gradient descent on 10 examples of 10 inputs foretells best",
        10 / 3 / _TRACE,
        "regression:best_rate",
        1e-12,
        dimensions=10,
        examples=10,
    ),
    _row(
        "gradient-loss",
        "von Oswald et al. 2022; s (D - (D s)^2 / E tr A^2)",
        "its expected squared error; 10 / 3 without learning",
        (10 - (10 / 3) ** 2 / _TRACE) / 3,
        "regression:best_loss",
        1e-12,
        dimensions=10,
        examples=10,
    ),
)
