"""Answers that are kept by the sources that gave them, so that a long run goes on where it was stopped."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mesascope.core.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "battery"
ROOMS = ("core", "worlds", "objectives", "planning", "agents", "audit", "training", "organisms")
"""What judges, and what it judges: neither may import the rooms that show it."""


def digest_of(paths: Iterable[Path], *, endings: tuple[str, ...] = ("py", "json")) -> str:
    """Returns a digest of the names and contents of files, and of those in folders that end in some way.

    **Arguments:**

    - `paths`: below `ROOT`, in any order.
    - `endings`: of files that count in a folder.
    """
    files = set[Path]()
    for path in paths:
        files |= {path} if path.is_file() else {file for ending in endings for file in path.rglob(f"*.{ending}")}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@functools.cache
def stamp(*rooms: str) -> str:
    """Returns a digest of sources: of rooms of the package, and of the agents of benchmarks.

    **Arguments:**

    - `rooms`: names of folders in `src/mesascope`; by default all that an answer of the battery can depend on.
    """
    paths = [ROOT / "src" / "mesascope" / room for room in rooms or ROOMS]
    paths += (ROOT / "benchmarks").glob("*agents.py")
    if not rooms:
        paths += [ROOT / "benchmarks" / "outsiders", *(ROOT / "benchmarks").glob("*battery.py")]
    return digest_of(paths)


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
