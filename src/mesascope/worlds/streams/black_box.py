"""Black boxes: functions of which only values are seen, searched by answers that are whole populations of points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.errors import UnknownNameError, WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.stream import Stream

FLOOR: float = 1e-12
"""Losses below it count as it: single precision holds no more."""


def _sphere(offset: Float[Array, "... d"]) -> Float[Array, "..."]:
    return (offset**2).sum(-1)


def _ellipsoid(offset: Float[Array, "... d"]) -> Float[Array, "..."]:
    return (offset**2 * jnp.logspace(0, 3, offset.shape[-1])).sum(-1)


def _rastrigin(offset: Float[Array, "... d"]) -> Float[Array, "..."]:
    return (offset**2 + 10 * (1 - jnp.cos(2 * math.pi * offset))).sum(-1)


FUNCTIONS = {"sphere": _sphere, "ellipsoid": _ellipsoid, "rastrigin": _rastrigin}
"""What is to be made small, of the offset from the optimum, by name."""


class BlackBoxTask(eqx.Module):
    """What is hidden.

    **Arguments:**

    - `optimum`: where the loss is 0.
    """

    optimum: Float[Array, " d"]


@dataclass(frozen=True)
class BlackBox(Stream):
    """Search by populations: an answer is all points of a generation, and the next observation the loss of each.

    **Arguments:**

    - `function`: one of `FUNCTIONS`.
    - `dimensions`: of a point, at least 1.
    - `population`: points in an answer, at least 2.
    - `generations`: steps of an episode.
    - `spread`: standard deviation of the optimum's place, by coordinate, about 0.
    """

    function: str = "sphere"
    dimensions: int = 10
    population: int = 16
    generations: int = 50
    spread: float = 1.0

    name = "black-box"
    summary = "Functions of which only values are seen; each answer is a whole population of points."
    signals = ("descent",)

    def __post_init__(self):
        if self.function not in FUNCTIONS:
            raise UnknownNameError("function", self.function, FUNCTIONS)
        if self.dimensions < 1 or self.population < 2 or self.generations < 1 or not self.spread > 0:
            raise WorldError(
                f"dimensions={self.dimensions} and generations={self.generations} must be 1 or more, population="
                f"{self.population} 2 or more and spread={self.spread} above 0."
            )

    @property
    def outputs(self) -> int:
        return self.population * self.dimensions

    @property
    def observed(self) -> tuple[str, ...]:
        return (*(f"loss of point {place + 1}" for place in range(self.population)), "begun")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {"descent": tuple(range(self.population))}

    @property
    def steps(self) -> int:
        return self.generations

    def sample(self, *, key: RandomKey) -> BlackBoxTask:
        return BlackBoxTask(self.spread * jax.random.normal(key, (self.dimensions,)))

    def begin(self, task: BlackBoxTask, *, key: RandomKey) -> tuple[None, Float[Array, " D"]]:
        return None, jnp.zeros(self.population + 1, jnp.float32)

    def step(
        self, task: BlackBoxTask, state: None, answer: Float[Array, " outputs"], *, key: RandomKey
    ) -> tuple[None, Float[Array, " D"], Float[Array, " 1"]]:
        points = answer.reshape(self.population, self.dimensions)
        losses = FUNCTIONS[self.function](points - task.optimum)
        # Of the whole generation and not of the best so far, which even drawing at random makes better.
        descent = -jnp.log10(jnp.maximum(losses, FLOOR)).mean()
        observation = jnp.concatenate([losses, jnp.ones(1)]).astype(jnp.float32)
        return None, observation, descent[None]

    def shifts(self) -> Mapping[str, Stream]:
        others = {name: replace(self, function=name) for name in FUNCTIONS if name != self.function}
        return {
            **others,
            "farther": replace(self, spread=5 * self.spread),
            "longer": replace(self, generations=2 * self.generations),
        }
