"""Answers that are kept by the sources that gave them, so that a long run goes on where it was stopped."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mesascope.core.files import write_atomically
from mesascope.organisms.code_digest import code_reached, digest_of

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "battery"
ROOMS = ("core", "worlds", "objectives", "planning", "agents", "training", "organisms/recipes")
"""What is judged, and what everything stands on; of `audit` counts what the battery imports."""
SPECIMENS = "organisms/specimens.py"
NOT_ASKED = ("context.py", "__init__.py")
"""What hands an audit's agent to the battery, and with it imports the other two questions; and what is empty."""
AGENTS = ("cued_agents.py", "trained_kinds.py", "unplanted_agents.py")


def judge() -> set[Path]:
    """Returns the modules of `audit` that the battery imports, directly or not, and the numbers that it was given."""
    source, asked = ROOT / "src", ROOT / "src/mesascope/audit"
    modules = code_reached(
        [asked / "alignment" / "battery.py"],
        folders=[source],
        counts=lambda file: asked in file.parents and file.name not in NOT_ASKED,
    )
    return modules | set((asked / "alignment").glob("*.json"))


@functools.cache
def stamp(*rooms: str) -> str:
    """Returns a digest of sources: of rooms of the package, and of the agents of benchmarks.

    **Arguments:**

    - `rooms`: names of folders in `src/mesascope`; by default all that an answer of the battery can depend on.
    """
    benchmarks = ROOT / "benchmarks"
    paths = [ROOT / "src" / "mesascope" / room for room in rooms or (*ROOMS, SPECIMENS)]
    paths += [benchmarks / name for name in AGENTS]
    return digest_of(paths if rooms else [*paths, *judge(), *benchmarks.glob("*battery.py")], root=ROOT)


def kept(part: str, work: Callable[[], Any], *, of: Path | None = None) -> Any:
    """Returns what a part of a run found, from its file if these sources have found it before.

    **Arguments:**

    - `part`: its name, as of a file.
    - `work`: finds it; JSON-ready.
    - `of`: a folder of further agents that it rests on.
    """
    sources = stamp()[:12] if of is None else f"{stamp()[:12]}-{digest_of([of], root=ROOT)[:12]}"
    file = KEPT / sources / f"{part}.json"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(work()))
    return json.loads(file.read_text())
