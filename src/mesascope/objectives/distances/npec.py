"""NPEC: how much of one reward is left when another is scaled, shifted and shaped towards it."""

from __future__ import annotations

import numpy as np

from mesascope.objectives.canonical import RewardHere, minimal
from mesascope.objectives.distances.epic import ROUNDING, UndefinedDistance
from mesascope.objectives.distances.starc import TRIVIAL


def npec(first: RewardHere, second: RewardHere) -> float:
    """Returns the share of the second reward's size that the best equivalent of the first misses, in [0, 1].

    The smallest `|scale R_A + shift + shaping - R_B|` over scales of 0 or more, divided by the same with `R_A = 0`
    (Gleave et al. 2021, §4.2), of expected rewards over uniform acting states and actions. Shift and shaping leave
    only canonical forms to be compared, and the rest is a projection. Asymmetric: a premetric.

    **Raises:** `UndefinedDistance` if the second reward is nothing but shaping.
    """
    forms = []
    for reward in (first, second):
        form = _without_shift(reward)
        size = float(np.linalg.norm(form))
        forms.append((form, 0.0 if size <= TRIVIAL * max(float(np.linalg.norm(reward.expected)), 1e-300) else size))
    (one, size), (other, size_other) = forms
    if size_other == 0:
        raise UndefinedDistance("the second reward is nothing but shaping and a constant")
    if size == 0:
        return 1.0
    alignment = max(0.0, float((one * other).sum()) / (size * size_other))
    distance = float(np.sqrt(max(0.0, 1 - min(alignment, 1.0) ** 2)))
    return 0.0 if distance < ROUNDING else distance


def _without_shift(reward: RewardHere) -> np.ndarray:
    """The minimal canonical form, less a constant: where episodes end, that is no shaping."""
    form = minimal(reward)
    ones = np.where(reward.acting[:, None], 1.0, 0.0)
    constant = minimal(
        RewardHere(
            outcomes=np.broadcast_to(ones[..., None], reward.outcomes.shape),
            onward=reward.onward,
            successors=reward.successors,
            probabilities=reward.probabilities,
            acting=reward.acting,
            reachable=reward.reachable,
            initial=reward.initial,
        )
    )
    size = float((constant**2).sum())
    if size <= TRIVIAL**2 * float(ones.sum()) * constant.shape[1]:
        return form
    return form - constant * float((form * constant).sum()) / size
