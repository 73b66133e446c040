"""A small causal transformer over the steps of an episode; what it remembers are keys and values of earlier steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import Dense, Heads
from mesascope.agents.networks.network import MAXIMUM_LAYERS, Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class SmallGPTSpec(NetworkSpec):
    """Size of a `SmallGPT`.

    **Arguments:**

    - `layers`: blocks of attention and two dense layers.
    - `width`: of a token; `heads` divides it.
    - `heads`: of attention.
    - `context`: steps that are attended to. Later ones push out the oldest, and have the place of the last.
    """

    architecture: ClassVar[str] = "small-gpt"
    memoryless: ClassVar[bool] = False

    layers: int = 2
    width: int = 64
    heads: int = 2
    context: int = 8

    def __post_init__(self):
        self.check_sizes("layers", maximum=MAXIMUM_LAYERS)
        self.check_sizes("width", "heads", "context")
        if self.width % self.heads:
            raise UsageError(f"small-gpt: heads={self.heads} does not divide width={self.width}.")


class Attended(NamedTuple):
    """What is remembered: keys and values by layer, the latest step last; and how many steps there were."""

    keys: Float[Array, "layers context width"]
    values: Float[Array, "layers context width"]
    steps: Float[Array, "1"]


class Block(eqx.Module):
    """Attention, then two dense layers; each reads a normalised token and adds to it (Radford et al. 2019).

    **Arguments:**

    - `width`, `depth`: of a token, and how many blocks there are.
    - `key`: consumed.
    """

    mixed: Dense
    gathered: Dense
    widened: Dense
    narrowed: Dense

    def __init__(self, width: int, depth: int, *, key: RandomKey):
        keys, quiet = jax.random.split(key, 4), 1 / math.sqrt(2 * depth)
        self.mixed = Dense(width, 3 * width, key=keys[0])
        self.gathered = Dense(width, width, gain=quiet, key=keys[1])
        self.widened = Dense(width, 4 * width, key=keys[2])
        self.narrowed = Dense(4 * width, width, gain=quiet, key=keys[3])


@registered(SmallGPTSpec)
class SmallGPT(Network):
    """A transformer decoder (Vaswani et al. 2017; Garg et al. 2022), one token for each step's observation."""

    embedding: Dense
    places: Float[Array, "context width"]
    blocks: tuple[Block, ...]
    heads: Heads
    spec: SmallGPTSpec = eqx.field(static=True)

    def __init__(self, spec: SmallGPTSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        key_embedding, key_places, key_heads, *keys = jax.random.split(key, 3 + spec.layers)
        self.embedding = Dense(math.prod(observation_shape), spec.width, key=key_embedding)
        self.places = 0.02 * jax.random.normal(key_places, (spec.context, spec.width))
        self.blocks = tuple(Block(spec.width, spec.layers, key=one) for one in keys)
        self.heads = Heads(spec.width, actions, key=key_heads)
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Attended
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Attended]:
        context, heads = self.spec.context, self.spec.heads
        steps = memory.steps[0] + 1
        place = jnp.minimum(memory.steps[0], context - 1).astype(jnp.int32)
        # The latest step stands last; what comes before the first one is not attended to.
        hidden = jnp.arange(context) < context - steps
        token = self.embedding(observation.reshape(-1)) + self.places[place]
        keys, values = [], []
        for index, block in enumerate(self.blocks):
            query, key, value = jnp.split(block.mixed(_normalised(token)), 3)
            keys.append(jnp.concatenate([memory.keys[index, 1:], key[None]]))
            values.append(jnp.concatenate([memory.values[index, 1:], value[None]]))
            parts = (context, heads, -1)
            likeness = jnp.einsum("hd,chd->hc", query.reshape(heads, -1), keys[-1].reshape(parts))
            likeness = jnp.where(hidden, -jnp.inf, likeness / math.sqrt(self.spec.width // heads))
            attention = at_site(f"attention-{index + 1}", jax.nn.softmax(likeness))
            gathered = jnp.einsum("hc,chd->hd", attention, values[-1].reshape(parts)).reshape(-1)
            token = token + block.gathered(gathered)
            token = token + block.narrowed(jax.nn.gelu(block.widened(_normalised(token))))
            token = at_site(f"token-{index + 1}", token)
        answer, value = self.heads(_normalised(token))
        return answer, value, Attended(jnp.stack(keys), jnp.stack(values), memory.steps + 1)

    def initial_memory(self) -> Attended:
        empty = jnp.zeros((self.spec.layers, self.spec.context, self.spec.width))
        return Attended(empty, empty, jnp.zeros(1))


def _normalised(token: Float[Array, " width"]) -> Float[Array, " width"]:
    # Without a scale of its own: the dense layer that follows has one.
    return (token - token.mean()) / jnp.sqrt(token.var() + 1e-5)
