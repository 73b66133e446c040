"""Optimal values and actions by value iteration on successor lists, taking turns with exact policy evaluation.

Value iteration alone only approaches the optimum where episodes do not end, and policy iteration alone learns of a far
goal one step a round. Sweeps carry news of the goal through the level, and evaluating the policy that they suggest
makes up for all the sweeps that would follow it (modified policy iteration; Puterman 1994, §6.5). Values only rise from
one evaluation to the next, and when they do no longer they are optimal.

Shapes here are `[N, S, A, O]`, objectives last: all objectives share the successors, so one look-up fetches the values
of all of them side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from mesascope.core.precision import in_double_precision
from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.planning.evaluation import policy_values, without_layout
from mesascope.worlds.level import Level

TIE: float = 1e-9
"""Actions within this of the best, relative to the largest value of their level (or 1), count as optimal too."""

STILL: float = 1e-13
"""Values that change by no more than this, relative to the largest of their level, have arrived."""

SWEEPS: int = 32
"""Value iteration stops after so many sweeps (or, if more, the square root of the number of states, which is how far
things are apart on a grid), and the policy that it has reached is evaluated."""

Greed = Callable[[Float[Array, "N S A O"]], Float[Array, "N S O"]]
"""Values of states from the values of their actions: a maximum, or a softer one."""


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


def sweep(
    level: Level, objectives: Objectives, values: Float[Array, "N S O"], greed: Greed
) -> tuple[Float[Array, "N S O"], Float[Array, "N S A O"], Bool[Array, "N O"]]:
    """Returns values and action values after one turn of sweeps, and which of them were still changing.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: O objectives.
    - `values`: to begin from.
    - `greed`: what is swept towards.
    """
    reward, continuation = rewards(objectives, level), continuations(objectives, level)
    counted = (level.reachable & ~level.terminal)[..., None]
    turn = max(SWEEPS, math.isqrt(level.states))

    def once(carry):
        values, _, count = carry
        better = jnp.where(counted, greed(action_values(level, reward, continuation, values)), 0.0)
        moving = jnp.abs(better - values).max(1) > STILL * jnp.abs(better).max(1)
        return better, moving, count + 1

    start = (values, jnp.ones((level.count, values.shape[-1]), bool), 0)
    values, moving, _ = jax.lax.while_loop(lambda carry: carry[1].any() & (carry[2] < turn), once, start)
    result = action_values(level, reward, continuation, values)
    return values, jnp.where(counted[..., None], result, 0.0), moving


def take_turns(
    level: Level,
    objectives: Objectives,
    sweep: Callable[[Level, Objectives, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]],
    decide: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]],
) -> Float[np.ndarray, "O N S A"]:
    """Returns the action values at which both sweeps and evaluations of the policy they suggest stand still.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: O objectives.
    - `sweep`: as above, given level, objectives and values; in double precision.
    - `decide`: the policy `[N, S, A]` that action values `[N, S, A]` suggest, and the reward `[N, S]` of choosing in
      that way, or `None`.
    """
    level = without_layout(level)
    # Without names, so that objectives of other names do not compile the sweeps again.
    nameless = Objectives((), objectives.weights, objectives.stops)
    values = np.zeros((level.count, level.states, len(objectives)))
    evaluated = np.full_like(values, -np.inf)
    settled = np.zeros((level.count, len(objectives)), bool)
    while True:
        values, result, moving = sweep(level, nameless, values)
        moving = moving & ~settled
        if not moving.any():
            return np.moveaxis(result, -1, 0)
        values = values.copy()
        for row in np.flatnonzero(moving.any(0)):
            some = np.flatnonzero(moving[:, row])
            one = Objectives(objectives.specs[row : row + 1], objectives.weights[[row]], objectives.stops[[row]])
            policy, bonus = decide(result[some, ..., row])
            exact = policy_values(level[some], policy, one, bonus=bonus)[0]
            gain = (exact - evaluated[some, :, row]).max(-1)
            settled[some, row] = gain <= STILL * np.abs(exact).max(-1)
            values[some, :, row] = evaluated[some, :, row] = exact


def _best(action_value):
    return action_value.max(-2)


_exact_sweep = in_double_precision(jax.jit(lambda level, objectives, values: sweep(level, objectives, values, _best)))


def optimal_action_values(level: Level, objectives: Objectives) -> Float[np.ndarray, "O N S A"]:
    """Returns the exact optimal value of every action.

    **Arguments:**

    - `level`: a batch of N levels.
    - `objectives`: O objectives.

    **Returns:** `[O, N, S, A]` in double precision; 0 in terminal and unreachable states. The optimal value of a state
    is the maximum over actions.
    """

    def greedy(action_value):
        return np.eye(level.actions)[action_value.argmax(-1)], None

    return take_turns(level, objectives, _exact_sweep, greedy)


def optimal_actions(action_value: Float[np.ndarray, "*batch S A"]) -> Bool[np.ndarray, "*batch S A"]:
    """Returns which actions are optimal in each state, ties included.

    Whether two actions tie is a matter of each level alone, whatever other levels stand beside it in a batch.
    """
    best = action_value.max(-1, keepdims=True)
    return action_value >= best - TIE * np.abs(best).max(-2, keepdims=True, initial=1.0)
