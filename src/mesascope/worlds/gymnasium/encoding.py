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
from mesascope.core.text import quoted, shown
from mesascope.worlds.gymnasium.making import import_gymnasium
from mesascope.worlds.gymnasium.stepping import environment_code

ENCODINGS: tuple[str, ...] = ("auto", "raw", "image", "full", "flat", "one-hot")
"""What the option `observation` may be."""


MOST_NUMBERS: int = 100_000
"""Numbers of one observation that is laid out as a vector."""


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
    - `environment_id`: for messages.
    """

    space: Any
    flatten: bool
    one_hot: bool
    shape: tuple[int, ...]
    dtype: type
    channels: tuple[str, ...]
    environment_id: str

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """The shape of one stored observation."""
        return () if self.one_hot else self.shape

    @property
    def stored_bytes(self) -> int:
        """The memory of one stored observation."""
        return math.prod(self.stored_shape) * np.dtype(self.dtype).itemsize

    def encode(self, observation: Any) -> np.ndarray:
        """Returns one observation of the environment as it is stored, always a copy.

        **Raises:** `WorldError` if it is not what the environment's observation space says.
        """
        with environment_code(self.environment_id, "when its observation was read"):
            if self.flatten:
                # Composite spaces are read by their parts; a part that is missing or of another kind raises.
                array = np.asarray(import_gymnasium().spaces.flatten(self.space, observation))
            else:
                array = np.asarray(observation)
        if array.dtype.kind not in "biuf":
            raise self._wrong(f"shows a {shown(type(observation).__name__, limit=40)}, not numbers")
        if not np.isfinite(array).all():
            raise self._wrong(f"shows {array[~np.isfinite(array)].flat[0]}, which is no finite number")
        if self.one_hot:
            return np.asarray(self._number(array), np.int32)
        wanted = self.shape if self.flatten else tuple(self.space.shape or ())
        if array.shape != wanted:
            raise self._wrong(f"shows an observation of shape {list(array.shape)}")
        stored = array.reshape(self.shape).astype(self.dtype)
        if np.dtype(self.dtype).kind in "iu" and not np.array_equal(stored, array.reshape(self.shape)):
            raise self._wrong(f"shows {array.dtype} numbers that are no {np.dtype(self.dtype)}")
        return stored

    def _number(self, array: np.ndarray) -> int:
        if array.size != 1 or float(array.reshape(())) != int(array.reshape(())):
            raise self._wrong(f"shows {array.dtype} of shape {list(array.shape)}, not one whole number")
        number = int(array.reshape(())) - int(self.space.start)
        if not 0 <= number < int(self.space.n):
            raise self._wrong(f"shows {int(array.reshape(()))}, which is outside of it")
        return number

    def _wrong(self, what: str) -> WorldError:
        return WorldError(
            f"Environment {quoted(self.environment_id)} {what}, but its observation space is "
            f"{shown(self.space, limit=120)}."
        )

    def show(self, stored: Array | np.ndarray | np.generic) -> Float[Array, "..."]:
        """Returns what an agent sees, from what is stored; runs inside `jit`."""
        if self.one_hot:
            return jax.nn.one_hot(stored, self.shape[0], dtype=jnp.float32)
        return jnp.asarray(stored).astype(jnp.float32)


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
            return Encoding(space, False, False, (1,), np.float32, ("index",), environment_id)
        size = _checked_size(int(space.n), space, environment_id)
        channels = tuple(f"state-{index}" for index in range(size))
        return Encoding(space, False, True, (size,), np.int32, channels, environment_id)
    if isinstance(space, spaces.Box) and observation != "flat":
        shape = tuple(space.shape) or (1,)
        dtype = np.uint8 if space.dtype == np.uint8 else np.float32
        return Encoding(space, False, False, shape, dtype, _names(shape[-1]), environment_id)
    if isinstance(space, spaces.Box | spaces.MultiDiscrete | spaces.MultiBinary | spaces.Tuple | spaces.Dict):
        try:
            size = int(spaces.flatdim(space))
        except (ValueError, NotImplementedError) as error:
            raise WorldError(
                f"The observations of '{environment_id}' ({space}) cannot be laid out as one vector: {error}. "
                "Register the environment with a wrapper that makes them a Box."
            ) from error
        size = _checked_size(size, space, environment_id)
        return Encoding(space, True, False, (size,), np.float32, _names(size), environment_id)
    raise WorldError(
        f"The observations of '{environment_id}' are a {type(space).__name__}, of which no array can be made. "
        "Register the environment with a wrapper that makes them a Box."
    )


def _checked_size(size: int, space: Any, environment_id: str) -> int:
    if size > MOST_NUMBERS:
        raise WorldError(
            f"The observations of {quoted(environment_id)} ({shown(space, limit=120)}) would be vectors of {size:,} "
            f"numbers; at most {MOST_NUMBERS:,} are used. A whole number is shown as it is with observation=raw."
        )
    return size


def _names(size: int) -> tuple[str, ...]:
    return tuple(f"feature-{index}" for index in range(size))


def check_encoding(observation: str) -> None:
    """Raises `UnknownNameError` unless `observation` is one of `ENCODINGS`."""
    if observation not in ENCODINGS:
        raise UnknownNameError("observation encoding", observation, ENCODINGS)
