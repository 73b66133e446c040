"""STARC distances: 0 for rewards that order all policies alike, 2 for opposite ones (Skalse et al. 2024)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from mesascope.objectives.canonical import RewardHere, minimal, value_adjusted

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
    forms = []
    for reward in (first, second):
        form = canonical(reward)
        size = float(np.linalg.norm(form))
        trivial = size <= TRIVIAL * max(float(np.linalg.norm(reward.expected)), 1e-300)
        forms.append(np.zeros_like(form) if trivial else form / size)
    return float(np.linalg.norm(forms[0] - forms[1]))


def starc_minimal(first: RewardHere, second: RewardHere) -> float:
    """Returns the STARC distance of minimal canonical forms."""
    return starc(first, second, canonical=minimal)
