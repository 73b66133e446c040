"""Threads of linear algebra, held to what helps: of many small systems each is done before a second thread wakes."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

SETTINGS: tuple[str, ...] = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
"""Who sets one of these has chosen for himself."""


@contextlib.contextmanager
def one_linear_algebra_thread() -> Iterator[None]:
    """Lets numpy and scipy solve with one thread each for a while, unless the user has set how many they shall use."""
    if any(setting in os.environ for setting in SETTINGS):
        yield
        return
    # Only libraries that are loaded can be held: these two bring one each.
    for library in ("numpy", "scipy.linalg"):
        importlib.import_module(library)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
