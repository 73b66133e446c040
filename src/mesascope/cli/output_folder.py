"""The folder that a verb writes to, claimed before hours of work and not afterwards."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesascope.core.errors import OutputError
from mesascope.core.files import write_atomically

REQUEST = "request.json"
PROBE_BYTES: int = 2**20
"""Written and removed to find out whether there is room: more than a report and a network take."""


@dataclass(frozen=True)
class OutputFolder:
    """A folder that can be written to, and what was asked for in it.

    **Arguments:**

    - `path`: the folder; it exists.
    - `request`: every input that the result depends on, JSON-ready.
    """

    path: Path
    request: dict[str, Any]

    def seal(self) -> None:
        """Records the request, just before its results are written."""
        write_atomically(self.path / REQUEST, json.dumps(self.request, indent=2, sort_keys=True) + "\n")


def claim(path: Path, request: dict[str, Any], *, result: str, force: bool) -> OutputFolder:
    """Makes a folder and finds out whether a result may and can be written there.

    A result is a pure function of its request, so the same request may replace its own result; that of another
    request needs `force`.

    **Arguments:**

    - `path`: the folder.
    - `request`: every input that the result depends on, JSON-ready.
    - `result`: name of the file that holds the result.
    - `force`: replace whatever result stands there.

    **Raises:** `OutputError` if another result stands there, or nothing can be written.
    """
    if (path / result).exists() and not force:
        difference = _difference(_recorded(path), request)
        if difference:
            raise OutputError(
                f"'{path / result}' exists already and answers another question ({difference}). "
                "Pass --force to replace it, or choose another folder with --out."
            )
    check_writable(path)
    return OutputFolder(path, request)


def check_writable(path: Path) -> None:
    """Makes a folder and writes and removes a file in it; `OutputError` if it cannot."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise OutputError(
            f"Cannot write to the folder '{path}': {error.strerror or error}. Choose another one with --out."
        ) from error


def _recorded(path: Path) -> dict[str, Any] | None:
    try:
        recorded = json.loads((path / REQUEST).read_text())
    except (OSError, ValueError):
        return None
    return recorded if isinstance(recorded, dict) else None


def _difference(recorded: dict[str, Any] | None, request: dict[str, Any]) -> str:
    if recorded is None:
        return "nothing says which"
    differing = sorted(key for key in recorded.keys() | request.keys() if recorded.get(key) != request.get(key))
    shown = [f"{key} was {recorded.get(key)!r}, now {request.get(key)!r}" for key in differing[:2]]
    return "; ".join(shown)
