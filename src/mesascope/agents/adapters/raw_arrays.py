"""Arrays from their bytes, kind and shape, as files of others state them."""

from __future__ import annotations

import math

import numpy as np

from mesascope.core.text import quoted, shown

MAXIMUM_DIMENSIONS: int = 8
"""Of one array."""

KINDS: frozenset[str] = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1", "c8", "c16"})
"""Types of numbers that are read."""


def array_of(data: object, code: object, shape: object, *, order: str = "<", columns_first: bool = False) -> np.ndarray:
    """Returns bytes as an array, after checking that they are as many as its shape implies.

    **Arguments:**

    - `data`: the numbers.
    - `code`: one of `KINDS`; a leading `<` may stand before it.
    - `shape`: a tuple of whole numbers.
    - `order`: `">"` if the largest byte comes first.
    - `columns_first`: whether the first index varies fastest.

    **Raises:** `ValueError` if they do not fit.
    """
    code = code.removeprefix("<").removeprefix("|") if isinstance(code, str) else ""
    if code not in KINDS:
        raise ValueError(f"an array has numbers of the unusual kind {quoted(code, limit=20)}")
    if not isinstance(data, bytes | bytearray) or not isinstance(shape, tuple):
        raise ValueError("an array lacks its numbers or its shape")
    if len(shape) > MAXIMUM_DIMENSIONS or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("an array has an impossible shape")
    kind = np.dtype(code).newbyteorder(">" if order == ">" else "<")
    if math.prod(shape) * kind.itemsize != len(data):
        raise ValueError(f"an array of shape {shown(list(shape), limit=80)} and kind {code} has {len(data):,} bytes")
    array = np.frombuffer(data, kind).reshape(shape, order="F" if columns_first else "C")
    return array.astype(kind.newbyteorder("="), order="K")
