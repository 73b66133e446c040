"""Optimal values and actions by value iteration on successor lists, finished by policy iteration.

Value iteration alone only approaches the optimum where episodes do not end; a few rounds of policy iteration from its
greedy policy end at the optimum itself (Puterman 1994, §6.4). Shapes here are `[N, S, A, O]`, objectives last: all
objectives share the successors, so one look-up fetches the values of all of them side by side.
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
"""Actions within this of the best, relative to the largest value, count as optimal too."""

SWEEPS: int = 64
"""Value iteration stops after so many sweeps and leaves the rest to policy iteration."""


def action_values(
    level: Level,
    reward: Float[Array, "N S A K O"],
    continuation: Float[Array, "N S A K O"],
    values: Float[Array, "N S O"],
) -> Float[Array, "N S A O"]:
    """Returns the value of each action given the value of each state: one Bellman backup without the choice.

    **Arguments:**

    - `level`: a batch of N levels.
    - `reward`, `continuation`: of each transition under each objective.
    - `values`: of each state under each objective.
    """
    following = jax.vmap(lambda value, successor: value[successor])(values, level.successors)
    return (level.probabilities[..., None] * (reward + continuation * following)).sum(-2)


@jax.jit
def _sweep(level: Level, objectives: Objectives):
    reward, continuation = rewards(objectives, level), continuations(objectives, level)

    def sweep(carry):
        values, _, count = carry
        better = action_values(level, reward, continuation, values).max(-2)
        return better, jnp.abs(better - values).max() > 1e-13, count + 1

    start = (jnp.zeros((level.count, level.states, reward.shape[-1])), jnp.array(True), 0)
    values, _, _ = jax.lax.while_loop(lambda carry: carry[1] & (carry[2] < SWEEPS), sweep, start)
    return action_values(level, reward, continuation, values)


@jax.jit
def _backup(level: Level, objectives: Objectives, values):
    return action_values(level, rewards(objectives, level), continuations(objectives, level), values)


_exact_sweep, _exact_backup = in_double_precision(_sweep), in_double_precision(_backup)


def optimal_action_values(level: Level, objectives: Objectives) -> Float[np.ndarray, "O N S A"]:
    """Returns the exact optimal value of every action.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: O objectives.

    **Returns:** `[O, N, S, A]` in double precision. The optimal value of a state is the maximum over actions.
    """
    result = np.moveaxis(_exact_sweep(level, objectives), -1, 0)
    reachable = np.asarray(level.reachable)[..., None]
    result = np.where(reachable, result, 0.0)
    for row, name in enumerate(objectives.names):
        objective = objectives.select(name)
        # Each round improves every level that is not yet optimal; there are finitely many policies.
        while True:
            greedy = np.eye(level.actions)[result[row].argmax(-1)]
            values = policy_values(level, greedy, objective)[0]
            improved = _exact_backup(level, objective, values[..., None])[..., 0]
            improved = np.where(reachable, improved, 0.0)
            gain = (improved.max(-1) - values).max()
            result[row] = improved
            if gain <= 1e-12 * max(1.0, np.abs(values).max()):
                break
    return result


def optimal_actions(action_value: Float[np.ndarray, "*batch S A"]) -> Bool[np.ndarray, "*batch S A"]:
    """Returns which actions are optimal in each state, ties included."""
    best = action_value.max(-1, keepdims=True)
    return action_value >= best - TIE * max(1.0, float(np.abs(best).max(initial=0.0)))
