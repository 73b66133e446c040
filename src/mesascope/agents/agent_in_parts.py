"""Agents that act on many observations in parts, and can be opened: what they share is cutting and joining."""

from __future__ import annotations

import abc
import operator
from collections.abc import Collection, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Activations, Captured, checked_patches
from mesascope.agents.agent import Agent


class AgentInParts(Agent):
    """An `Inspectable` agent that is asked about so many observations at once, which bounds memory, not results."""

    rows_at_once: int = 4096

    @abc.abstractmethod
    def sites(self) -> tuple[str, ...]:
        """Returns the names of the places that can be read and replaced, in the order in which they fire."""

    @abc.abstractmethod
    def answer(self, observations: np.ndarray, state: Any, patches: dict[str, np.ndarray] | None) -> Captured:
        """Acts once on one part.

        **Arguments:**

        - `observations`, `state`: of the part.
        - `patches`: by site, checked; `None` if nothing need be read.
        """

    def patchable(self) -> Collection[str]:
        """Returns the names that a patch may have."""
        return self.sites()

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        found = self._in_parts(observations, state, None)
        return found.probabilities, found.memory

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        """Acts once, reading all sites; see `Inspectable`."""
        checked = checked_patches(self, patches, rows=len(observations), sites=self.patchable())
        return self._in_parts(observations, state, checked)

    def _in_parts(self, observations: np.ndarray, state: Any, patches: dict[str, np.ndarray] | None) -> Captured:
        parts: list[Captured] = []
        for start in range(0, max(len(observations), 1), self.rows_at_once):
            rows = slice(start, start + self.rows_at_once)
            own = jax.tree.map(operator.itemgetter(rows), (state, patches))
            parts.append(self.answer(observations[rows], *own))
        probabilities, memory = jax.tree.map(
            lambda *leaves: np.concatenate(leaves), *((part.probabilities, part.memory) for part in parts)
        )
        first = parts[0].activations
        found = {site: np.concatenate([part.activations[site] for part in parts]) for site in first}
        unreadable = first.unreadable if isinstance(first, Activations) else None
        return Captured(probabilities, memory, Activations(found, agent=self.name, unreadable=unreadable))
