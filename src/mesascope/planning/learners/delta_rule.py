"""The learner of psychology and neuroscience: what an arm is worth moves by a share of each surprise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_learner import BanditLearner

START: float = 0.5
"""What an arm is held to be worth before it was pulled."""


@dataclass(frozen=True)
class DeltaRule(BanditLearner):
    """Values that move towards each reward, `Q <- Q + rate (reward - Q)`, and choices as `exp(beta Q)` (Rescorla and
    Wagner 1972; Sutton and Barto 2018, section 2.5 and 2.8).

    Of an arm that was pulled more than sixty times the last sixty rewards count.

    **Arguments:**

    - `rate`: inner learning rate, above 0 and at most 1, where the last reward alone counts.
    - `beta`: inverse temperature: 0 pulls any arm, and the larger it is, the more surely the arm held best is pulled.
    """

    rate: float = 0.3
    beta: float = 5.0

    family = "delta-rule"
    summary = "Values move by a share of each surprise; the larger an arm's value, the likelier it is pulled."
    in_order = True

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        order = history.ordered
        values = np.full(order.shape, START)
        for place in range(int(order.max(initial=1)).bit_length() - 2, -1, -1):
            bits = order >> place
            values += (bits > 1) * self.rate * ((bits & 1) - values)
        weights = np.exp(self.beta * (values - values.max(-1, keepdims=True)))
        return weights / weights.sum(-1, keepdims=True)
