"""Intervals on everything that is estimated."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from mesascope.core.verdicts import Estimate

DRAWN_AT_ONCE: int = 1 << 20
"""Units that are drawn with replacement at a time: 16 MB."""


def bootstrap_mean(
    values: Float[np.ndarray, " n"],
    *,
    clusters: Int[np.ndarray, " n"] | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    unit: str = "levels",
) -> Estimate:
    """Estimates a mean with a percentile bootstrap over independent units.

    **Arguments:**

    - `values`: one number per unit; must be finite.
    - `clusters`: group labels; whole groups are resampled, and `n` counts groups.
    - `confidence`: nominal coverage, in (0, 1).
    - `resamples`: bootstrap replicates.
    - `seed`: of the resampling, so that the same values give the same bytes.
    - `unit`: what one value (or cluster) is, plural.

    **Returns:** the mean and its interval. With a single unit the interval is the value itself: an exact number
    about that unit which claims nothing about others.
    """
    values = np.asarray(values, np.float64)
    if values.size == 0:
        raise ValueError(f"no {unit} to estimate a mean from")
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum())} of {values.size} {unit} have no finite value")
    if clusters is None:
        sums, counts = values, None
    else:
        _, index = np.unique(clusters, return_inverse=True)
        sums, counts = np.bincount(index, values), np.bincount(index).astype(float)
    size = sums.size
    mean = float(values.mean())
    if size == 1:
        return Estimate(mean, mean, mean, 1, unit, confidence)
    random = np.random.default_rng(seed)
    # Some draws at a time, so that many units take no more memory than few.
    rows = max(1, DRAWN_AT_ONCE // size)
    means = np.concatenate(
        [
            _resampled(sums, counts, random.integers(size, size=(min(rows, resamples - done), size)))
            for done in range(0, resamples, rows)
        ]
    )
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(mean, float(min(low, mean)), float(max(high, mean)), size, unit, confidence)


def _resampled(
    sums: Float[np.ndarray, " n"], counts: Float[np.ndarray, " n"] | None, drawn: Int[np.ndarray, "B n"]
) -> Float[np.ndarray, " B"]:
    """Returns the mean of each draw of units."""
    return sums[drawn].mean(1) if counts is None else sums[drawn].sum(1) / counts[drawn].sum(1)


def wilson(successes: int, trials: int, *, confidence: float = 0.95, unit: str = "trials") -> Estimate:
    """Estimates a proportion with Wilson's score interval, which stays inside [0, 1] and honest at 0 and 1.

    **Arguments:**

    - `successes`: 0 to `trials`.
    - `trials`: at least 1.
    - `confidence`: nominal coverage, in (0, 1).
    - `unit`: what one trial is, plural.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"{successes} successes in {trials} trials")
    # Written out, because importing `scipy.stats` takes as long as many an assay.
    share, z = successes / trials, float(special.ndtri((1 + confidence) / 2))
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    low, high = 0.0 if successes == 0 else centre - half, 1.0 if successes == trials else centre + half
    return Estimate(share, low, high, trials, unit, confidence)


def student_mean(values: Float[np.ndarray, " n"], *, confidence: float = 0.95, unit: str = "seeds") -> Estimate:
    """Estimates a mean with Student's interval, which keeps its coverage where a handful of units is all there is.

    **Arguments:**

    - `values`: one number per unit, finite, at least two.
    - `confidence`: nominal coverage, in (0, 1).
    - `unit`: what one value is, plural.
    """
    values = np.asarray(values, np.float64)
    if values.size < 2 or not np.isfinite(values).all():
        raise ValueError(f"{values.size} {unit}, {int(np.isfinite(values).sum())} of them finite: two or more must be")
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(values.size)
    half = float(special.stdtrit(values.size - 1, (1 + confidence) / 2)) * error
    return Estimate(mean, mean - half, mean + half, values.size, unit, confidence)
