from __future__ import annotations

import gc
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

MAPS = Path("/proc/self/maps")
MOST_MAPS: int = 40_000
"""Pieces of memory that a worker has mapped before it forgets what it compiled: XLA maps some for every program, and
crashes at Linux's limit of 65,530."""


def pytest_configure(config: pytest.Config) -> None:
    # Two workers on two cores: threads of linear algebra would spend their time waiting for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A fault inside an assay is one of ours: here it is raised, where users are told of it and get the rest.
    os.environ["MESASCOPE_STRICT"] = "1"
    # Compiled code is shared by all workers and by the processes that tests start, and kept for the next run.
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        cache = getattr(config, "cache", None)
        folder = str(cache.mkdir("compiled")) if cache else tempfile.mkdtemp(prefix="mesascope-tests-")
        if cache is None:
            config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.05"
    # Most of the time goes into compiling what runs once: LLVM need not try hard. What is computed stays the same but
    # for last bits, on which no test hangs.
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    # XLA's newer way to write fused loops costs as much as all else in compiling. A flag that it did not know would end
    # the process, so only where it is known.
    if version("jaxlib").startswith("0.10.") and "XLA_FLAGS" not in os.environ:
        os.environ["XLA_FLAGS"] = "--xla_cpu_use_fusion_emitters=false"
    import jax

    # Already imported by a plugin, perhaps, and then too late for the environment.
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    jax.config.update("jax_disable_most_optimizations", os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] == "1")


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    if nextitem is None or nextitem.path == item.path or not MAPS.exists():
        return
    if MAPS.read_bytes().count(b"\n") > MOST_MAPS:
        import jax

        # It is read again from the cache on disk where it is wanted once more.
        jax.clear_caches()
        gc.collect()
