"""Work side by side in several processes that share two or more cores without getting in each other's way."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from mesascope.core.errors import UsageError
from mesascope.core.progress import Progress

Item = TypeVar("Item")

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


def finish(
    work: Callable[[list[Item], Path, int | None], None],
    items: Sequence[Item],
    folder: Path,
    *,
    done: Callable[[Item], bool],
    processes: int = 1,
    progress: Progress | None = None,
    dealt: bool = False,
) -> None:
    """Does the work that is left: here, or in several fresh processes.

    **Arguments:**

    - `work`: importable by name; does some of the items one after the other and leaves their results in the folder. It
      also gets the number of this process, so that it can stop when whoever waits for it was killed (`orphaned`).
    - `items`: in order; those that share compiled programs follow one another.
    - `folder`: where results lie.
    - `done`: whether an item's result lies there.
    - `processes`: how many share the work, 1 or more.
    - `progress`: called with how many items are done; every two seconds where there are several processes.
    - `dealt`: items are dealt out like cards, so that the processes come to those of a kind at the same time; otherwise
      each process gets a run of them.

    **Raises:** `UsageError` without a process; whatever `work` raises.
    """
    if processes < 1:
        raise UsageError(f"processes={processes}: at least one is needed.")
    left = [item for item in items if not done(item)]

    def told(missing: int) -> None:
        if progress is not None:
            finished = len(items) - missing
            progress(f"{finished} of {len(items)}", finished / max(len(items), 1))

    told(len(left))
    if processes == 1:
        for place, item in enumerate(left, start=1):
            work([item], folder, None)
            told(len(left) - place)
        return
    size = -(-len(left) // processes)
    parts = [left[part::processes] if dealt else left[part * size : (part + 1) * size] for part in range(processes)]
    parts = [part for part in parts if part]
    if not parts:
        return
    context = multiprocessing.get_context("spawn")
    with one_thread_each(), concurrent.futures.ProcessPoolExecutor(len(parts), mp_context=context) as pool:
        running = {pool.submit(_worked, work, part, folder, os.getpid()) for part in parts}
        while running:
            ended, running = concurrent.futures.wait(running, timeout=2.0)
            told(sum(not done(item) for item in left))
            for one in ended:
                one.result()


def _worked(work: Callable[[list[Item], Path, int | None], None], part: list[Item], folder: Path, parent: int) -> None:
    work(part, folder, parent)
    if orphaned(parent):
        # The pool's process would wait for ever for more work from one that was killed.
        os._exit(1)


def orphaned(parent: int | None) -> bool:
    """Returns whether there is a process that waits for this one, and it is gone."""
    return parent is not None and os.getppid() != parent
