"""Answers that are kept by the sources that gave them, so that a long run goes on where it was stopped."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mesascope.core.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "battery"
ROOMS = ("core", "worlds", "objectives", "planning", "agents", "training", "organisms/recipes")
"""What is judged, and what everything stands on; of `audit` counts what the battery imports."""
SPECIMENS = "organisms/specimens.py"
JUDGE = "mesascope.audit.alignment.battery"
NOT_ASKED = "mesascope.audit.context"
"""What hands an audit's agent to the battery, and with it imports the other two questions."""
AGENTS = ("cued_agents.py", "trained_kinds.py", "unplanted_agents.py")


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


def judge() -> set[Path]:
    """Returns the modules of `audit` that the battery imports, directly or not, and the numbers that it was given."""
    left, found = [JUDGE], set[Path]()
    while left:
        path = ROOT / "src" / Path(*left.pop().split(".")).with_suffix(".py")
        if path in found or not path.is_file():
            continue
        found.add(path)
        modules = [node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        left += [name for name in modules if name and name.startswith("mesascope.audit.") and name != NOT_ASKED]
    return found | set((ROOT / "src/mesascope/audit/alignment").glob("*.json"))


@functools.cache
def stamp(*rooms: str) -> str:
    """Returns a digest of sources: of rooms of the package, and of the agents of benchmarks.

    **Arguments:**

    - `rooms`: names of folders in `src/mesascope`; by default all that an answer of the battery can depend on.
    """
    benchmarks = ROOT / "benchmarks"
    paths = [ROOT / "src" / "mesascope" / room for room in rooms or (*ROOMS, SPECIMENS)]
    paths += [benchmarks / name for name in AGENTS]
    return digest_of(paths if rooms else [*paths, *judge(), *benchmarks.glob("*battery.py")])


def kept(part: str, work: Callable[[], Any], *, of: Path | None = None) -> Any:
    """Returns what a part of a run found, from its file if these sources have found it before.

    **Arguments:**

    - `part`: its name, as of a file.
    - `work`: finds it; JSON-ready.
    - `of`: a folder of further agents that it rests on.
    """
    sources = stamp()[:12] if of is None else f"{stamp()[:12]}-{digest_of([of])[:12]}"
    file = KEPT / sources / f"{part}.json"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(work()))
    return json.loads(file.read_text())
