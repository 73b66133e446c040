"""Random keys: one root per run, one named stream per use."""

from __future__ import annotations

import zlib

import jax
from jaxtyping import Array, Key

RandomKey = Key[Array, ""]


def root_key(seed: int) -> RandomKey:
    """Returns the key that every other key of a run descends from.

    **Arguments:**

    - `seed`: a whole number, 0 or more.
    """
    return jax.random.key(seed)


def stream(name: str, *, key: RandomKey) -> RandomKey:
    """Returns the key of a named stream; adding a stream leaves every other one as it was.

    **Arguments:**

    - `name`: the name of the use, for example `"levels/train"`.
    - `key`: the parent key, which may serve several names.
    """
    # CRC-32 rather than Python's hash, which is salted anew in every process.
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def seed_of(key: RandomKey) -> int:
    """Returns a 63-bit whole number for generators outside JAX (numpy, torch).

    **Arguments:**

    - `key`: consumed.
    """
    high, low = (int(word) for word in jax.random.key_data(key).ravel()[-2:])
    return ((high << 32) | low) & (2**63 - 1)
