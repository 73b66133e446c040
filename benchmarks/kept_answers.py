"""Answers that are kept by the sources that gave them, so that a long run goes on where it was stopped."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mesascope.core.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "battery"
ROOMS = ("core", "worlds", "objectives", "planning", "agents", "audit", "training", "organisms")
"""What judges, and what it judges: neither may import the rooms that show it."""


@functools.cache
def stamp(*rooms: str) -> str:
    """Returns a digest of sources: of rooms of the package, and of the agents of benchmarks.

    **Arguments:**

    - `rooms`: names of folders in `src/mesascope`; by default all that an answer of the battery can depend on.
    """
    folders = [ROOT / "src" / "mesascope" / room for room in rooms or ROOMS]
    files = [file for folder in folders for ending in ("py", "json") for file in folder.rglob(f"*.{ending}")]
    files += (ROOT / "benchmarks" / "outsiders").glob("*.py") if not rooms else ()
    files += (ROOT / "benchmarks").glob("*agents.py")
    files += (ROOT / "benchmarks").glob("*battery.py") if not rooms else ()
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def kept(part: str, work: Callable[[], Any]) -> Any:
    """Returns what a part of a run found, from its file if these sources have found it before.

    **Arguments:**

    - `part`: its name, as of a file.
    - `work`: finds it; JSON-ready.
    """
    file = KEPT / stamp()[:12] / f"{part}.json"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(work()))
    return json.loads(file.read_text())
