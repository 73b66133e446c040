"""An optimizer that people wrote as an agent: in streams of optimization it stands beside those that were learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.planning.learners.descent import DescentRule


class DescentAgent(Agent):
    """Reads a gradient and the loss, and answers the update that a rule makes of the gradient.

    **Arguments:**

    - `rule`: which update.
    - `parameters`: how many there are, `stream.outputs`.
    """

    kind = "optimizer"
    memoryless = False

    def __init__(self, rule: DescentRule, parameters: int):
        self.name, self.rule, self.parameters = f"{rule.family} at {rule.rate:.3g}", rule, parameters

    def initial_state(self, batch: int) -> Any:
        return self.rule.begin(np.zeros((batch, self.parameters)))

    def act(self, observations: Float[np.ndarray, "B D"], state: Any) -> tuple[Float[np.ndarray, "B P"], Any]:
        return self.rule.update(np.asarray(observations[:, : self.parameters], np.float64), state)
