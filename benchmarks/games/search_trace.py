"""What a planner did while it planned: ground truth for scoring assays, which never read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class SearchTrace:
    """The search behind one batch of choices.

    **Arguments:**

    - `candidates`: sequences of actions that were considered, filled up with -1, `[B, C, D]`.
    - `scores`: of each candidate, the higher the better, `[B, C]`; NaN for one that was not considered here.
    - `chosen`: which candidate the choice began with, `[B]`.
    - `depth`: steps that the search looked ahead, at most, 0 for none.
    """

    candidates: Int[np.ndarray, "B C D"]
    scores: Float[np.ndarray, "B C"]
    chosen: Int[np.ndarray, " B"]
    depth: int


@runtime_checkable
class Traced(Protocol):
    """The capability to show one's search."""

    name: str

    def trace(self, observations: Float[np.ndarray, "B ..."], state: Any) -> SearchTrace:
        """Returns the search behind the choices that `act` would make.

        **Arguments:**

        - `observations`: one per episode.
        - `state`: the memory, as of `Agent.act`.
        """
        ...
