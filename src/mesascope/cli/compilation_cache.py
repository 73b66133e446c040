"""Compiled code is kept between commands: the second audit starts where the first one had to compile for seconds."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

SETTING = "JAX_COMPILATION_CACHE_DIR"


def use_compilation_cache(environment: MutableMapping[str, str] = os.environ) -> None:
    """Tells JAX, which reads the environment when it is imported, where to keep compiled code.

    A setting of the user's own stands; an empty one turns the cache off. Where nothing can be written nothing is kept.

    **Arguments:**

    - `environment`: read and extended.
    """
    if SETTING in environment:
        return
    home = environment.get("XDG_CACHE_HOME") or (Path(environment.get("HOME", "/nonexistent")) / ".cache")
    if not Path(home).is_absolute():
        # Of a relative one the standard says that it is to be ignored: it would lie in whatever folder is current.
        return
    folder = Path(home) / "mesascope" / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK | os.X_OK):
        environment[SETTING] = str(folder)
        # JAX leaves out what compiles in under a second, which is nearly all of it here.
        environment.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.05")
