"""Optimal actions inside compiled training loops, on levels that were drawn a moment ago."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.planning.value_iteration import action_values
from mesascope.worlds.level import Level

TIE: float = 1e-5
"""In single precision actions within this of the best, relative to it, are optimal too."""


def optimum(level: Level, objectives: Objectives) -> tuple[Bool[Array, "N S A"], Bool[Array, "N S"]]:
    """Returns the optimal actions of the first objective, inside `jit`, and the states in which it matters.

    Value iteration in single precision until values stand still, or as many sweeps as there are states: on levels
    without chance no optimal plan is longer.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: one objective.
    """
    reward, continuation = rewards(objectives, level), continuations(objectives, level)
    active = jnp.asarray(level.reachable) & ~jnp.asarray(level.terminal)

    def once(carry):
        values, _, count = carry
        better = jnp.where(active[..., None], action_values(level, reward, continuation, values).max(-2), 0.0)
        return better, (better != values).any(), count + 1

    start = (jnp.zeros((*active.shape, len(objectives)), reward.dtype), jnp.array(True), 0)
    values, _, _ = jax.lax.while_loop(lambda carry: carry[1] & (carry[2] < level.states), once, start)
    found = action_values(level, reward, continuation, values)[..., 0]
    best, worst = found.max(-1, keepdims=True), found.min(-1, keepdims=True)
    margin = TIE * jnp.abs(best)
    return found >= best - margin, active & (best - worst > margin)[..., 0]
