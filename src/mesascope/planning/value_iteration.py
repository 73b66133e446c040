"""Optimal values and actions by value iteration on successor lists, finished by policy iteration.

Value iteration alone approaches a value that is never reached when the episode does not end; a few rounds of policy
iteration from its greedy policy end at the optimum itself (Puterman 1994, §6.4).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.core.precision import in_double_precision
from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.planning.evaluation import policy_values
from mesascope.worlds.level import Level

TIE: float = 1e-9
"""Actions within this of the best count as optimal too."""

SWEEPS: int = 128


def action_values(
    level: Level,
    reward: Float[Array, "... S A K"],
    continuation: Float[Array, "... S A K"],
    values: Float[Array, "... S"],
) -> Float[Array, "... S A"]:
    """Returns the value of each action given the value of each state: one Bellman backup without the choice.

    **Arguments:**

    - `level`: whose leading axes are the trailing ones of the other arguments' batch.
    - `reward`, `continuation`: of each transition.
    - `values`: of each state.
    """
    batch = values.shape[:-1]
    flat = level.successors.reshape(*level.successors.shape[:-3], -1)
    index = jnp.broadcast_to(flat, (*batch, flat.shape[-1]))
    following = jnp.take_along_axis(values, index, axis=-1).reshape(*batch, *level.successors.shape[-3:])
    return (level.probabilities * (reward + continuation * following)).sum(-1)


@jax.jit
def _sweep_until_still(level, reward, continuation):
    start = jnp.zeros((*reward.shape[:-3], level.states))

    def sweep(carry):
        values, _, count = carry
        better = action_values(level, reward, continuation, values).max(-1)
        return better, jnp.abs(better - values).max() > 1e-12, count + 1

    values, _, _ = jax.lax.while_loop(lambda carry: carry[1] & (carry[2] < SWEEPS), sweep, (start, jnp.array(True), 0))
    return values, action_values(level, reward, continuation, values)


_action_values = jax.jit(action_values)


def _greedy(action_value: np.ndarray) -> np.ndarray:
    """Returns the deterministic policy that takes the first best action."""
    return np.eye(action_value.shape[-1])[(action_value >= action_value.max(-1, keepdims=True) - TIE).argmax(-1)]


@in_double_precision
def _start(level: Level, objectives: Objectives):
    return _sweep_until_still(level, rewards(objectives, level), continuations(objectives, level))


@in_double_precision
def _improve(level: Level, objectives: Objectives, values):
    return _action_values(level, rewards(objectives, level), continuations(objectives, level), values)


def optimal_action_values(level: Level, objectives: Objectives) -> Float[np.ndarray, "O N S A"]:
    """Returns the exact optimal value of every action.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: O objectives.

    **Returns:** `[O, N, S, A]` in double precision. The optimal value of a state is the maximum over actions.
    """
    values, action_value = _start(level, objectives)
    for _ in range(level.states):
        residual = np.abs(action_value.max(-1) - values).max()
        if residual <= 1e-11 * max(1.0, np.abs(values).max()):
            return action_value
        policies = _greedy(action_value)
        values = np.concatenate(
            [policy_values(level, policies[row], objectives.select(name)) for row, name in enumerate(objectives.names)]
        )
        action_value = _improve(level, objectives, values)
    return action_value


def optimal_actions(action_value: Float[np.ndarray, "... S A"]) -> Bool[np.ndarray, "... S A"]:
    """Returns which actions are optimal in each state, ties included."""
    return action_value >= action_value.max(-1, keepdims=True) - TIE * np.maximum(1.0, np.abs(action_value).max())
