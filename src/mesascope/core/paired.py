"""Paired yes-or-no outcomes: the same units before and after something was done, with an exact test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy import special

from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Estimate


@dataclass(frozen=True)
class Comparison:
    """Paired units, solved or not, after something was done against before.

    **Arguments:**

    - `recovered`: units solved only after.
    - `lost`: units solved only before.
    - `before`, `after`: shares solved.
    - `gain`: the difference, with an interval over units.
    - `p`: exact McNemar, two-sided.
    """

    recovered: int
    lost: int
    before: float
    after: float
    gain: Estimate
    p: float

    @property
    def recovered_failures(self) -> float:
        """The gain as a share of what was failed before; 0 where nothing was."""
        return recovered_failures(self.before, self.after)

    def as_json(self) -> dict:
        """Returns the numbers, JSON-ready."""
        return {
            "value": self.gain.value,
            "low": self.gain.low,
            "high": self.gain.high,
            "n": self.gain.n,
            "before": self.before,
            "after": self.after,
            "recovered": self.recovered,
            "lost": self.lost,
            "recovered_failures": self.recovered_failures,
            "p": self.p,
        }


def mcnemar(recovered: int, lost: int) -> float:
    """Returns the exact two-sided p-value that discordant pairs fall either way alike (McNemar 1947).

    **Arguments:**

    - `recovered`, `lost`: discordant pairs of each kind, 0 or more.

    **Raises:** `ValueError` for negative numbers.
    """
    if recovered < 0 or lost < 0:
        raise ValueError(f"{recovered} recovered and {lost} lost: neither can be negative.")
    return min(1.0, 2 * float(special.bdtr(min(recovered, lost), recovered + lost, 0.5)))


def recovered_failures(before: float, after: float) -> float:
    """Returns `(after - before) / (1 - before)`: the share of failures that is made good.

    **Arguments:**

    - `before`, `after`: shares solved.
    """
    return (after - before) / (1 - before) if before < 1 else 0.0


def compare(before: Bool[np.ndarray, " N"], after: Bool[np.ndarray, " N"], *, seed: int = 0) -> Comparison:
    """Compares the same units before and after.

    **Arguments:**

    - `before`, `after`: whether each unit is solved; at least one.
    - `seed`: of the bootstrap over units.
    """
    recovered, lost = int((after & ~before).sum()), int((before & ~after).sum())
    gain = bootstrap_mean(after.astype(float) - before, seed=seed)
    return Comparison(recovered, lost, float(before.mean()), float(after.mean()), gain, mcnemar(recovered, lost))
