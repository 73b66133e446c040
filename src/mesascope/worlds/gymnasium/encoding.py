"""What an agent sees of a Gymnasium environment, as arrays of one shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.errors import UnknownNameError, WorldError
from mesascope.worlds.gymnasium.making import import_gymnasium

ENCODINGS: tuple[str, ...] = ("auto", "raw", "image", "full", "flat", "one-hot")
"""What the option `observation` may be."""


@dataclass(frozen=True)
class Encoding:
    """How observations are stored in a level and shown to agents.

    **Arguments:**

    - `space`: the Gymnasium space that observations come from.
    - `flatten`: whether a composite space is laid out as one vector.
    - `one_hot`: whether a whole number is stored as such and shown as a one-hot vector, which takes `S` numbers and
      not `S * D` of memory.
    - `shape`: of what agents see.
    - `dtype`: of what is stored.
    - `channels`: names of the last axis.
    """

    space: Any
    flatten: bool
    one_hot: bool
    shape: tuple[int, ...]
    dtype: type
    channels: tuple[str, ...]

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape of one stored observation."""
        return () if self.one_hot else self.shape

    @property
    def stored_bytes(self) -> int:
        """The memory of one stored observation."""
        return math.prod(self.stored_shape) * np.dtype(self.dtype).itemsize

    def encode(self, observation: Any) -> np.ndarray:
        """Returns one observation of the environment as it is stored."""
        if self.one_hot:
            return np.asarray(int(observation) - int(self.space.start), np.int32)
        if self.flatten:
            gymnasium = import_gymnasium()
            observation = gymnasium.spaces.flatten(self.space, observation)
        return np.asarray(observation).reshape(self.shape).astype(self.dtype)

    def show(self, stored: Array) -> Float[Array, "..."]:
        """Returns what an agent sees, from what is stored; runs inside `jit`."""
        if self.one_hot:
            return jax.nn.one_hot(stored, self.shape[0], dtype=jnp.float32)
        return stored.astype(jnp.float32)


def space_encoding(space: Any, observation: str, environment_id: str) -> Encoding:
    """Returns how observations of a space are stored.

    **Arguments:**

    - `space`: a Gymnasium space.
    - `observation`: `"raw"` takes the numbers as they are; `"one-hot"` and `"auto"` show whole numbers as one-hot
      vectors, as Stable-Baselines3 does; `"flat"` lays everything out as one vector.
    - `environment_id`: for messages.
    """
    spaces = import_gymnasium().spaces
    if isinstance(space, spaces.Discrete):
        if observation == "raw":
            return Encoding(space, False, False, (1,), np.float32, ("index",))
        size = int(space.n)
        return Encoding(space, False, True, (size,), np.int32, tuple(f"state-{index}" for index in range(size)))
    if isinstance(space, spaces.Box) and observation != "flat":
        shape = tuple(space.shape) or (1,)
        dtype = np.uint8 if space.dtype == np.uint8 else np.float32
        return Encoding(space, False, False, shape, dtype, _names(shape[-1]))
    if isinstance(space, spaces.Box | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Tuple | spaces.Dict):
        try:
            size = int(spaces.flatdim(space))
        except (ValueError, NotImplementedError) as error:
            raise WorldError(
                f"The observations of '{environment_id}' ({space}) cannot be laid out as one vector: {error}. "
                "Register the environment with a wrapper that makes them a Box."
            ) from error
        return Encoding(space, True, False, (size,), np.float32, _names(size))
    raise WorldError(
        f"The observations of '{environment_id}' are a {type(space).__name__}, of which no array can be made. "
        "Register the environment with a wrapper that makes them a Box."
    )


def _names(size: int) -> tuple[str, ...]:
    return tuple(f"feature-{index}" for index in range(size))


def check_encoding(observation: str) -> None:
    """Raises `UnknownNameError` unless `observation` is one of `ENCODINGS`."""
    if observation not in ENCODINGS:
        raise UnknownNameError("observation encoding", observation, ENCODINGS)
