"""How much compiling is worth: programs that are run a few times are compiled without trying hard."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

import equinox as eqx
import jax
from jax.core import Tracer

P = ParamSpec("P")
R = TypeVar("R")

BRIEF = MappingProxyType({"xla_backend_optimization_level": 0})
"""Options for XLA: it compiles in a quarter of the time what then takes some milliseconds more."""


def compiled_briefly(function: Callable[P, R]) -> Callable[P, R]:
    """Returns a function, compiled for every value of those arguments that are not arrays, without trying hard.

    Inside another program it is a part of that, and compiled as that is.

    **Arguments:**

    - `function`: of arguments by place.
    """
    options: dict[str, Any] = {"compiler_options": dict(BRIEF)}
    compiled: Callable[P, R] = eqx.filter_jit(function, **options)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        inside = any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((args, kwargs)))
        return function(*args, **kwargs) if inside else compiled(*args, **kwargs)

    return call
