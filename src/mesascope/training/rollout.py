"""Roll-outs: what a network does in an environment, what it thinks of it afterwards, and what each step gained."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from mesascope.core.random import RandomKey
from mesascope.training.environment import NOISE, Environment, Positions, Transition


class Rollout(eqx.Module):
    """T steps of N episodes. Observations are not kept: level and state say what was seen.

    **Arguments:**

    - `level`, `state`: where each step began, `[T, N]`.
    - `action`: taken, `[T, N]`.
    - `log_probability`: of that action when it was taken, `[T, N]`.
    - `value`: estimated where each step began, and after the last, `[T + 1, N]`.
    - `transition`: what each step brought, `[T, N]`.
    - `memory`: of the network before the first step, `[N, ...]`; `None` if it is memoryless.
    """

    level: Int[Array, "*batch T N"]
    state: Int[Array, "*batch T N"]
    action: Int[Array, "*batch T N"]
    log_probability: Float[Array, "*batch T N"]
    value: Float[Array, "*batch T+1 N"]
    transition: Transition
    memory: PyTree


def log_probabilities(logits: Float[Array, "*batch A"], action: Int[Array, "*batch"]) -> Float[Array, "*batch"]:
    """Returns the log-probability of actions under a softmax of logits."""
    # A product with a one-hot vector, because its gradient is a product too and not a scatter.
    chosen = action[..., None] == jnp.arange(logits.shape[-1])
    return (jax.nn.log_softmax(logits) * chosen).sum(-1)


def roll_out(
    network: Any, environment: Environment, positions: Positions, memory: PyTree, *, steps: int, key: RandomKey
) -> tuple[Positions, PyTree, Rollout]:
    """Lets a network act.

    **Arguments:**

    - `network`: called on one observation, `network(observation, memory) -> (logits, value, memory)`.
    - `environment`: in which N episodes are under way.
    - `positions`: where they stand.
    - `memory`: with which they go on, `[N, ...]`; `None` if the network is memoryless.
    - `steps`: how many; static.
    - `key`: consumed.

    **Returns:** positions and memory after the last step, and the roll-out.
    """
    count = positions.level.shape[0]
    # All at once: one long draw is far cheaper than many short ones inside the loop. The last number is for the action.
    noise = jax.random.uniform(key, (steps, count, NOISE + 1))
    cleared = blank_memory(network, count)
    # The network stays as it is meanwhile, so that looking once at each state may do.
    table = everywhere(network, environment) if memory is None and environment.states <= steps * count else None

    def think(positions, memory):
        if table is not None:
            logits, value = (entry[positions.level, positions.state] for entry in table)
            return logits, value, memory
        return jax.vmap(network)(environment.observe(positions.level, positions.state), memory)

    def one(carry, noise):
        positions, memory = carry
        logits, value, memory = think(positions, memory)
        cumulative = jnp.cumsum(jax.nn.softmax(logits), axis=-1)
        action = (cumulative[:, :-1] <= noise[:, NOISE:] * cumulative[:, -1:]).sum(-1)
        following, transition = environment.step(positions, action, noise[:, :NOISE])
        memory = jax.tree.map(lambda blank, kept: select(transition.begins, blank, kept), cleared, memory)
        return (following, memory), (positions.level, positions.state, action, logits, value, transition)

    (last, last_memory), (level, state, action, logits, value, transition) = jax.lax.scan(
        one, (positions, memory), noise
    )
    _, last_value, _ = think(last, last_memory)
    rollout = Rollout(
        level=level,
        state=state,
        action=action,
        log_probability=log_probabilities(logits, action),
        value=jnp.concatenate([value, last_value[None]]),
        transition=transition,
        memory=memory,
    )
    return last, last_memory, rollout


def reconsider(
    network: Any, environment: Environment, rollout: Rollout
) -> tuple[Float[Array, "*samples A"], Float[Array, "*samples"]]:
    """Returns logits and values of a network at each step of a roll-out: `[T, N, A]` and `[T, N]`.

    A memoryless network needs no order: its steps may come in one axis, `[B]`, and are looked at all at once. Memory is
    carried through the steps again from where the roll-out began, and cleared where an episode began.

    **Arguments:**

    - `network`: now, perhaps other than the one that acted.
    - `environment`: in which the roll-out was made.
    - `rollout`: or some of its steps (memoryless), or some of its episodes (with memory).
    """
    if rollout.memory is None:
        if environment.states <= rollout.level.size:
            logits, value = everywhere(network, environment)
            return logits[rollout.level, rollout.state], value[rollout.level, rollout.state]
        observation = environment.observe(rollout.level, rollout.state)
        flat = observation.reshape(-1, *observation.shape[rollout.level.ndim :])
        logits, value, _ = jax.vmap(lambda seen: network(seen, None))(flat)
        return logits.reshape(*rollout.level.shape, -1), value.reshape(rollout.level.shape)
    cleared = blank_memory(network, rollout.level.shape[1])

    def one(memory, step):
        level, state, begins = step
        logits, value, memory = jax.vmap(network)(environment.observe(level, state), memory)
        memory = jax.tree.map(lambda blank, kept: select(begins, blank, kept), cleared, memory)
        return memory, (logits, value)

    _, (logits, value) = jax.lax.scan(one, rollout.memory, (rollout.level, rollout.state, rollout.transition.begins))
    return logits, value


def generalised_advantages(
    reward: Float[Array, "T N"],
    value: Float[Array, "T+1 N"],
    discount: Float[Array, "T N"],
    counted: Bool[Array, "T N"],
    *,
    trace: float,
) -> Float[Array, "T N"]:
    """Returns the exponentially weighted advantage of each step (Schulman et al. 2016, eq. 16).

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


def everywhere(network: Any, environment: Environment) -> tuple[Float[Array, "L S A"], Float[Array, "L S"]]:
    """Returns logits and values of a memoryless network in every state of every level.

    Levels are finite: where they have fewer states than there are steps to think about, this is the same and cheaper.
    """
    pool, states = environment.pool.firsts.shape
    level, state = jnp.divmod(jnp.arange(pool * states, dtype=jnp.int32), states)
    logits, value, _ = jax.vmap(lambda seen: network(seen, None))(environment.observe(level, state))
    return logits.reshape(pool, states, -1), value.reshape(pool, states)


def select(condition: Array, yes: Array, no: Array) -> Array:
    """Returns `yes` where a condition over the leading axis holds, else `no`."""
    return jnp.where(condition.reshape(-1, *(1,) * (yes.ndim - 1)), yes, no)


def blank_memory(network: Any, count: int) -> PyTree:
    """Returns the memory with which `count` episodes begin, `[count, ...]`; `None` if the network is memoryless."""
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), network.initial_memory())
