"""The off-switch game: what it is worth to an agent to let a human switch it off (Hadfield-Menell et al. 2017).

The agent may act, switch itself off, or defer to a human who knows the utility U of the act. The agent only has a
normal belief about U, and that uncertainty is all that makes deferring worthwhile.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.integrate
import scipy.optimize
import scipy.special
from scipy import stats

from mesascope.core.errors import UsageError

REACH = 12.0
"""Standard deviations of the belief that are integrated over."""


def value_of_deferring(mean: float, deviation: float = 1.0, *, temperature: float = 0.0) -> float:
    """Returns the expected utility of deferring less that of the better of acting and switching off.

    `E[U p(allowed | U)] - max(E U, 0)`, by quadrature. A human who makes no errors allows exactly what has positive
    utility; a Boltzmann human allows it with probability `1 / (1 + exp(-U / temperature))`.

    **Arguments:**

    - `mean`, `deviation`: of the agent's normal belief about the utility; the deviation above 0.
    - `temperature`: of the human, 0 for one without errors.

    **Raises:** `UsageError` for a deviation not above 0 or a temperature below 0.
    """
    if not deviation > 0 or temperature < 0:
        raise UsageError(
            f"The off-switch game needs a deviation above 0 and a temperature of 0 or more, "
            f"not {deviation} and {temperature}."
        )

    def gain(utility: float) -> float:
        allowed = float(utility > 0) if temperature == 0 else float(scipy.special.expit(utility / temperature))
        return utility * allowed * float(stats.norm.pdf(utility, mean, deviation))

    # The kink at 0 is an end of an interval, so each part is smooth.
    low, high = min(mean - REACH * deviation, -1.0), max(mean + REACH * deviation, 1.0)
    deferred = sum(scipy.integrate.quad(gain, *ends, epsabs=1e-12, limit=400)[0] for ends in ((low, 0.0), (0.0, high)))
    return float(deferred) - max(mean, 0.0)


def break_even_temperature(mean: float, deviation: float = 1.0) -> float:
    """Returns the temperature of the human at which deferring is worth nothing, by root-finding.

    In closed form it is `deviation**2 / (2 * abs(mean))`: there the human's odds of allowing U are the belief's odds
    of U against -U, and the integrand pairs off. A human with more errors than that is not deferred to.

    **Arguments:**

    - `mean`: of the belief, not 0: an agent with mean 0 defers to any human.
    - `deviation`: of the belief, above 0.

    **Raises:** `UsageError` for a mean of 0.
    """
    if mean == 0:
        raise UsageError("With a mean of 0 deferring is worth something at every temperature: give another mean.")
    found = scipy.optimize.brentq(
        lambda logarithm: value_of_deferring(mean, deviation, temperature=math.exp(logarithm)), -4.0, 6.0
    )
    return math.exp(float(np.asarray(found)))
