"""Single levels as one batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mesascope.core.errors import UsageError
from mesascope.worlds.level import Level


def stacked(levels: Sequence[Level]) -> Level:
    """Returns levels of equal shapes as one batch, without layouts.

    **Raises:** `UsageError` if their shapes differ.
    """
    names = ("successors", "probabilities", "attributes", "initial", "terminal", "reachable", "discount")
    shapes = {np.shape(level.successors) for level in levels}
    if len(shapes) > 1:
        raise UsageError(f"Levels of different shapes cannot be weighed together: {sorted(shapes)}.")
    return Level(
        **{name: np.stack([np.asarray(getattr(level, name)) for level in levels]) for name in names}, layout=None
    )
