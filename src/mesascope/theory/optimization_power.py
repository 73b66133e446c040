"""Optimization power: how small a target was hit, in bits (Yudkowsky 2008; RFLO §1 warns that it is no mechanism)."""

from __future__ import annotations

import numpy as np
import scipy.integrate
from jaxtyping import Float

from mesascope.core.errors import UsageError


def bits(
    achieved: float,
    outcomes: Float[np.ndarray, " outcomes"] | list[float] | tuple[float, ...],
    *,
    weights: Float[np.ndarray, " outcomes"] | None = None,
) -> float:
    """Returns -log2 of the share of outcomes that are at least as good as the one achieved.

    **Arguments:**

    - `achieved`: utility of what was achieved.
    - `outcomes`: utilities of what would happen without an optimizer.
    - `weights`: probabilities of those; equal if left out.

    **Returns:** bits, 0 or more; infinite if no outcome is as good.

    **Raises:** `UsageError` without outcomes.
    """
    utilities = np.asarray(outcomes, np.float64)
    if not utilities.size:
        raise UsageError("Optimization power needs the outcomes that would happen without an optimizer; none given.")
    share = np.full(utilities.size, 1.0 / utilities.size) if weights is None else np.asarray(weights, np.float64)
    reached = float(share[utilities >= achieved].sum())
    # Summed shares may fall short of 1 by rounding, which must not count as power.
    return float("inf") if reached == 0 else max(0.0, float(-np.log2(reached / share.sum())))


def expected_bits(n: int) -> float:
    """Returns the expected bits of the best of n uniform outcomes, by quadrature.

    In closed form the n-th harmonic number over ln 2. Note that a single random pick has 1 / ln 2 = 1.44 bits, which
    is to be subtracted before anything is called optimization.

    **Arguments:**

    - `n`: number of outcomes that the best is taken of, 1 or more.

    **Raises:** `UsageError` for a number below 1.
    """
    if n < 1:
        raise UsageError(f"The best of {n} outcomes does not exist: give a number of 1 or more.")
    # In terms of the share at least as good, whose density is n (1 - share)^(n - 1).
    found, _ = scipy.integrate.quad(
        lambda share: -np.log2(share) * n * (1 - share) ** (n - 1), 0.0, 1.0, epsabs=1e-11, limit=400
    )
    return float(found)


def expected_bits_of_a_pick(outcomes: int) -> float:
    """Returns the expected bits of a random one of finitely many distinct outcomes, by enumeration.

    In closed form `log2(N) - log2(N!) / N`, which grows to 1 / ln 2.

    **Arguments:**

    - `outcomes`: how many there are, 1 or more.
    """
    utilities = np.arange(outcomes, dtype=np.float64)
    return float(np.mean([bits(float(utility), utilities) for utility in utilities]))
