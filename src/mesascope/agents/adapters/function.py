"""A Python function as an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import checked_probabilities
from mesascope.core.errors import AgentError, MesascopeError


class FunctionAgent(Agent):
    """A memoryless agent that is a function of a batch of observations.

    The function gets `[B, ...]` and returns `[B, A]`: it is always shown a batch, because thousands of states are asked
    about at once. Wrap a function of one observation as `lambda batch: numpy.stack([one(x) for x in batch])`. It must
    give the same answer whenever it sees the same observation.

    **Arguments:**

    - `name`: for people.
    - `function`: observations to probabilities; numpy arrays go in, anything that becomes one may come out.
    - `actions`: how many there are.
    """

    kind = "function"
    memoryless = True

    def __init__(self, name: str, function: Callable[[np.ndarray], Any], actions: int):
        self.name, self.function, self.actions = name, function, actions

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        try:
            # A copy, so that a function which writes into its argument cannot change what others see.
            returned = self.function(np.array(observations))
        except MesascopeError:
            raise
        except Exception as error:
            raise AgentError(
                f"Agent '{self.name}' raised {type(error).__name__} on a batch of observations of shape "
                f"{list(observations.shape)}: {error}"
            ) from error
        return checked_probabilities(returned, name=self.name, rows=len(observations), actions=self.actions), None
