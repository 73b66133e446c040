"""Linear regression within an episode: a law is drawn, examples of it are shown, the next value is to be foretold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.core.text import quoted
from mesascope.worlds.streams.stream import Stream

LAWS: tuple[str, ...] = ("uniform", "normal")
"""Of inputs: each entry between -1 and 1, or standard normal; both times `scale`."""


@dataclass(frozen=True)
class Regression(Stream):
    """At each step one sees an input, and the last input with its value; one answers what the new one's value will be.

    The defaults are the setting of von Oswald et al. (2022): ten examples, then a question. With `tasks` above 0 it is
    that of Raventós et al. (2023), in which a learner may remember tasks instead of learning how to learn.

    **Arguments:**

    - `dimensions`: D, of an input.
    - `examples`: inputs shown in an episode, at least 2.
    - `last_only`: whether the last answer alone counts; otherwise all do.
    - `noise`: standard deviation of what is added to values.
    - `tasks`: how many different weights there are; 0 for fresh ones, standard normal, in each episode.
    - `law`: of inputs, one of `LAWS`.
    - `scale`: of inputs.
    """

    dimensions: int = 10
    examples: int = 11
    last_only: bool = True
    noise: float = 0.0
    tasks: int = 0
    law: str = "uniform"
    scale: float = 1.0

    name = "regression"
    summary = "A linear law to be found from examples; the answer is the next value."
    signals, loss_name = ("closeness",), "squared error"

    def __post_init__(self):
        if self.dimensions < 1 or self.examples < 2 or self.tasks < 0:
            raise WorldError(
                f"dimensions={self.dimensions}, examples={self.examples} and tasks={self.tasks} must be at least 1, 2 "
                "and 0."
            )
        if self.law not in LAWS or not (self.scale > 0 and self.noise >= 0):
            raise WorldError(
                f"law={quoted(self.law)} must be one of {', '.join(LAWS)}, scale={self.scale} above 0, and "
                f"noise={self.noise} 0 or more."
            )

    @property
    def observed(self) -> tuple[str, ...]:
        inputs = [f"x{index + 1}" for index in range(self.dimensions)]
        return (*inputs, *(f"last {one}" for one in inputs), "last y")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {"closeness": (2 * self.dimensions,)}

    @property
    def steps(self) -> int:
        return self.examples

    @property
    def outputs(self) -> int:
        return 1

    @property
    def counted(self) -> tuple[int, ...]:
        return (self.steps - 1,) if self.last_only else super().counted

    def known_tasks(self) -> Float[Array, "M D"]:
        """Returns the weights that episodes have where there are only so many; always the same ones."""
        return jax.random.normal(jax.random.key(self.tasks), (self.tasks, self.dimensions))

    def sample(self, *, key: RandomKey) -> Float[Array, " D"]:
        """Draws the weights of `y = weights x + noise`."""
        if self.tasks:
            return self.known_tasks()[jax.random.randint(key, (), 0, self.tasks)]
        return jax.random.normal(key, (self.dimensions,))

    def begin(self, task: Array, *, key: RandomKey) -> tuple[Array, Float[Array, " D"]]:
        first = self._input(key)
        return first, jnp.concatenate([first, jnp.zeros(self.dimensions + 1)])

    def _input(self, key: RandomKey) -> Float[Array, " D"]:
        if self.law == "normal":
            return self.scale * jax.random.normal(key, (self.dimensions,))
        return jax.random.uniform(key, (self.dimensions,), minval=-self.scale, maxval=self.scale)

    def step(
        self, task: Array, state: Array, answer: Float[Array, "1"], *, key: RandomKey
    ) -> tuple[Array, Float[Array, " D"], Float[Array, " N"]]:
        key_input, key_noise = jax.random.split(key)
        value = task @ state + self.noise * jax.random.normal(key_noise)
        following = self._input(key_input)
        return following, jnp.concatenate([following, state, value[None]]), -jnp.square(answer - value)

    def shifts(self) -> Mapping[str, Stream]:
        found = {"larger": replace(self, scale=2 * self.scale), "longer": replace(self, examples=2 * self.examples)}
        found["noisier"] = replace(self, noise=self.noise + 0.5)
        return found | ({"fresh": replace(self, tasks=0)} if self.tasks else {})
