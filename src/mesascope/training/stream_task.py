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


def live(
    stream: Stream, network: Network, *, episodes: int, key: RandomKey, steps: int | None = None, alike: int = 1
) -> Lived:
    """Plays episodes of fresh tasks; can be differentiated where answers are numbers.

    **Arguments:**

    - `stream`: whose tasks.
    - `network`: whose memory begins anew in each episode.
    - `episodes`: B of them.
    - `key`: consumed.
    - `steps`: T, where only the beginnings of episodes are lived; by default all.
    - `alike`: how many episodes, side by side, are of the same task; it divides their number.
    """

    def one(key_task: RandomKey, key: RandomKey) -> tuple[Any, ...]:
        key_begin, key_steps = jax.random.split(key)
        task = stream.sample(key=key_task)
        state, seen = stream.begin(task, key=key_begin)

        def step(carry, key):
            state, seen, memory = carry
            key_answer, key_step = jax.random.split(key)
            head, value, memory = network(seen, memory)
            answer = jax.random.categorical(key_answer, head) if stream.actions else head
            state, following, signals = stream.step(task, state, answer, key=key_step)
            return (state, following, memory), (seen, head, value, answer, signals)

        carry = (state, seen, network.initial_memory())
        _, (observations, heads, values, answers, signals) = jax.lax.scan(
            step, carry, jax.random.split(key_steps, stream.steps)[:steps]
        )
        return task, observations, heads, values, answers, signals

    key_tasks, key_episodes = jax.random.split(key)
    tasks = jnp.repeat(jax.random.split(key_tasks, episodes // alike), alike, axis=0)
    return Lived(*jax.vmap(one)(tasks, jax.random.split(key_episodes, episodes)))


def counted(stream: Stream, signals: Float[Array, "B T N"]) -> Float[Array, " B"]:
    """Returns what each episode is worth under the base objective."""
    return signals[:, jnp.asarray(stream.counted), 0].sum(-1)
