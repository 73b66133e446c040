"""What is to be learned in a stream, by what kind of network; and how a network lives through episodes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.core.random import RandomKey
from mesascope.training.base_optimizer import assembled
from mesascope.worlds.streams.stream import Stream


@dataclass(frozen=True)
class StreamTask:
    """A stream and an architecture: everything but the search itself. Hashable.

    **Arguments:**

    - `stream`: from which tasks are drawn; its first signal is the base objective.
    - `network`: the architecture; what it answers is `stream.outputs` numbers, logits where there are actions.
    """

    stream: Stream
    network: NetworkSpec

    def build(self, *, key: RandomKey) -> Any:
        """Returns a freshly initialised network for this stream."""
        return self.network.build(self.stream.observation_shape, self.stream.outputs, key=key)

    def assemble(self, parameters: PyTree) -> Any:
        """Returns the network that has these trainable arrays."""
        return assembled(self.build, parameters)


class Lived(eqx.Module):
    """What happened in B episodes of T steps.

    **Arguments:**

    - `tasks`: what was hidden, with a leading axis of episodes.
    - `observations`: seen before each answer, `[B, T, D]`.
    - `heads`: what the network said, logits or numbers, `[B, T, O]`.
    - `values`: of its value head, `[B, T]`.
    - `answers`: actions taken, `[B, T]`, or the numbers themselves, `[B, T, O]`.
    - `signals`: what each answer brought, `[B, T, N]`.
    """

    tasks: Any
    observations: Float[Array, "*batch T D"]
    heads: Float[Array, "*batch T O"]
    values: Float[Array, "*batch T"]
    answers: Array
    signals: Float[Array, "*batch T N"]


class Begun(eqx.Module):
    """Where B episodes stand.

    **Arguments:**

    - `tasks`: what is hidden.
    - `states`: of the stream.
    - `seen`: the next observations, `[B, D]`.
    - `memories`: of the network.
    """

    tasks: Any
    states: Any
    seen: Float[Array, "B D"]
    memories: Any


def begin_episodes(stream: Stream, network: Network, *, episodes: int, key: RandomKey, alike: int = 1) -> Begun:
    """Begins episodes of fresh tasks.

    **Arguments:**

    - `stream`: whose tasks.
    - `network`: whose memory begins anew in each episode.
    - `episodes`: B of them.
    - `key`: consumed.
    - `alike`: how many episodes, side by side, are of the same task; it divides their number.
    """
    key_tasks, key_begin = jax.random.split(key)
    tasks = jax.vmap(lambda key: stream.sample(key=key))(jax.random.split(key_tasks, episodes // alike))
    tasks = jax.tree.map(lambda leaf: jnp.repeat(leaf, alike, axis=0), tasks)
    begin = jax.vmap(lambda task, key: stream.begin(task, key=key))
    states, seen = begin(tasks, jax.random.split(key_begin, episodes))
    memory = network.initial_memory()
    memories = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (episodes, *leaf.shape)), memory)
    return Begun(tasks, states, seen, memories)


def go_on(stream: Stream, network: Network, begun: Begun, *, steps: int, key: RandomKey) -> tuple[Begun, Lived]:
    """Plays episodes on from where they stand; can be differentiated where answers are numbers.

    **Arguments:**

    - `stream`: whose tasks.
    - `network`: with a memory of that kind.
    - `begun`: from `begin_episodes` or the last call.
    - `steps`: T; not more than are left.
    - `key`: consumed.
    """

    def one(task, state, seen, memory, key):
        def step(carry, key):
            state, seen, memory = carry
            key_answer, key_step = jax.random.split(key)
            head, value, memory = network(seen, memory)
            answer = jax.random.categorical(key_answer, head) if stream.actions else head
            state, following, signals = stream.step(task, state, answer, key=key_step)
            return (state, following, memory), (seen, head, value, answer, signals)

        return jax.lax.scan(step, (state, seen, memory), jax.random.split(key, steps))

    keys = jax.random.split(key, len(begun.seen))
    stands, lived = jax.vmap(one)(begun.tasks, begun.states, begun.seen, begun.memories, keys)
    return Begun(begun.tasks, *stands), Lived(begun.tasks, *lived)


def live(
    stream: Stream, network: Network, *, episodes: int, key: RandomKey, steps: int | None = None, alike: int = 1
) -> Lived:
    """Plays episodes of fresh tasks; can be differentiated where answers are numbers.

    **Arguments:**

    - `stream`, `network`, `episodes`, `alike`: as of `begin_episodes`.
    - `key`: consumed.
    - `steps`: T, where only the beginnings of episodes are lived; by default all.
    """
    key_begin, key_steps = jax.random.split(key)
    begun = begin_episodes(stream, network, episodes=episodes, key=key_begin, alike=alike)
    return go_on(stream, network, begun, steps=stream.steps if steps is None else steps, key=key_steps)[1]


def counts(stream: Stream) -> Float[Array, " T"]:
    """Returns which steps of an episode count for the base objective, 1 or 0."""
    return jnp.zeros(stream.steps).at[jnp.asarray(stream.counted)].set(1.0)


def counted(stream: Stream, signals: Float[Array, "B T N"]) -> Float[Array, " B"]:
    """Returns what each episode is worth under the base objective."""
    return signals[..., 0] @ counts(stream)
