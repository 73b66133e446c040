"""An agent around another one: the same to everybody, but for what it is shown or what its answers mean.

One such always takes the likeliest action of an agent that draws its actions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Captured, Inspectable
from mesascope.agents.agent import Agent, Untrained
from mesascope.core.random import RandomKey

DETERMINISTIC: str = (
    "It always takes its likeliest action (--deterministic); the agent that draws its actions from the same "
    "probabilities is another."
)


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


def deterministic(agent: Agent) -> Agent:
    """Returns the agent that always takes the likeliest action of another; of equally likely ones, the first.

    It can be opened, and shows itself before training, if the other can and does; its budget of computation and its
    slots stay what they are.
    """
    return _Deterministic(agent)


class _Deterministic(WrappedAgent):
    def __init__(self, agent: Any):
        # What was said of the other way to choose is no longer so.
        super().__init__(agent, (*(note for note in agent.notes if "--deterministic" not in note), DETERMINISTIC))
        if isinstance(agent, Inspectable) and isinstance(agent, Untrained):
            self.untrained = self._untrained

    def meant(self, probabilities: Any) -> np.ndarray:
        probabilities = np.asarray(probabilities)
        # What is no policy is refused by whoever asked, in terms of what the agent gave.
        if probabilities.ndim != 2 or not np.isfinite(probabilities).all():
            return probabilities
        return np.eye(probabilities.shape[-1])[probabilities.argmax(-1)]

    def _untrained(self, *, key: RandomKey) -> Agent:
        return deterministic(self.agent.untrained(key=key))
