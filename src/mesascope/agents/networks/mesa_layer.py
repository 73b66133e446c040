"""The mesa layer: attention that solves a ridge regression at every step, exactly (von Oswald et al. 2023, §4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax import random
from jaxtyping import Array, Float

from mesascope.agents.networks.network import Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class MesaLayerSpec(NetworkSpec):
    """Size of a `MesaLayer`.

    **Arguments:**

    - `width`: of keys and queries.
    - `penalty`: of fresh networks, above 0; it is learned.
    """

    architecture: ClassVar[str] = "mesa-layer"
    memoryless: ClassVar[bool] = False

    width: int = 5
    penalty: float = 1.0

    def __post_init__(self):
        self.check_sizes("width")
        if not (math.isfinite(self.penalty) and self.penalty > 0):
            raise UsageError(f"mesa-layer: penalty={self.penalty!r} must be a finite number above 0.")


class Solved(NamedTuple):
    """What is remembered: the last observation, sums of values times keys, and the inverse of the keys' moments."""

    last: Float[Array, " D"]
    products: Float[Array, "A width"]
    inverse: Float[Array, "width width"]


@registered(MesaLayerSpec)
class MesaLayer(Network):
    """One head whose keys, values and queries are linear in the last two observations, the older one first.

    At each step it answers `(sum v k^T) (sum k k^T + penalty)^-1 q`; the inverse follows from the last one (Sherman and
    Morrison 1950).
    """

    key: Float[Array, "both width"]
    value: Float[Array, "both A"]
    query: Float[Array, "both width"]
    log_penalty: Float[Array, ""]
    spec: MesaLayerSpec = eqx.field(static=True)

    def __init__(self, spec: MesaLayerSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        both = 2 * math.prod(observation_shape)
        keys = random.split(key, 3)
        widths = (spec.width, actions, spec.width)
        self.key, self.value, self.query = (
            random.normal(one, (both, width)) / math.sqrt(both) for one, width in zip(keys, widths, strict=True)
        )
        self.log_penalty = jnp.log(jnp.float32(spec.penalty))
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Solved
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Solved]:
        seen = observation.reshape(-1)
        both = jnp.concatenate([memory.last, seen])
        key, value, query = both @ self.key, both @ self.value, both @ self.query
        penalty = jnp.exp(self.log_penalty)
        # What is remembered is the inverse less its first value, so that a memory of zeros is an empty one.
        inverse = memory.inverse + jnp.eye(self.spec.width) / penalty
        turned = inverse @ key
        inverse = inverse - jnp.outer(turned, turned) / (1 + key @ turned)
        products = memory.products + jnp.outer(value, key)
        law = at_site("law", products @ inverse)
        kept = at_site("inverse", inverse) - jnp.eye(self.spec.width) / penalty
        return at_site("answer", law @ query), jnp.zeros(()), Solved(seen, products, kept)

    def initial_memory(self) -> Solved:
        width = self.spec.width
        last = jnp.zeros(self.key.shape[0] // 2)
        return Solved(last, jnp.zeros((self.value.shape[1], width)), jnp.zeros((width, width)))
