"""A multilayer perceptron on the flattened observation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import ACTIVATIONS, GAINS, Dense, Heads, check_activation
from mesascope.agents.networks.network import Memory, Network, NetworkSpec, check_widths
from mesascope.agents.networks.taps import tap
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
        check_widths("mlp", "widths", self.widths)
        check_activation(self.activation)

    def build(self, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey) -> MLP:
        return MLP(self, observation_shape, actions, key=key)


class MLP(Network):
    """Dense hidden layers shared by the policy and the value head; memoryless."""

    hidden: tuple[Dense, ...]
    heads: Heads
    spec: MLPSpec = eqx.field(static=True)

    def __init__(self, spec: MLPSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        key_heads, *key_hidden = jax.random.split(key, 1 + len(spec.widths))
        sizes = (math.prod(observation_shape), *spec.widths)
        gain = GAINS[spec.activation]
        self.hidden = tuple(
            Dense(inputs, outputs, gain=gain, key=layer_key)
            for inputs, outputs, layer_key in zip(sizes, spec.widths, key_hidden, strict=False)
        )
        self.heads = Heads(sizes[-1], actions, key=key_heads)
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        features = observation.reshape(-1)
        for index, layer in enumerate(self.hidden):
            features = tap(f"hidden-{index}", ACTIVATIONS[self.spec.activation](layer(features)))
        logits, value = self.heads(features)
        return logits, value, memory

    def initial_memory(self) -> Memory:
        return None
