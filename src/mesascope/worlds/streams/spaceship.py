"""A spaceship among planets that is to be brought home by few thrusts (Hamrick et al. 2017, Pascanu et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.stream import Stream

DRIFT: int = 8
"""Parts of the time between two thrusts in which planets pull."""
SOFT: float = 0.3
"""Distance within which a planet pulls no more strongly."""


@dataclass(frozen=True)
class Spaceship(Stream):
    """One sees where everything is, which is all there is to know, and answers a thrust in two directions.

    What follows a thrust can be imagined exactly: `imagine` is the simulator itself.

    **Arguments:**

    - `planets`: how many pull at the ship.
    - `thrusts`: in an episode.
    - `fuel`: what the squared strength of a thrust costs, beside the squared distance from home at the end.
    """

    planets: int = 2
    thrusts: int = 3
    fuel: float = 0.05

    name = "spaceship"
    summary = "A spaceship among planets that is to be brought home by few thrusts."
    signals = ("negative cost",)

    def __post_init__(self):
        if self.planets < 0 or self.thrusts < 1 or not self.fuel >= 0:
            raise WorldError(
                f"planets={self.planets}, thrusts={self.thrusts} and fuel={self.fuel} must be at least 0, 1 and 0."
            )

    @property
    def observed(self) -> tuple[str, ...]:
        planets = [f"planet {one + 1} {what}" for one in range(self.planets) for what in ("x", "y", "mass")]
        return ("x", "y", "speed x", "speed y", *planets, "thrusts left")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {}

    @property
    def steps(self) -> int:
        return self.thrusts

    @property
    def outputs(self) -> int:
        return 2

    def imagine(
        self, seen: Float[Array, " D"], thrust: Float[Array, "2"]
    ) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Returns what is seen after a thrust, and what the thrust costs; can be differentiated."""
        place, speed, left = seen[:2], seen[2:4] + thrust, seen[-1] - 1
        planets = seen[4:-1].reshape(-1, 3)
        for _ in range(DRIFT):
            away = planets[:, :2] - place
            distance = jnp.sqrt(jnp.square(away).sum(-1) + SOFT**2)
            pull = (planets[:, 2] / distance**3) @ away
            speed = speed + pull / DRIFT
            place = place + speed / DRIFT
        missed = jnp.where(left < 0.5, jnp.square(place).sum(), 0.0)
        following = jnp.concatenate([place, speed, seen[4:-1], left[None]])
        return following, missed + self.fuel * jnp.square(thrust).sum()

    def sample(self, *, key: RandomKey) -> Float[Array, " D"]:
        """Draws where everything is at first: ship and planets around home, which is at (0, 0)."""
        angles, radii, masses = jax.random.uniform(key, (3, self.planets + 1))
        directions = jnp.stack([jnp.cos(2 * jnp.pi * angles), jnp.sin(2 * jnp.pi * angles)], -1)
        places = (0.6 + 0.9 * radii)[:, None] * directions
        planets = jnp.concatenate([places[1:], 0.1 + 0.3 * masses[1:, None]], -1)
        ends = jnp.zeros(2), jnp.full(1, float(self.thrusts))
        return jnp.concatenate([places[0], ends[0], planets.reshape(-1), ends[1]])

    def begin(self, task: Array, *, key: RandomKey) -> tuple[Array, Float[Array, " D"]]:
        return task, task

    def step(
        self, task: Array, state: Array, answer: Float[Array, "2"], *, key: RandomKey
    ) -> tuple[Array, Float[Array, " D"], Float[Array, " N"]]:
        following, cost = self.imagine(state, answer)
        return following, following, -cost[None]

    def shifts(self) -> Mapping[str, Stream]:
        return {"longer": replace(self, thrusts=2 * self.thrusts), "thirsty": replace(self, fuel=4 * self.fuel)}
