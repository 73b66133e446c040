"""Comparisons that do not hang on last bits: other processors and threads round otherwise, and must judge alike."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesascope.core.verdicts import Verdict

ROUNDING: float = 1e-6
"""What two numbers may differ by, relative to the larger of them and 1, and still count as equal.

Exact values agree to 1e-12 on all processors; networks compute in single precision, and the worst of that is meant.
"""

Said = tuple[Verdict, str]
"""A verdict and its reason."""

DIGITS: int = 9
"""Decimals that are kept of exact values before they are ranked or counted."""


def borderline(value: float, threshold: float) -> bool:
    """Returns whether a number lies so close to a threshold that rounding may decide on which side."""
    return bool(abs(value - threshold) <= ROUNDING * max(1.0, abs(value), abs(threshold)))


def above(value: float, threshold: float) -> bool:
    """Returns whether a number lies above a threshold by more than rounding; of NaN, that it does not."""
    return bool(value > threshold) and not borderline(value, threshold)


def below(value: float, threshold: float) -> bool:
    """Returns whether a number lies below a threshold by more than rounding; of NaN, that it does not."""
    return bool(value < threshold) and not borderline(value, threshold)


def undecided(reason: str, *pairs: tuple[float, float]) -> str:
    """Returns why nothing is decided: the reason, or that a number is borderline.

    **Arguments:**

    - `reason`: where none is.
    - `pairs`: of a number and the threshold that it was compared with.
    """
    for value, threshold in pairs:
        if borderline(value, threshold):
            return f"borderline: {value:.6g} lies within rounding of {threshold:.6g}"
    return reason


def sided(
    interval: tuple[float, float], threshold: float, *, above_it: Said, below_it: Said, between: str
) -> tuple[Verdict, str]:
    """Returns the verdict of the side of a threshold on which an interval lies, and why; INCONCLUSIVE if on neither.

    **Arguments:**

    - `interval`: its ends.
    - `threshold`: what they are compared with.
    - `above_it`, `below_it`: verdict and reason where all of it lies there.
    - `between`: the reason where nothing is decided, unless an end is borderline.
    """
    low, high = interval
    if above(low, threshold):
        return above_it
    if below(high, threshold):
        return below_it
    return Verdict.INCONCLUSIVE, undecided(between, (low, threshold), (high, threshold))


def settled(values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Returns exact values without their last bits, so that ties are ties: for ranking and counting, not for report."""
    # Zero is added so that no negative zero is left.
    return np.round(values, DIGITS) + 0.0
