"""Division of labour between training and run time: how much search is best put into the agent (RFLO §2.1).

A base optimizer has P units of optimization power. An agent that adds x units of its own at run time costs f(x) of
them; what is left is shared among N distinct instances: each gets `(P - f(x)) / N + x`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.optimize

from mesascope.core.errors import UnknownNameError, UsageError

COSTS: dict[str, Callable[[float], float]] = {"square": lambda x: x * x, "exponential": lambda x: 2.0**x - 1.0}
"""What x units of search at run time cost in training."""


def best_search(instances: int, cost: str = "square", power: float = 1e4) -> float:
    """Returns how much search at run time is best, by numerical maximization.

    In closed form where the marginal cost is the number of instances: `N / 2` for the square, `log2(N / ln 2)` for the
    exponential; at least 0. More instances favour search whatever the cost (claim 2a).

    **Arguments:**

    - `instances`: N, 1 or more.
    - `cost`: one of `COSTS`.
    - `power`: P, large enough that it does not bind.

    **Raises:** `UnknownNameError` for another cost, `UsageError` for a number below 1.
    """
    if cost not in COSTS:
        raise UnknownNameError("cost of search", cost, COSTS)
    if instances < 1:
        raise UsageError(f"{instances} instances are none to be solved: give 1 or more.")
    price = COSTS[cost]

    def slope(x: float, step: float = 1e-4) -> float:
        def worth(amount: float) -> float:
            return (power - price(amount)) / instances + amount

        return (worth(x + step) - worth(x - step)) / (2 * step)

    high = 1.0
    while slope(high) > 0:
        high *= 2
    if slope(0.0) <= 0:
        return 0.0
    return float(np.asarray(scipy.optimize.brentq(slope, 0.0, high, xtol=1e-10)))
