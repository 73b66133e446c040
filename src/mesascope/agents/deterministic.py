"""An agent that always takes its likeliest action, made from one that draws its actions."""

from __future__ import annotations

from typing import Any

import numpy as np

from mesascope.agents.activations import Inspectable
from mesascope.agents.agent import Agent, Untrained
from mesascope.agents.wrapped_agent import WrappedAgent
from mesascope.core.random import RandomKey

NOTE = (
    "It always takes its likeliest action (--deterministic); the agent that draws its actions from the same "
    "probabilities is another."
)


def deterministic(agent: Agent) -> Agent:
    """Returns the agent that always takes the likeliest action of another; of equally likely ones, the first.

    It can be opened, and shows itself before training, if the other can and does; its budget of computation and its
    slots stay what they are.

    **Arguments:**

    - `agent`: whose probabilities are asked for.
    """
    return _Deterministic(agent)


class _Deterministic(WrappedAgent):
    def __init__(self, agent: Any):
        # What was said of the other way to choose is no longer so.
        super().__init__(agent, (*(note for note in agent.notes if "--deterministic" not in note), NOTE))
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
