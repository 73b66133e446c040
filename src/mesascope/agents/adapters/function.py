"""A Python function as an agent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import checked_probabilities, count_of
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, UsageError
from mesascope.core.text import quoted, shown


class FunctionAgent(Agent):
    """A memoryless agent that is a function of a batch of observations.

    The function gets `[B, ...]` and returns `[B, A]`: it is always shown a batch, because thousands of states are asked
    about at once. Wrap a function of one observation as `lambda batch: numpy.stack([one(x) for x in batch])`. It must
    give the same answer whenever it sees the same observation.

    **Arguments:**

    - `name`: for people.
    - `function`: observations to probabilities; numpy arrays go in, anything that becomes one may come out.
    - `actions`: how many there are, or their names.

    **Raises:** `UsageError` if `function` cannot be called, or `actions` is neither.
    """

    kind = "function"
    memoryless = True
    foreign = True

    def __init__(self, name: str, function: Callable[[np.ndarray], Any], actions: int | Sequence[str]):
        if not callable(function):
            raise UsageError(
                f"Agent {quoted(name)} is given a {shown(type(function).__name__)} where a function from observations "
                "[B, ...] to probabilities [B, A] is needed."
            )
        self.name, self.function, self.actions = name, function, count_of(actions)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        doing = f"on a batch of observations of shape {list(observations.shape)}"
        with code_of_others(f"Agent {quoted(self.name)}", doing, error=AgentError):
            # A copy, so that a function which writes into its argument cannot change what others see.
            returned = self.function(np.array(observations))
        return checked_probabilities(returned, name=self.name, rows=len(observations), actions=self.actions), None
