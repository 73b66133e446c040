"""Slips: the share of choices that an agent draws evenly over all actions, and what it would do without them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

ALL_CHANCE: float = 0.98
"""Share of slips from which nothing is left that could be told: the rest is lost in the rounding of networks."""


def estimate_slips(
    policy: Float[np.ndarray, "N S A"], weights: Float[np.ndarray, "N S"], tied: Bool[np.ndarray, "N S"]
) -> float:
    """Returns the share of slips: the number of actions times one of the least chances, in the median state.

    An agent that draws a share of its choices evenly gives that share, divided, to each action that it does not want. A
    quarter of the way up from the least is taken, which noise on the logits lowers less. It is a lower end where slips
    are not even.

    **Arguments:**

    - `policy`: action probabilities.
    - `weights`: how often each state is met.
    - `tied`: states in which all actions are worth the same; even choices there are no slips.
    """
    counted = (weights > 0) & ~tied
    if not counted.any():
        return 0.0
    actions = policy.shape[-1]
    least, weight = actions * np.sort(policy, axis=-1)[..., actions // 4][counted], weights[counted]
    order = np.argsort(least)
    middle = np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2)
    return float(np.clip(least[order[min(middle, len(order) - 1)]], 0.0, 1.0))


def without_slips(policy: Float[np.ndarray, "*batch A"], slips: float) -> Float[np.ndarray, "*batch A"]:
    """Returns what an agent does when it does not slip; as it is if it does nothing else.

    **Arguments:**

    - `policy`: action probabilities.
    - `slips`: share of choices that are drawn evenly, in [0, 1].
    """
    if slips <= 0 or slips >= ALL_CHANCE:
        return policy
    left = np.maximum(policy - slips / policy.shape[-1], 0.0)
    total = left.sum(-1, keepdims=True)
    return np.where(total > 0, left / np.where(total > 0, total, 1.0), policy)
