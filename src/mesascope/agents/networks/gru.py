"""A gated recurrent network: an agent with memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import ACTIVATIONS, HIDDEN_GAIN, Dense, Heads
from mesascope.agents.networks.network import Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class GRUSpec(NetworkSpec):
    """Size of a `GRU`.

    **Arguments:**

    - `embedding`: width of the dense layer that reads the flattened observation.
    - `width`: length of the memory.
    - `activation`: of the embedding, one of `layers.ACTIVATIONS`.
    """

    architecture: ClassVar[str] = "gru"
    memoryless: ClassVar[bool] = False

    embedding: int = 64
    width: int = 64
    activation: str = "tanh"

    def __post_init__(self):
        self.check_sizes("embedding", "width")
        self.check_named(activation=ACTIVATIONS)


@registered(GRUSpec)
class GRU(Network):
    """A dense embedding, gated recurrent units (Cho et al. 2014) and the two heads; its memory begins at zero."""

    embedding: Dense
    inputs: Dense
    recurrent: Dense
    heads: Heads
    spec: GRUSpec = eqx.field(static=True)

    def __init__(self, spec: GRUSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        key_embedding, key_inputs, key_recurrent, key_heads = jax.random.split(key, 4)
        self.embedding = Dense(math.prod(observation_shape), spec.embedding, gain=HIDDEN_GAIN, key=key_embedding)
        self.inputs = Dense(spec.embedding, 3 * spec.width, key=key_inputs)
        self.recurrent = Dense(spec.width, 3 * spec.width, key=key_recurrent)
        self.heads = Heads(spec.width, actions, key=key_heads)
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Float[Array, " width"]
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Float[Array, " width"]]:
        memory = at_site("memory-before", memory)
        embedded = at_site("embedding", ACTIVATIONS[self.spec.activation](self.embedding(observation.reshape(-1))))
        reset_in, update_in, new_in = jnp.split(self.inputs(embedded), 3)
        reset_memory, update_memory, new_memory = jnp.split(self.recurrent(memory), 3)
        reset = jax.nn.sigmoid(reset_in + reset_memory)
        update = jax.nn.sigmoid(update_in + update_memory)
        proposal = jnp.tanh(new_in + reset * new_memory)
        memory = at_site("memory", (1 - update) * proposal + update * memory)
        logits, value = self.heads(memory)
        return logits, value, memory

    def initial_memory(self) -> Float[Array, " width"]:
        return jnp.zeros(self.spec.width, jnp.float32)
