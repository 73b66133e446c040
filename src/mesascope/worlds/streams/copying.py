"""The copy task (Graves et al. 2014, §4.1): rows of bits are shown once, and are to be given back in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.streams.stream import Stream


class CopyTask(NamedTuple):
    """What is hidden at first: rows of bits, of which so many are shown."""

    bits: Float[Array, "L W"]
    length: Int[Array, ""]


@dataclass(frozen=True)
class Copying(Stream):
    """Rows, then a mark, then as many steps in which nothing is shown and each answer is judged.

    An answer is the log-odds of each bit of a row; in other steps nothing counts.

    **Arguments:**

    - `width`: bits of a row.
    - `shortest`, `longest`: rows of a task, drawn evenly.
    """

    width: int = 4
    shortest: int = 1
    longest: int = 10

    name = "copy"
    summary = "Rows of bits to be given back in the same order."
    signals = ("log-likelihood", "right bits")
    shown_first = True

    def __post_init__(self):
        if self.width < 1 or not 1 <= self.shortest <= self.longest:
            raise WorldError(
                f"width={self.width} must be 1 or more, and shortest={self.shortest} between 1 and "
                f"longest={self.longest}."
            )

    @property
    def observed(self) -> tuple[str, ...]:
        return (*(f"bit {index + 1}" for index in range(self.width)), "mark")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        # Nothing tells of answers; what is to be given back is all that could be learned.
        return {"log-likelihood": tuple(range(self.width))}

    @property
    def steps(self) -> int:
        return 2 * self.longest + 1

    @property
    def outputs(self) -> int:
        return self.width

    def sample(self, *, key: RandomKey) -> CopyTask:
        key_bits, key_length = jax.random.split(key)
        bits = jax.random.bernoulli(key_bits, 0.5, (self.longest, self.width)).astype(jnp.float32)
        return CopyTask(bits, jax.random.randint(key_length, (), self.shortest, self.longest + 1))

    def begin(self, task: CopyTask, *, key: RandomKey) -> tuple[Array, Float[Array, " D"]]:
        return jnp.int32(0), self._seen(task, jnp.int32(0))

    def _seen(self, task: CopyTask, time: Int[Array, ""]) -> Float[Array, " D"]:
        row = jnp.where(time < task.length, task.bits[jnp.minimum(time, self.longest - 1)], 0.0)
        return jnp.append(row, (time == task.length).astype(jnp.float32))

    def step(
        self, task: CopyTask, state: Array, answer: Float[Array, " W"], *, key: RandomKey
    ) -> tuple[Array, Float[Array, " D"], Float[Array, " N"]]:
        row = state - task.length - 1
        judged = (row >= 0) & (row < task.length)
        wanted = task.bits[jnp.clip(row, 0, self.longest - 1)]
        likely = jax.nn.log_sigmoid(jnp.where(wanted > 0, answer, -answer)).sum()
        right = ((answer > 0) == (wanted > 0)).sum()
        signals = jnp.where(judged, jnp.stack([likely, right.astype(jnp.float32)]), 0.0)
        return state + 1, self._seen(task, state + 1), signals

    def shifts(self) -> Mapping[str, Stream]:
        return {"longer": replace(self, shortest=2 * self.longest, longest=2 * self.longest)}
