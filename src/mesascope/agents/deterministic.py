"""An agent that always takes its likeliest action, made from one that draws its actions."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Captured, Inspectable
from mesascope.agents.agent import Agent, Untrained
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
    if isinstance(agent, Inspectable) and isinstance(agent, Untrained):
        return _Trained(agent)
    return _Open(agent) if isinstance(agent, Inspectable) else _Closed(agent)


class _Deterministic(Agent, abc.ABC):
    def __init__(self, agent: Any):
        self._agent = agent
        self.name, self.kind, self.memoryless = agent.name, agent.kind, agent.memoryless
        # What was said of the other way to choose is no longer so.
        self.notes = (*(note for note in agent.notes if "--deterministic" not in note), NOTE)
        self.foreign = agent.foreign

    def initial_state(self, batch: int) -> Any:
        return self._agent.initial_state(batch)

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        probabilities, state = self._agent.act(observations, state)
        return _likeliest(probabilities), state


class _Closed(_Deterministic):
    pass


class _Inspectable(_Deterministic, abc.ABC):
    def sites(self) -> tuple[str, ...]:
        return self._agent.sites()

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        captured = self._agent.step(observations, state, patches)
        return dataclasses.replace(captured, probabilities=_likeliest(captured.probabilities))


class _Open(_Inspectable):
    pass


class _Trained(_Inspectable):
    def untrained(self, *, key: RandomKey) -> Agent:
        return deterministic(self._agent.untrained(key=key))


def _likeliest(probabilities: Any) -> np.ndarray:
    probabilities = np.asarray(probabilities)
    # What is no policy is refused by whoever asked, in terms of what the agent gave.
    if probabilities.ndim != 2 or not np.isfinite(probabilities).all():
        return probabilities
    return np.eye(probabilities.shape[-1])[probabilities.argmax(-1)]
