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

STILL: float = 1e-14
"""A sweep that changes no value by more than this has arrived."""

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
    """Returns action values after at most `SWEEPS` sweeps and how much the last one still changed, by objective."""
    reward, continuation = rewards(objectives, level), continuations(objectives, level)

    def sweep(carry):
        values, _, count = carry
        better = action_values(level, reward, continuation, values).max(-2)
        return better, jnp.abs(better - values).max((0, 1)), count + 1

    size = reward.shape[-1]
    start = (jnp.zeros((level.count, level.states, size)), jnp.full(size, jnp.inf), 0)
    values, change, _ = jax.lax.while_loop(lambda carry: (carry[1] > STILL).any() & (carry[2] < SWEEPS), sweep, start)
    return action_values(level, reward, continuation, values), change


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
    swept, change = _exact_sweep(level, objectives)
    reachable = np.asarray(level.reachable)[..., None]
    result = np.where(reachable, np.moveaxis(swept, -1, 0), 0.0)
    for row in np.flatnonzero(change > STILL):
        objective = objectives.select(objectives.names[row])
        # Each round improves every level that is not yet optimal; there are finitely many policies.
        gain, scale = np.inf, 1.0
        while gain > 1e-12 * scale:
            greedy = np.eye(level.actions)[result[row].argmax(-1)]
            values = policy_values(level, greedy, objective)[0]
            improved = _exact_backup(level, objective, values[..., None])[..., 0]
            result[row] = np.where(reachable, improved, 0.0)
            gain, scale = (result[row].max(-1) - values).max(), max(1.0, np.abs(values).max())
    return result


def optimal_actions(action_value: Float[np.ndarray, "*batch S A"]) -> Bool[np.ndarray, "*batch S A"]:
    """Returns which actions are optimal in each state, ties included."""
    best = action_value.max(-1, keepdims=True)
    return action_value >= best - TIE * max(1.0, float(np.abs(best).max(initial=0.0)))
