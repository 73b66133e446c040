"""Distances of canonical forms: STARC (Skalse et al. 2024), and NPEC, which scales, shifts and shapes one reward
towards the other (Gleave et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from mesascope.objectives.canonical import RewardHere, minimal, value_adjusted
from mesascope.objectives.distances.epic import ROUNDING, UndefinedDistance

TRIVIAL: float = 1e-9
"""A reward whose canonical form is smaller than this share of the reward prefers nothing."""


def starc(
    first: RewardHere,
    second: RewardHere,
    *,
    canonical: Callable[[RewardHere], Float[np.ndarray, "S A"]] = value_adjusted,
) -> float:
    """Returns the Euclidean distance of the canonical forms, each scaled to length 1, in [0, 2].

    All acting states and actions count alike. A reward that prefers nothing has the form 0: its distance is 1 from any
    that does and 0 from others like it.

    **Arguments:**

    - `first`, `second`: in the same level.
    - `canonical`: `value_adjusted` or `minimal`.
    """
    return float(np.linalg.norm(_scaled(first, canonical) - _scaled(second, canonical)))


def starc_minimal(first: RewardHere, second: RewardHere) -> float:
    """Returns the STARC distance of minimal canonical forms."""
    return starc(first, second, canonical=minimal)


def npec(first: RewardHere, second: RewardHere) -> float:
    """Returns the share of the second reward's size that the best equivalent of the first misses, in [0, 1].

    The smallest `|scale R_A + shift + shaping - R_B|` over scales of 0 or more, divided by the same with `R_A = 0`
    (Gleave et al. 2021, §4.2), of expected rewards over uniform acting states and actions. A shift is shaping where
    nothing ends an episode, and changes what is best where something does; there it is not taken out. That leaves only
    canonical forms to be compared, and the rest is a projection. Asymmetric: a premetric.

    **Raises:** `UndefinedDistance` if the second reward is nothing but shaping.
    """
    one, other = (_scaled(reward, minimal) for reward in (first, second))
    if not other.any():
        raise UndefinedDistance("the second reward is nothing but shaping")
    if not one.any():
        return 1.0
    alignment = max(0.0, float((one * other).sum()))
    distance = float(np.sqrt(max(0.0, 1 - min(alignment, 1.0) ** 2)))
    return 0.0 if distance < ROUNDING else distance


def _scaled(
    reward: RewardHere, canonical: Callable[[RewardHere], Float[np.ndarray, "S A"]]
) -> Float[np.ndarray, "S A"]:
    """Returns the canonical form of a reward, scaled to length 1; 0 if the reward prefers nothing."""
    form = canonical(reward)
    size = float(np.linalg.norm(form))
    trivial = size <= TRIVIAL * max(float(np.linalg.norm(reward.expected)), 1e-300)
    return np.zeros_like(form) if trivial else form / size
