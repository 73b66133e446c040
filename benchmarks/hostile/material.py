"""What cases are made of: sound files of every kind, written once by Mesascope and the libraries it reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hostile.running import environment
from hostile.strangers import GIVEN


def prepare(place: Path) -> None:
    """Writes the material into a folder.

    **Raises:** `RuntimeError` with what was said if that fails: without sound files no case means anything.
    """
    for program in ("make_agents.py", "make_results.py"):
        _program(Path(__file__).with_name(program), place)


def _program(path: Path, place: Path) -> None:
    command = [sys.executable, str(path), str(place), str(GIVEN)]
    done = subprocess.run(command, cwd=place, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{path.name} failed: {done.stderr[-2000:]}")
