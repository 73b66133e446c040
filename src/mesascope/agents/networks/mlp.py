"""A multilayer perceptron on the flattened observation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import ACTIVATIONS, HIDDEN_GAIN, Dense, Heads, dense_layers
from mesascope.agents.networks.network import Memory, Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class MLPSpec(NetworkSpec):
    """Size of an `MLP`.

    **Arguments:**

    - `widths`: of the hidden layers; an empty tuple is a linear policy.
    - `activation`: one of `layers.ACTIVATIONS`.
    """

    architecture: ClassVar[str] = "mlp"

    widths: tuple[int, ...] = (64, 64)
    activation: str = "tanh"

    def __post_init__(self):
        self.check_sizes("widths")
        self.check_named(activation=ACTIVATIONS)


@registered(MLPSpec)
class MLP(Network):
    """Dense hidden layers shared by the policy and the value head; memoryless."""

    hidden: tuple[Dense, ...]
    heads: Heads
    spec: MLPSpec = eqx.field(static=True)

    def __init__(self, spec: MLPSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        key_heads, *key_hidden = jax.random.split(key, 1 + len(spec.widths))
        sizes = (math.prod(observation_shape), *spec.widths)
        self.hidden = dense_layers(sizes, gain=HIDDEN_GAIN, keys=key_hidden)
        self.heads = Heads(sizes[-1], actions, key=key_heads)
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        features = observation.reshape(-1)
        for index, layer in enumerate(self.hidden):
            features = at_site(f"hidden-{index}", ACTIVATIONS[self.spec.activation](layer(features)))
        logits, value = self.heads(features)
        return logits, value, memory
