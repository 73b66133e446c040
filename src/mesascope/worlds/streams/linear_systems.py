"""A linear system to be learned while it runs: where it will be next is to be foretold from where it has been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.stream import Stream


@dataclass(frozen=True)
class LinearSystems(Stream):
    """One sees a state and answers the next one (von Oswald et al. 2023, on mesa-optimization in transformers).

    **Arguments:**

    - `dimensions`: D, of a state.
    - `horizon`: steps of an episode.
    - `noise`: standard deviation of what is added to each entry of a state.
    """

    dimensions: int = 5
    horizon: int = 30
    noise: float = 0.1

    name = "linear-systems"
    summary = "A rotation to be found while it runs; the answer is the next state."
    signals, loss_name = ("closeness",), "squared error"

    def __post_init__(self):
        if self.dimensions < 1 or self.horizon < 2 or not self.noise >= 0:
            raise WorldError(
                f"dimensions={self.dimensions}, horizon={self.horizon} and noise={self.noise} must be at least 1, 2 "
                "and 0."
            )

    @property
    def observed(self) -> tuple[str, ...]:
        return tuple(f"s{index + 1}" for index in range(self.dimensions))

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {"closeness": tuple(range(self.dimensions))}

    @property
    def steps(self) -> int:
        return self.horizon

    @property
    def outputs(self) -> int:
        return self.dimensions

    def sample(self, *, key: RandomKey) -> Float[Array, "D D"]:
        """Draws the orthogonal matrix of `s' = matrix s + noise`."""
        return jax.random.orthogonal(key, self.dimensions)

    def begin(self, task: Array, *, key: RandomKey) -> tuple[Array, Float[Array, " D"]]:
        first = jax.random.normal(key, (self.dimensions,))
        return first, first

    def step(
        self, task: Array, state: Array, answer: Float[Array, " D"], *, key: RandomKey
    ) -> tuple[Array, Float[Array, " D"], Float[Array, " N"]]:
        following = task @ state + self.noise * jax.random.normal(key, state.shape)
        return following, following, -jnp.square(answer - following).sum(keepdims=True)

    def shifts(self) -> Mapping[str, Stream]:
        return {
            "longer": replace(self, horizon=2 * self.horizon),
            "noisier": replace(self, noise=self.noise + 0.2),
        }
