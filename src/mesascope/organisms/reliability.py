"""How far probabilities that came with answers can be relied on, where it is known which answers were right.

Agents of one kind stand or fall together, so that shares come with two intervals: one as if agents were independent,
and one in which whole kinds are resampled. An expected calibration error is biased upwards, most where calibration is
perfect (Roelofs et al. 2022); it is printed beside what a perfectly calibrated auditor with the same probabilities
shows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import msgspec
import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from mesascope.core.details import Details, Number
from mesascope.core.intervals import bootstrap_mean, wilson

EDGES: tuple[float, ...] = (0.0, 0.5, 0.7, 0.9, 0.99, 1.0)
"""Of the bins of a reliability diagram."""
LEVELS: tuple[float, ...] = (0.99, 0.9)
"""Probabilities from which on the share of right answers is told apart."""
MOST_BINS: int = 10
"""Of equal mass: more of them show more error where there is none; with ten, .05 can be told from 0 from 300 answers
on.
"""
CLIP: float = 1e-3
"""Probabilities are kept this far from 0 and 1 for the log score."""
DRAWS: int = 2000
"""Perfectly calibrated auditors that are simulated."""


class Share(Details, frozen=True, kw_only=True):
    """A share of right answers.

    **Arguments:**

    - `n`, `right`: answers, and those that were right.
    - `low`, `high`: Wilson's 95 % interval, as if answers were independent.
    - `least`: Clopper and Pearson's one-sided 95 % bound.
    - `kinds`: how many kinds there are; `low_of_kinds`, `high_of_kinds`: 95 % interval with kinds resampled.
    """

    n: int
    right: int
    low: Number | None = None
    high: Number | None = None
    least: Number | None = None
    kinds: int = 0
    low_of_kinds: Number | None = None
    high_of_kinds: Number | None = None

    @property
    def value(self) -> float | None:
        """The share; `None` of none."""
        return self.right / self.n if self.n else None


class Bin(Details, frozen=True, kw_only=True):
    """A bin of a reliability diagram: probabilities from `start` to `stop`, their mean, and the share that was
    right."""

    start: Number
    stop: Number
    mean: Number | None
    share: Share


class Reliability(Details, frozen=True, kw_only=True):
    """How far the probabilities of some answers can be relied on.

    **Arguments:**

    - `all`: of all answers; `by_level`: of those with a probability of at least each of `LEVELS`.
    - `calibration_error`: expected calibration error over bins of equal mass; `null`, `null_high`: its mean and upper
      95 % end where calibration is perfect.
    - `brier`: mean squared distance of probability and outcome; `brier_low`, `brier_high`: with kinds resampled.
    - `log_score`: mean logarithm of the probability of what came true, in nats.
    - `ceiling`: the highest probability that this many answers of the highest level support, `1 - (errors + 1) / (n +
      2)`.
    - `bins`: of a reliability diagram.
    """

    all: Share
    by_level: tuple[Share, ...]
    ceiling: Number
    bins: tuple[Bin, ...]
    calibration_error: Number | None = None
    null: Number | None = None
    null_high: Number | None = None
    brier: Number | None = None
    brier_low: Number | None = None
    brier_high: Number | None = None
    log_score: Number | None = None


def share_right(right: Sequence[bool], kinds: Sequence[str]) -> Share:
    """Returns a share of right answers with its intervals.

    **Arguments:**

    - `right`: whether each answer was.
    - `kinds`: of the agents.
    """
    n, good = len(right), sum(map(bool, right))
    if not n:
        return Share(n=0, right=0)
    estimate = wilson(good, n)
    _, groups = np.unique(list(kinds), return_inverse=True)
    resampled = bootstrap_mean(np.array(right, float), clusters=groups, unit="kinds")
    return Share(
        n=n,
        right=good,
        low=estimate.low,
        high=estimate.high,
        least=clopper_pearson_least(good, n),
        kinds=resampled.n,
        low_of_kinds=resampled.low,
        high_of_kinds=resampled.high,
    )


def clopper_pearson_least(right: int, n: int) -> float:
    """Returns the least share compatible with so many successes (Clopper and Pearson 1934), one-sided at 95 %.

    **Arguments:**

    - `right`: successes, 0 to `n`; `n`: trials, at least 1.
    """
    return 0.0 if right == 0 else float(special.betaincinv(right, n - right + 1, 0.05))


def equal_mass_error(probabilities: Float[np.ndarray, "... n"], right: Float[np.ndarray, "... n"]) -> np.ndarray:
    """Returns the expected calibration error over bins that hold equally many answers: 3, `sqrt n`, at most
    `MOST_BINS`.

    **Arguments:**

    - `probabilities`: sorted along the last axis; `right`: 1 or 0 beside each.
    """
    n = probabilities.shape[-1]
    count = min(n, MOST_BINS, max(3, math.isqrt(n)))
    first = np.arange(count) * n // count
    return np.asarray(np.abs(np.add.reduceat(probabilities - right, first, axis=-1)).sum(-1) / n)


def reliability(probabilities: Sequence[float], right: Sequence[bool], kinds: Sequence[str]) -> Reliability:
    """Returns how far the probabilities of some answers can be relied on.

    **Arguments:**

    - `probabilities`: of the answers, in [0, 1].
    - `right`: whether each was.
    - `kinds`: of the agents.
    """
    order = np.argsort(np.asarray(probabilities, float), kind="stable")
    given, good = np.asarray(probabilities, float)[order], np.asarray(right, bool)[order]
    named = [str(kinds[int(place)]) for place in order]
    by_level = tuple(_among(given >= level, good, named) for level in LEVELS)
    errors = by_level[0].n - by_level[0].right
    found = Reliability(
        all=share_right(good.tolist(), named),
        by_level=by_level,
        ceiling=1 - (errors + 1) / (by_level[0].n + 2),
        bins=tuple(_bin(given, good, named, start, stop) for start, stop in itertools.pairwise(EDGES)),
    )
    if not len(given):
        return found
    true = np.random.default_rng(0).random((DRAWS, len(given))) < given
    null = equal_mass_error(np.broadcast_to(given, true.shape), true.astype(float))
    clipped = np.clip(given, CLIP, 1 - CLIP)
    _, groups = np.unique(named, return_inverse=True)
    brier = bootstrap_mean((given - good) ** 2, clusters=groups, unit="kinds", seed=0)
    return msgspec.structs.replace(
        found,
        calibration_error=float(equal_mass_error(given, good.astype(float))),
        null=float(null.mean()),
        null_high=float(np.quantile(null, 0.95)),
        brier=brier.value,
        brier_low=brier.low,
        brier_high=brier.high,
        log_score=float(np.log(np.where(good, clipped, 1 - clipped)).mean()),
    )


def _bin(
    given: Float[np.ndarray, " n"], good: Bool[np.ndarray, " n"], named: Sequence[str], start: float, stop: float
) -> Bin:
    inside = (given >= start) & ((given < stop) | (stop == EDGES[-1]))
    mean = float(given[inside].mean()) if inside.any() else None
    return Bin(start=start, stop=stop, mean=mean, share=_among(inside, good, named))


def _among(inside: Bool[np.ndarray, " n"], good: Bool[np.ndarray, " n"], named: Sequence[str]) -> Share:
    return share_right(good[inside].tolist(), [one for one, here in zip(named, inside, strict=True) if here])
