"""NPEC: how much of one reward is left when another is scaled, shifted and shaped towards it."""

from __future__ import annotations

import numpy as np

from mesascope.objectives.canonical import RewardHere, minimal
from mesascope.objectives.distances.epic import ROUNDING, UndefinedDistance
from mesascope.objectives.distances.starc import TRIVIAL


def npec(first: RewardHere, second: RewardHere) -> float:
    """Returns the share of the second reward's size that the best equivalent of the first misses, in [0, 1].

    The smallest `|scale R_A + shift + shaping - R_B|` over scales of 0 or more, divided by the same with `R_A = 0`
    (Gleave et al. 2021, §4.2), of expected rewards over uniform acting states and actions. A shift is shaping where
    nothing ends an episode, and changes what is best where something does; there it is not taken out. That leaves only
    canonical forms to be compared, and the rest is a projection. Asymmetric: a premetric.

    **Raises:** `UndefinedDistance` if the second reward is nothing but shaping.
    """
    forms = []
    for reward in (first, second):
        form = minimal(reward)
        size = float(np.linalg.norm(form))
        forms.append((form, 0.0 if size <= TRIVIAL * max(float(np.linalg.norm(reward.expected)), 1e-300) else size))
    (one, size), (other, size_other) = forms
    if size_other == 0:
        raise UndefinedDistance("the second reward is nothing but shaping")
    if size == 0:
        return 1.0
    alignment = max(0.0, float((one * other).sum()) / (size * size_other))
    distance = float(np.sqrt(max(0.0, 1 - min(alignment, 1.0) ** 2)))
    return 0.0 if distance < ROUNDING else distance
