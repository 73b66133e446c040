"""How a measured program talks to the benchmark: it warms up once, and then measures each time it is asked to.

Standard library only, because it also runs in the peers' environments.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable


def serve(prepare: Callable[[], Callable[[], dict]], packages: tuple[str, ...]) -> None:
    """Measures once for every line on standard input, and answers each with one line of JSON.

    The first answer is of the first call, compilation included.

    **Arguments:**

    - `prepare`: imports and builds everything, and returns what is measured: a function that does its work to the end
      and returns what it did (`{"steps": ...}`).
    - `packages`: whose versions are reported.
    """
    # Whatever a library prints goes to standard error; answers have standard output for themselves.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # One core for everybody: then CPU seconds are not blown up by threads that wait for each other.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ.update(OMP_NUM_THREADS="1", WANDB_MODE="disabled", JAX_PLATFORMS="cpu")
    cpu = time.process_time()
    measure = prepare()
    measure()
    versions = {name: importlib.metadata.version(name) for name in packages}
    _answer(answers, {"cpu_seconds": time.process_time() - cpu, "versions": versions})
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        done = measure()
        seconds = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}
        _answer(answers, {**done, **seconds})


def _answer(stream, content: dict) -> None:
    stream.write(json.dumps(content) + "\n")
    stream.flush()
