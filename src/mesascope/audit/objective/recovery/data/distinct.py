"""How many different levels there are: the same one watched again is no further evidence about others."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from mesascope.worlds.level import Level

ARRAYS: tuple[str, ...] = (
    "successors",
    "probabilities",
    "attributes",
    "initial",
    "terminal",
    "reachable",
    "discount",
)


def distinct_levels(levels: Level) -> tuple[Int[np.ndarray, " M"], Int[np.ndarray, " N"]]:
    """Returns the first of each different level of a batch, and which of these each level is.

    **Arguments:**

    - `levels`: a batch of N levels; those that differ in how they are drawn alone are the same.
    """
    arrays = [np.asarray(getattr(levels, name)) for name in ARRAYS]
    marks = [b"".join(array[index].tobytes() for array in arrays) for index in range(levels.count)]
    places = dict[bytes, int]()
    number = np.array([places.setdefault(mark, len(places)) for mark in marks])
    return np.unique(number, return_index=True)[1], number
