"""Generalised advantage estimation (Schulman et al. 2016, eq. 16), with terminations, truncations and resting steps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


def generalised_advantages(
    reward: Float[Array, "T N"],
    value: Float[Array, "T+1 N"],
    discount: Float[Array, "T N"],
    counted: Bool[Array, "T N"],
    *,
    trace: float,
) -> Float[Array, "T N"]:
    """Returns the exponentially weighted advantage of each step.

    **Arguments:**

    - `reward`: of each step.
    - `value`: estimated, of the position before each step and of the one after the last.
    - `discount`: factor on the value of the next position, 0 after a termination.
    - `counted`: false for steps that rest after a truncation. The step before one keeps the value of the state that it
      reached, and no trace passes through.
    - `trace`: the factor lambda on later temporal differences, in [0, 1].

    **Returns:** `[T, N]`; meaningless where `counted` is false.
    """
    difference = reward + discount * value[1:] - value[:-1]
    goes_on = jnp.concatenate([counted[1:], jnp.zeros_like(counted[:1])])
    decay = trace * discount * goes_on

    def backwards(later, step):
        difference, decay = step
        advantage = difference + decay * later
        return advantage, advantage

    _, advantage = jax.lax.scan(backwards, jnp.zeros_like(reward[0]), (difference, decay), reverse=True)
    return advantage
