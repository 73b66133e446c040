"""Soft-optimal (Boltzmann, maximum causal entropy) planning on successor lists.

`Q(s, a) = r + gamma E V(s')`, `V(s) = t log sum_a exp(Q(s, a) / t)`, policy proportional to `exp(Q / t)`
(Ziebart 2010, §5; Haarnoja et al. 2017, eq. 3).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.core.precision import in_double_precision
from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.planning.value_iteration import action_values
from mesascope.worlds.level import Level


@jax.jit
def _iterate(level: Level, objectives: Objectives, temperature, tolerance):
    reward, continuation = rewards(objectives, level), continuations(objectives, level)

    def soft_maximum(action_value):
        # The entropy of a state that nothing follows would be an objective of its own; it is dropped there.
        value = temperature * jax.nn.logsumexp(action_value / temperature, axis=-2)
        return jnp.where(level.terminal[..., None], 0.0, value)

    def sweep(carry):
        values, _ = carry
        better = soft_maximum(action_values(level, reward, continuation, values))
        return better, jnp.abs(better - values).max() > tolerance

    start = jnp.zeros((level.count, level.states, reward.shape[-1]))
    values, _ = jax.lax.while_loop(lambda carry: carry[1], sweep, (start, jnp.array(True)))
    return action_values(level, reward, continuation, values)


_exact_iterate = in_double_precision(_iterate)


def soft_action_values(
    level: Level, objectives: Objectives, *, temperature: float, tolerance: float = 1e-10
) -> Float[np.ndarray, "O N S A"]:
    """Returns the soft-optimal value of every action.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: O objectives.
    - `temperature`: above 0; in units of reward.
    - `tolerance`: largest change of a value in the last sweep.

    **Returns:** `[O, N, S, A]` in double precision; the soft-optimal policy is its softmax at the same temperature.
    """
    result = _exact_iterate(level, objectives, temperature, tolerance)
    return np.moveaxis(result, -1, 0)


def boltzmann(action_value: Float[np.ndarray, "... A"], temperature: float) -> Float[np.ndarray, "... A"]:
    """Returns the policy proportional to `exp(Q / temperature)`."""
    scaled = (action_value - action_value.max(-1, keepdims=True)) / temperature
    weights = np.exp(scaled)
    return weights / weights.sum(-1, keepdims=True)
