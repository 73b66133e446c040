"""A deep repeated convolutional LSTM: memory that is laid out as the grid is, and several ticks of thought per step.

Guez et al. (2019), "An investigation of model-free planning", the network in which learned planning was first found. A
stack of convolutional LSTM layers runs for several ticks on one observation before each choice, and its memory is
carried on to the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import HIDDEN_GAIN, Convolution, Dense, Heads
from mesascope.agents.networks.network import MAXIMUM_LAYERS, NetworkSpec, Thinker, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey

READOUTS: tuple[str, ...] = ("image", "agent")

FORGET_BIAS: float = 1.0
"""Added before the forget gate, so that a new layer remembers (Jozefowicz et al. 2015)."""

LayerMemory = tuple[Float[Array, "*batch H W channels"], Float[Array, "*batch H W channels"]]
"""Cell and hidden state of one layer."""


@dataclass(frozen=True)
class DRCSpec(NetworkSpec):
    """Size of a `DRC`; DRC(D, N) of the paper has D layers and N ticks.

    **Arguments:**

    - `channels`: of the encoder and of every layer.
    - `layers`: convolutional LSTM layers on top of one another.
    - `ticks`: how often all layers run in one step. No parameter depends on it.
    - `hidden`: width of the dense layer before the heads.
    - `readout`: `"image"` flattens the whole image, as in the paper. `"agent"` reads it where the agent stands, and
      shows the layers everything but that place: the network thinks about the whole level, and fits levels of any size.
    - `channel`: for `"agent"`, the plane that shows where the agent is; negative numbers count from the last.
    """

    architecture: ClassVar[str] = "drc"
    memoryless: ClassVar[bool] = False

    channels: int = 32
    layers: int = 3
    ticks: int = 3
    hidden: int = 256
    readout: str = "image"
    channel: int = -1

    def __post_init__(self):
        self.check_sizes("channels", "hidden")
        self.check_sizes("layers", "ticks", maximum=MAXIMUM_LAYERS)
        self.check_named(readout=READOUTS)
        if type(self.channel) is not int:
            raise UsageError(f"drc: channel={self.channel!r} is not a whole number.")

    @property
    def place_plane(self) -> int | None:
        """The plane of the agent if the image is read where it stands: see `NetworkSpec`."""
        return self.channel if self.readout == "agent" else None


class Layer(eqx.Module):
    """One convolutional LSTM layer (Shi et al. 2015, without peepholes) with pool-and-inject.

    The summary of the last tick's hidden state, its mean and its maximum over the image, enters the gates everywhere
    alike. In the paper it is tiled and convolved, which differs from this at the border only.

    **Arguments:**

    - `channels`: of input and memory.
    - `key`: consumed.
    """

    inputs: Convolution
    recurrent: Convolution
    pooled: Dense

    def __init__(self, channels: int, *, key: RandomKey):
        key_inputs, key_recurrent, key_pooled = jax.random.split(key, 3)
        self.inputs = Convolution(channels, 4 * channels, gain=0.5, key=key_inputs)
        self.recurrent = Convolution(2 * channels, 4 * channels, gain=0.5, key=key_recurrent)
        self.pooled = Dense(2 * channels, 4 * channels, gain=0.5, key=key_pooled)

    def __call__(
        self, seen: Float[Array, "H W gates"], below: Float[Array, "H W channels"], memory: LayerMemory
    ) -> LayerMemory:
        """Returns the memory after one tick.

        **Arguments:**

        - `seen`: what `inputs` makes of the encoded observation: the same at every tick.
        - `below`: hidden state of the layer below.
        - `memory`: of this layer.
        """
        cell, hidden = memory
        summary = jnp.concatenate([hidden.mean((0, 1)), hidden.max((0, 1))])
        gates = seen + self.recurrent(jnp.concatenate([below, hidden], axis=-1)) + self.pooled(summary)
        enter, forget, proposal, leave = jnp.split(gates, 4, axis=-1)
        cell = jax.nn.sigmoid(forget + FORGET_BIAS) * cell + jax.nn.sigmoid(enter) * jnp.tanh(proposal)
        return cell, jax.nn.sigmoid(leave) * jnp.tanh(cell)


@registered(DRCSpec)
class DRC(Thinker):
    """An encoder of one convolution, convolutional LSTM layers, a dense layer and the two heads.

    As in the paper (§3.1 and appendix), every layer sees the encoded observation, the layer below in the same tick and
    itself in the last one; the lowest sees the highest in the last tick; a summary over the image is injected; and the
    encoded observation skips the layers on its way to the dense layer. Left out: the plane that marks the border, which
    walls do here, and the penalties on activations and logits.
    """

    encoder: Convolution
    layers: tuple[Layer, ...]
    dense: Dense
    heads: Heads
    spec: DRCSpec = eqx.field(static=True)
    size: tuple[int, int] = eqx.field(static=True)

    def __init__(self, spec: DRCSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        spec.check_image(observation_shape, otherwise="gru")
        height, width, planes = observation_shape
        at_agent = spec.readout == "agent"
        if at_agent and (planes < 2 or not -planes <= spec.channel < planes):
            raise UsageError(f"drc: channel={spec.channel} is not one of several, here {planes}.")
        key_encoder, key_dense, key_heads, *key_layers = jax.random.split(key, 3 + spec.layers)
        self.encoder = Convolution(planes - at_agent, spec.channels, key=key_encoder)
        self.layers = tuple(Layer(spec.channels, key=layer_key) for layer_key in key_layers)
        read = 2 * spec.channels * (1 if at_agent else height * width)
        self.dense = Dense(read, spec.hidden, gain=HIDDEN_GAIN, key=key_dense)
        self.heads = Heads(spec.hidden, actions, key=key_heads)
        self.spec, self.size = spec, (height, width)

    def think(
        self, observation: Float[Array, "H W C"], memory: tuple[LayerMemory, ...]
    ) -> tuple[Float[Array, "H W read"], tuple[LayerMemory, ...]]:
        """Returns the image that choices are read from, and the memory, after the ticks of one step.

        With `readout="agent"` both are the same wherever the agent stands; see `Thinker`.
        """
        if self.spec.readout == "agent":
            observation = jnp.delete(observation, self.spec.channel, axis=-1)
        encoded = at_site("encoded", jax.nn.relu(self.encoder(observation)))
        seen = [layer.inputs(encoded) for layer in self.layers]
        state = list(memory)
        for tick in range(self.spec.ticks):
            below = state[-1][1]
            for index, layer in enumerate(self.layers):
                cell, hidden = layer(seen[index], below, state[index])
                site = f"tick-{tick}/layer-{index}"
                state[index] = at_site(f"{site}/cell", cell), at_site(f"{site}/hidden", hidden)
                below = state[index][1]
        return jnp.concatenate([encoded, state[-1][1]], axis=-1), tuple(state)

    def choose(
        self, image: Float[Array, "H W read"], observation: Float[Array, "H W C"]
    ) -> tuple[Float[Array, " A"], Float[Array, ""]]:
        if self.spec.readout == "agent":
            features = jnp.einsum("hwc,hw->c", image, observation[..., self.spec.channel])
        else:
            features = image.reshape(-1)
        return self.heads(at_site("dense", jax.nn.relu(self.dense(features))))

    def initial_memory(self) -> tuple[LayerMemory, ...]:
        zero = jnp.zeros((*self.size, self.spec.channels), jnp.float32)
        return tuple((zero, zero) for _ in self.layers)
