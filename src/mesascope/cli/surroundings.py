"""What a command finds around it: environment variables, the current folder, and what was compiled before."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import MutableMapping
from pathlib import Path

from mesascope.core.errors import UsageError
from mesascope.core.quantities import Whole

EPOCH = "SOURCE_DATE_EPOCH"
SETTINGS_OF_FIGURES = "matplotlibrc"
"""Matplotlib reads a file of this name in the current folder when it is imported, whatever it is and holds."""
COMPILED = "JAX_COMPILATION_CACHE_DIR"
LAST_SECOND: int = 253_402_300_799
"""Of the year 9999."""


def prepare_surroundings() -> None:
    """Makes the surroundings fit for a verb.

    **Raises:** `UsageError` for a current folder that is gone, or a date that is none.
    """
    try:
        os.getcwd()
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"The current folder cannot be read ({reason}); change to another one.") from error
    if EPOCH in os.environ:
        # matplotlib writes this date into figures.
        seconds = Whole(0, LAST_SECOND)
        seconds.check(seconds.read(os.environ[EPOCH]), f"The environment variable {EPOCH}")
    # Figures are drawn into files, whatever windows a user draws others in.
    os.environ["MPLBACKEND"] = "agg"
    if os.path.lexists(SETTINGS_OF_FIGURES):
        _import_elsewhere("matplotlib")
    use_compilation_cache()
    # What is kept there is a help and no more: an entry that is broken is made again.
    warnings.filterwarnings("ignore", message=".*persistent compilation cache.*")


def _import_elsewhere(module: str) -> None:
    """Imports a module in a folder that holds nothing for it."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(os.sep)
        importlib.import_module(module)
    finally:
        os.fchdir(here)
        os.close(here)


def use_compilation_cache(environment: MutableMapping[str, str] = os.environ) -> None:
    """Tells JAX, which reads the environment when it is imported, where to keep compiled code between commands.

    A setting of the user's own stands; an empty one turns the cache off. Where nothing can be written nothing is kept.

    **Arguments:**

    - `environment`: read and extended.
    """
    if COMPILED in environment:
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
        environment[COMPILED] = str(folder)
        # JAX leaves out what compiles in under a second, which is nearly all of it here.
        environment.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.05")
