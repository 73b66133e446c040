"""Comparing two treatments of the same units, each of which succeeds or fails."""

from __future__ import annotations

from scipy import stats


def mcnemar(gained: int, lost: int) -> float:
    """Returns the two-sided p-value of McNemar's exact test.

    Units that succeed under both treatments, or under neither, say nothing; of the others, half are expected on each
    side.

    **Arguments:**

    - `gained`: how many succeed under the second treatment alone.
    - `lost`: how many under the first alone.

    **Raises:** `ValueError` for negative numbers.
    """
    if gained < 0 or lost < 0:
        raise ValueError(f"{gained} gained and {lost} lost: neither can be negative.")
    if gained + lost == 0:
        return 1.0
    return float(stats.binomtest(gained, gained + lost, 0.5).pvalue)
