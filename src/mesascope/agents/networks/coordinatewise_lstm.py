"""A learned optimizer: one small LSTM that every coordinate has to itself (Andrychowicz et al. 2016, §2.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import Dense
from mesascope.agents.networks.network import MAXIMUM_LAYERS, Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class CoordinatewiseLSTMSpec(NetworkSpec):
    """Size of a `CoordinatewiseLSTM`.

    **Arguments:**

    - `width`: of the memory of a coordinate, by layer.
    - `layers`: one above the other.
    - `scale`: what its answers are multiplied by, above 0.
    - `decades`: p: gradients below `exp(-p)` are read on a linear scale, others on a logarithmic one (there, appendix
      A).
    """

    architecture: ClassVar[str] = "coordinatewise-lstm"
    memoryless: ClassVar[bool] = False

    width: int = 20
    layers: int = 2
    scale: float = 0.1
    decades: float = 10.0

    def __post_init__(self):
        self.check_sizes("width")
        self.check_sizes("layers", maximum=MAXIMUM_LAYERS)
        if not (self.scale > 0 and self.decades > 0):
            raise UsageError(f"coordinatewise-lstm: scale={self.scale} and decades={self.decades} must be above 0.")


@registered(CoordinatewiseLSTMSpec)
class CoordinatewiseLSTM(Network):
    """Reads the gradient of each coordinate and answers its update; what else is observed comes last and is not read.

    Its weights are the same for all coordinates, so that it fits problems of any size. Its memory is `[layers, 2, A,
    width]`: what each layer says and keeps about each coordinate.
    """

    cells: tuple[Dense, ...]
    update: Dense
    spec: CoordinatewiseLSTMSpec = eqx.field(static=True)
    coordinates: int = eqx.field(static=True)

    def __init__(
        self, spec: CoordinatewiseLSTMSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey
    ):
        if math.prod(observation_shape) < actions:
            raise UsageError(
                f"coordinatewise-lstm answers an update for each of {actions} gradients, but observations have the "
                f"shape {list(observation_shape)}. Use the architecture 'lstm', which reads any observation."
            )
        key_update, *keys = jax.random.split(key, 1 + spec.layers)
        sizes = (2, *[spec.width] * (spec.layers - 1))
        self.cells = tuple(
            Dense(size + spec.width, 4 * spec.width, key=one) for size, one in zip(sizes, keys, strict=True)
        )
        self.update = Dense(spec.width, 1, key=key_update)
        self.spec, self.coordinates = spec, actions

    def __call__(
        self, observation: Float[Array, "..."], memory: Float[Array, "layers 2 A width"]
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Float[Array, "layers 2 A width"]]:
        read = preprocessed(observation.reshape(-1)[: self.coordinates], self.spec.decades)
        kept = []
        for cell, (said, keeps) in zip(self.cells, memory, strict=True):
            take, forget, say, new = jnp.split(jax.vmap(cell)(jnp.concatenate([read, said], -1)), 4, axis=-1)
            keeps = jax.nn.sigmoid(forget + 1) * keeps + jax.nn.sigmoid(take) * jnp.tanh(new)
            read = jax.nn.sigmoid(say) * jnp.tanh(keeps)
            kept.append(jnp.stack([read, keeps]))
        memory = at_site("memory", jnp.stack(kept))
        return at_site("update", self.spec.scale * jax.vmap(self.update)(read)[:, 0]), jnp.zeros(()), memory

    def initial_memory(self) -> Float[Array, "layers 2 A width"]:
        return jnp.zeros((self.spec.layers, 2, self.coordinates, self.spec.width))


def preprocessed(gradient: Float[Array, " A"], decades: float) -> Float[Array, "A 2"]:
    """Returns gradients as a network can read them, over many orders of magnitude (there, appendix A).

    **Arguments:**

    - `gradient`: of each coordinate.
    - `decades`: p.

    **Returns:** `(log|g| / p, sign g)` where `|g| >= exp(-p)`, else `(-1, exp(p) g)`.
    """
    size, least = jnp.abs(gradient), math.exp(-decades)
    # A logarithm of zero would spoil the derivative of the other branch.
    large = jnp.log(jnp.maximum(size, least)) / decades, jnp.sign(gradient)
    small = -jnp.ones_like(gradient), gradient / least
    return jnp.stack([jnp.where(size >= least, one, other) for one, other in zip(large, small, strict=True)], -1)
