"""Work side by side in several processes that share two or more cores without getting in each other's way."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

THREADS: tuple[str, ...] = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Lets processes that are started meanwhile do linear algebra in one thread, unless the user said otherwise.

    Several that take all cores each spend most of their time waiting for one another.
    """
    added = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def side_by_side(work: Callable[..., Any], parts: Sequence[tuple], *, waiting: Callable[[], None]) -> None:
    """Runs one function on several argument tuples, each in a fresh process.

    **Arguments:**

    - `work`: importable by name; gets a part's arguments and, last, the number of this process, so that it can stop
      when whoever waits for it was killed (`orphaned`).
    - `parts`: arguments, one tuple for each process.
    - `waiting`: called every two seconds.

    **Raises:** whatever `work` raises.
    """
    context = multiprocessing.get_context("spawn")
    with one_thread_each(), concurrent.futures.ProcessPoolExecutor(len(parts), mp_context=context) as pool:
        running = {pool.submit(work, *part, os.getpid()) for part in parts}
        while running:
            ended, running = concurrent.futures.wait(running, timeout=2.0)
            waiting()
            for one in ended:
                one.result()


def orphaned(parent: int) -> bool:
    """Returns whether the process that waits for this one is gone."""
    return os.getppid() != parent
