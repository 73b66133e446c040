"""A table of remembered cases as an agent: what was done in the most similar situation is done again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.core.errors import UsageError

Features = Callable[[np.ndarray], np.ndarray]
"""What of a batch of observations is remembered, `[B, ...]` to `[B, D]`."""


class TableAgent(Agent):
    """A memoryless agent that looks up remembered cases and computes nothing.

    **Arguments:**

    - `name`: for people.
    - `observations`: the cases, `[N, ...]`.
    - `probabilities`: what was done in them, `[N, A]`; cases that look alike are averaged.
    - `features`: what of an observation is looked up; by default all of it.
    - `nearest`: act as in the nearest case; otherwise only an equal case counts, and elsewhere the mean of all does.
    """

    kind = "table"
    memoryless = True

    def __init__(
        self,
        name: str,
        observations: Float[np.ndarray, "N ..."],
        probabilities: Float[np.ndarray, "N A"],
        *,
        features: Features | None = None,
        nearest: bool = True,
    ):
        if not len(observations) or len(observations) != len(probabilities):
            raise UsageError(f"{len(observations)} cases and {len(probabilities)} choices make no table.")
        self.name, self.nearest = name, nearest
        self.actions = probabilities.shape[1]
        self._features = features or (lambda batch: batch.reshape(len(batch), -1))
        self._cases, group = np.unique(self._features(observations), axis=0, return_inverse=True)
        self._choices = np.zeros((len(self._cases), self.actions))
        np.add.at(self._choices, group.reshape(-1), probabilities)
        self._choices /= self._choices.sum(-1, keepdims=True)
        self._place = {case.tobytes(): index for index, case in enumerate(self._cases)}
        self._otherwise = probabilities.mean(0)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        asked = self._features(np.asarray(observations))
        if not self.nearest:
            places = [self._place.get(case.tobytes()) for case in asked.astype(self._cases.dtype)]
            found = [self._otherwise if place is None else self._choices[place] for place in places]
            return np.array(found).reshape(len(asked), self.actions), None
        square = (self._cases.astype(np.float64) ** 2).sum(-1)
        nearest = np.argmin(square[None, :] - 2 * asked @ self._cases.T, axis=-1)
        return self._choices[nearest], None
