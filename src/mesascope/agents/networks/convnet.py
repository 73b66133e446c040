"""A small residual convolutional network for grid observations, channels last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import HIDDEN_GAIN, Convolution, Dense, Heads
from mesascope.agents.networks.network import MAXIMUM_LAYERS, Memory, Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class ConvNetSpec(NetworkSpec):
    """Size of a `ConvNet`.

    **Arguments:**

    - `channels`: of every convolution.
    - `layers`: number of 3x3 convolutions.
    - `residual`: whether every convolution but the first adds to its input.
    - `hidden`: width of the dense layer between the flattened image and the heads.
    """

    architecture: ClassVar[str] = "convnet"

    channels: int = 16
    layers: int = 3
    residual: bool = True
    hidden: int = 64

    def __post_init__(self):
        self.check_sizes("channels", "hidden")
        self.check_sizes("layers", maximum=MAXIMUM_LAYERS)
        if type(self.residual) is not bool:
            raise UsageError(f"convnet: residual={self.residual!r} is neither true nor false.")


@registered(ConvNetSpec)
class ConvNet(Network):
    """3x3 convolutions, a dense layer and the two heads; memoryless."""

    convolutions: tuple[Convolution, ...]
    dense: Dense
    heads: Heads
    spec: ConvNetSpec = eqx.field(static=True)

    def __init__(self, spec: ConvNetSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        spec.check_image(observation_shape, otherwise="mlp")
        height, width, channels = observation_shape
        key_dense, key_heads, *key_convolutions = jax.random.split(key, 2 + spec.layers)
        self.convolutions = tuple(
            Convolution(channels if index == 0 else spec.channels, spec.channels, key=layer_key)
            for index, layer_key in enumerate(key_convolutions)
        )
        self.dense = Dense(height * width * spec.channels, spec.hidden, gain=HIDDEN_GAIN, key=key_dense)
        self.heads = Heads(spec.hidden, actions, key=key_heads)
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "H W C"], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        image = observation
        for index, convolution in enumerate(self.convolutions):
            change = jax.nn.relu(convolution(image))
            image = at_site(f"image-{index}", image + change if self.spec.residual and index > 0 else change)
        logits, value = self.heads(at_site("dense", jax.nn.relu(self.dense(image.reshape(-1)))))
        return logits, value, memory
