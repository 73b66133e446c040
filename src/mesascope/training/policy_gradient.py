"""The exact gradient of a policy's value in sampled levels, and what ascends it.

The policy is queried in every state, its action values `Q` and its discounted state visits `d` follow from one linear
system, and the policy gradient theorem (Sutton et al. 2000, theorem 1) gives the gradient of the value as that of
`sum_s d(s) sum_a pi(a|s) Q(s, a)` with `d` and `Q` held fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.training.base_optimizer import Task
from mesascope.training.descent import Descent
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

DENSE_STATES: int = 400
"""Up to this many states the linear system is solved by factorisation, above by iteration."""

TOLERANCE: float = 1e-6
MAXIMUM_SWEEPS: int = 2000


def logits_in_every_state(network, level: Level, world: World) -> Float[Array, "N S A"]:
    """Returns what a memoryless network says in every state of a batch of levels, in one forward pass."""
    observations = jax.vmap(world.observe_states)(level)
    flat = observations.reshape(-1, *observations.shape[2:])
    logits = jax.vmap(lambda observation: network(observation, None)[0])(flat)
    return logits.reshape(*observations.shape[:2], -1)


def surrogate(
    logits: Float[Array, "N S A"],
    level: Level,
    reward: Float[Array, "N S A K"],
    continuation: Float[Array, "N S A K"],
    entropy: float | Float[Array, ""] = 0.0,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Returns a number whose gradient is that of the policy's mean value, and the mean value itself.

    **Arguments:**

    - `logits`: of the policy in every state.
    - `level`: a batch of N levels.
    - `reward`, `continuation`: of each transition under one objective.
    - `entropy`: worth of a nat of the policy's entropy in a visited state, in units of reward.

    **Returns:** `sum_s d(s) sum_a pi(a|s) Q(s, a)` with `d` and `Q` held fixed, averaged over levels; and the expected
    return of the first state without the worth of entropy, likewise.
    """
    log_policy = jax.nn.log_softmax(logits)
    policy = jnp.exp(log_policy)
    # As a reward of -log pi; the derivative of this reward itself has mean zero under the policy.
    surprise = (-entropy * log_policy)[..., None]
    action_values, visits = jax.lax.stop_gradient(values_and_visits(level, policy, reward + surprise, continuation))
    expected = (level.probabilities * reward).sum(-1)
    value = (visits[..., None] * policy * expected).sum((1, 2)).mean()
    return (visits[..., None] * policy * action_values).sum((1, 2)).mean(), value


def values_and_visits(
    level: Level,
    policy: Float[Array, "N S A"],
    reward: Float[Array, "N S A K"],
    continuation: Float[Array, "N S A K"],
) -> tuple[Float[Array, "N S A"], Float[Array, "N S"]]:
    """Returns the action values of a policy and its expected discounted visits to each state.

    **Arguments:**

    - `level`: a batch of N levels.
    - `policy`: action probabilities.
    - `reward`, `continuation`: of each transition under one objective.

    **Returns:** `Q` `[N, S, A]` and `d` `[N, S]`, in the precision of the arguments; visits end where the
    objective's episode ends.
    """
    expected = (level.probabilities * reward).sum(-1)
    onward = level.probabilities * continuation
    gained = (policy * expected).sum(-1)
    chosen = policy[..., None] * onward
    solve = _solve if level.states <= DENSE_STATES else _iterate
    values, visits = jax.vmap(solve)(level.successors, chosen, gained, level.initial.astype(gained.dtype))
    following = jax.vmap(lambda value, successors: value[successors])(values, level.successors)
    return expected + (onward * following).sum(-1), visits


def _solve(successors, chosen, gained, initial):
    states = successors.shape[0]
    row = jnp.broadcast_to(jnp.arange(states)[:, None, None], successors.shape)
    step = jnp.zeros((states, states), chosen.dtype).at[row, successors].add(chosen)
    factors = jax.scipy.linalg.lu_factor(jnp.eye(states, dtype=chosen.dtype) - step)
    return jax.scipy.linalg.lu_solve(factors, gained), jax.scipy.linalg.lu_solve(factors, initial, trans=1)


def _iterate(successors, chosen, gained, initial):
    def sweep(carry):
        values, visits, _, count = carry
        new_values = gained + (chosen * values[successors]).sum((1, 2))
        new_visits = initial.at[successors].add(chosen * visits[:, None, None])
        change = jnp.abs(new_values - values).max() / (1 + jnp.abs(new_values).max())
        change = jnp.maximum(change, jnp.abs(new_visits - visits).sum())
        return new_values, new_visits, change, count + 1

    def going(carry):
        return (carry[2] > TOLERANCE) & (carry[3] < MAXIMUM_SWEEPS)

    start = (gained, initial, jnp.array(jnp.inf, gained.dtype), 0)
    values, visits, _, _ = jax.lax.while_loop(going, sweep, start)
    return values, visits


@dataclass(frozen=True)
class GradientAscent(Descent[Task]):
    """What optimizers share that ascend a gradient with Adam, at a rate that they decide update by update.

    **Arguments:**

    - `updates`: how many.
    - `levels`: drawn anew for each update.
    - `learning_rate`: at the start; it falls to 0 along a cosine.
    - `clip`: largest norm of a gradient.
    """

    updates: int
    levels: int
    learning_rate: float
    clip: float
