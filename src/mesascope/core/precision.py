"""Double precision where exactness is promised, and nowhere else."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax
import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


def as_double(tree):
    """Returns a pytree with every floating array as a numpy array in double precision, other leaves as numpy arrays."""
    return jax.tree.map(_array, tree)


def _array(leaf) -> np.ndarray:
    array = np.asarray(leaf)
    # What is in double precision already is large, and is not copied.
    return array.astype(np.float64, copy=False) if np.issubdtype(array.dtype, np.floating) else array


def in_double_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Runs a function of JAX arrays in double precision and returns numpy arrays.

    Numpy results keep the precision from leaking: a network that is fed with them computes in its own precision again,
    because JAX outside the function treats numpy doubles as singles.
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.enable_x64(True):
            result = function(*as_double(args), **as_double(kwargs))  # pyright: ignore[reportCallIssue]
            return jax.tree.map(np.asarray, result)

    return wrapped
