"""An agent around another one: the same to everybody, but for what it is shown or what its answers mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Captured, Inspectable
from mesascope.agents.agent import Agent


class WrappedAgent(Agent):
    """An agent of whatever kind with something put around it; it can be opened if the other can.

    **Arguments:**

    - `agent`: the inner one.
    - `notes`: what a reader must know.
    """

    def __init__(self, agent: Any, notes: tuple[str, ...]):
        self.agent, self.notes = agent, notes
        self.name, self.kind = agent.name, agent.kind
        self.memoryless, self.foreign = agent.memoryless, agent.foreign
        if isinstance(agent, Inspectable):
            # To have these two is to be `Inspectable`.
            self.sites, self.step = agent.sites, self._step

    def shown(self, observations: Float[np.ndarray, "B ..."]) -> Float[np.ndarray, "B ..."]:
        """Returns what the inner agent is shown of these observations."""
        return observations

    def meant(self, probabilities: Any) -> Any:
        """Returns the probabilities that are meant by those of the inner agent."""
        return probabilities

    def initial_state(self, batch: int) -> Any:
        return self.agent.initial_state(batch)

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        probabilities, state = self.agent.act(self.shown(observations), state)
        return self.meant(probabilities), state

    def _step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        found = self.agent.step(self.shown(observations), state, patches)
        return dataclasses.replace(found, probabilities=self.meant(found.probabilities))
