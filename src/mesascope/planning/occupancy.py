"""Soft-optimal plans over a finite horizon and the visits that they lead to, on successor lists.

`V_T = 0`, `Q_t = r + discount E V_{t+1}`, `V_t = log sum_a exp Q_t`, `pi_t = exp(Q_t - V_t)`, and forward from the
first state `d_{t+1} = discount * sum_{s, a} d_t pi_t P`; exactly T laws are added up (Ziebart 2010, §5.2 and §6.2). The
value of the first state is convex in the reward, and the visits are its derivative.

Both passes only gather: backwards each state looks at the few distinct states that any of its actions leads to,
forwards each state looks at the flows that lead to it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from mesascope.core.errors import UsageError
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import onward


class Flow(eqx.Module):
    """Where states lead to and what leads to them, as lists.

    **Arguments:**

    - `following`: distinct next states of each state, whatever the action, `[S, L]`; padded with any.
    - `weights`: probability of each under each action, 0 where an episode ends, `[S, A, L]`.
    - `incoming`: of each state the places in a flattened `[S, L]` that lead to it, `[S, J]`; padded with `S * L`.
    - `initial`: law of the first state, 0 where nobody acts, `[S]`.
    - `acting`: 1 in states in which somebody acts, else 0, `[S]`.
    """

    following: Int[Array, "S L"] | Int[np.ndarray, "S L"]
    weights: Float[Array, "S A L"] | Float[np.ndarray, "S A L"]
    incoming: Int[Array, "S J"] | Int[np.ndarray, "S J"]
    initial: Float[Array, " S"] | Float[np.ndarray, " S"]
    acting: Float[Array, " S"] | Float[np.ndarray, " S"]


def flow_of(level: Level, *, stops: tuple[int, ...] = ()) -> Flow:
    """Returns the lists of one (not batched) level.

    **Arguments:**

    - `level`: one level.
    - `stops`: attributes, by index, whose occurrence ends an episode.
    """
    successors = np.asarray(level.successors)
    states, actions, outcomes = successors.shape
    acting = np.asarray(level.reachable & ~level.terminal)
    probability = np.where(acting[successors], onward(level, stops=stops, discount=1.0), 0.0)
    used = probability.reshape(states, -1) > 0
    # Equal next states come to stand side by side, and the first of each run is given a column.
    reached = np.where(used, successors.reshape(states, -1), states)
    order = np.argsort(reached, axis=1, kind="stable")
    ordered = np.take_along_axis(reached, order, 1)
    new = np.diff(ordered, axis=1, prepend=-1) != 0
    column = np.empty_like(order)
    np.put_along_axis(column, order, new.cumsum(1) - 1, 1)
    length = int((new & (ordered < states)).sum(1).max(initial=1)) or 1
    following = np.zeros((states, length), np.int64)
    weights = np.zeros((states, actions, length))
    row, place = np.nonzero(used)
    following[row, column[row, place]] = reached[row, place]
    np.add.at(weights, (row, place // outcomes, column[row, place]), probability.reshape(states, -1)[row, place])
    leads = weights.sum(1) > 0
    source = np.flatnonzero(leads)
    target = following.reshape(-1)[source]
    order = np.argsort(target, kind="stable")
    counts = np.bincount(target, minlength=states)
    incoming = np.full((states, max(1, int(counts.max(initial=1)))), states * length)
    rank = np.arange(len(order)) - np.repeat(counts.cumsum() - counts, counts)
    incoming[target[order], rank] = source[order]
    initial = np.where(acting, np.asarray(level.initial, np.float64), 0.0)
    with jax.enable_x64(True):
        # On the device once, and not again with every plan.
        lists = (following, weights, incoming, initial, acting.astype(np.float64))
        return Flow(*(jnp.asarray(array) for array in lists))


@dataclass(frozen=True)
class Plan:
    """A soft-optimal plan.

    **Arguments:**

    - `value`: of the first state, in units of the temperature: the log partition.
    - `visits`: expected discounted number of times that each action is taken in each state, `[S, A]`.
    - `policy`: in the first step, `[S, A]`.
    """

    value: float
    visits: Float[np.ndarray, "S A"]
    policy: Float[np.ndarray, "S A"]


def finite_horizon_plan(flow: Flow, reward: Float[np.ndarray, "S A"], *, horizon: int, discount: float = 1.0) -> Plan:
    """Returns the plan that is soft-optimal at temperature 1 over a number of steps.

    **Arguments:**

    - `flow`: the lists of the level.
    - `reward`: of each action in each state.
    - `horizon`: T, 1 or more steps.
    - `discount`: in [0, 1].

    **Raises:** `UsageError` for a horizon below 1, a discount outside [0, 1], or a reward that is not finite.
    """
    if horizon < 1 or not 0 <= discount <= 1:
        raise UsageError(f"A plan needs a horizon of 1 or more and a discount in [0, 1]: {horizon}, {discount}.")
    if not np.isfinite(reward).all():
        raise UsageError("The reward to plan for is not finite.")
    with jax.enable_x64(True):
        value, visits, policy = compiled_plan(flow, np.asarray(reward, np.float64), discount, horizon)
        return Plan(float(value), np.asarray(visits), np.asarray(policy))


@functools.partial(jax.jit, static_argnames="horizon")
def compiled_plan(flow: Flow, reward, discount, horizon: int):
    """Returns value, visits and first policy as JAX arrays, to be differentiated; in the precision of its arguments."""
    acting = flow.acting

    def backward(values, _):
        following = jnp.einsum("sal,sl->sa", flow.weights, values[flow.following])
        action_value = reward + discount * following
        best = action_value.max(-1)
        raised = jnp.exp(action_value - best[:, None])
        total = raised.sum(-1)
        return (best + jnp.log(total)) * acting, raised / total[:, None]

    values, policies = jax.lax.scan(backward, jnp.zeros_like(acting), None, length=horizon)

    def forward(carry, policy):
        law, visits = carry
        taken = law[:, None] * policy
        leaving = discount * jnp.einsum("sa,sal->sl", taken, flow.weights)
        padded = jnp.append(leaving.reshape(-1), 0.0)
        return (padded[flow.incoming].sum(-1), visits + taken), None

    start = (flow.initial, jnp.zeros_like(reward))
    # Policies were made from the last step to the first.
    (_, visits), _ = jax.lax.scan(forward, start, policies, reverse=True)
    return values @ flow.initial, visits, policies[-1]
