"""Soft-optimal (Boltzmann, maximum causal entropy) planning on successor lists.

`Q(s, a) = r + gamma E V(s')`, `V(s) = t log sum_a exp(Q(s, a) / t)`, policy proportional to `exp(Q / t)`
(Ziebart 2010, §5; Haarnoja et al. 2017, eq. 3). Solved like the hard maximum, by sweeps and exact evaluations in turn;
each evaluation is a step of Newton's method on the equation for `V`.
"""

from __future__ import annotations

import jax
import numpy as np
from jaxtyping import Float

from mesascope.core.precision import in_double_precision
from mesascope.objectives.objective import Objectives
from mesascope.planning.value_iteration import sweep, take_turns
from mesascope.worlds.level import Level


@in_double_precision
@jax.jit
def _exact_sweep(level: Level, objectives: Objectives, values, temperature):
    return sweep(level, objectives, values, lambda value: temperature * jax.nn.logsumexp(value / temperature, axis=-2))


def soft_action_values(level: Level, objectives: Objectives, *, temperature: float) -> Float[np.ndarray, "O N S A"]:
    """Returns the soft-optimal value of every action.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: O objectives.
    - `temperature`: above 0; in units of reward.

    **Returns:** `[O, N, S, A]` in double precision; 0 in terminal and unreachable states. The soft-optimal policy is
    its softmax at the same temperature. Nothing is gained by entropy after an objective's episode is over.

    **Raises:** `ValueError` if the temperature is not a positive number.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature {temperature} is not above 0; for 0 use optimal_action_values")

    def soften(action_value):
        policy = boltzmann(action_value, temperature)
        logarithm = np.log(policy, where=policy > 0, out=np.zeros_like(policy))
        return policy, -temperature * (policy * logarithm).sum(-1)

    return take_turns(
        level,
        objectives,
        lambda level, objectives, values: _exact_sweep(level, objectives, values, temperature),
        soften,
    )


def boltzmann(action_value: Float[np.ndarray, "... A"], temperature: float) -> Float[np.ndarray, "... A"]:
    """Returns the policy proportional to `exp(Q / temperature)`."""
    scaled = (action_value - action_value.max(-1, keepdims=True)) / temperature
    weights = np.exp(scaled)
    return weights / weights.sum(-1, keepdims=True)
