"""Where a result comes from: command, versions, seed, revision, time."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGES = (
    "mesascope",
    "jax",
    "jaxlib",
    "equinox",
    "optax",
    "numpy",
    "scipy",
    "torch",
    "mctx",
    "stable-baselines3",
    "gymnasium",
    "minigrid",
)


@dataclass(frozen=True)
class Revision:
    """The git revision of the source tree: `commit` is `None` outside a checkout; `dirty` means uncommitted changes."""

    commit: str | None
    dirty: bool | None


def versions() -> dict[str, str]:
    """Returns the version of Python and of every installed package that can change a number."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def revision() -> Revision:
    """Returns the git revision of the installed source tree, if it is a checkout of Mesascope."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return Revision(None, None)

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=True
        ).stdout

    try:
        return Revision(git("rev-parse", "HEAD").strip(), bool(git("status", "--porcelain").strip()))
    except (OSError, subprocess.SubprocessError):
        return Revision(None, None)


class Stopwatch:
    """Measures wall and CPU seconds of this process from its creation."""

    def __init__(self):
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def wall_seconds(self) -> float:
        """Returns wall-clock seconds since creation."""
        return time.perf_counter() - self._wall

    def cpu_seconds(self) -> float:
        """Returns CPU seconds of all threads of this process since creation."""
        return time.process_time() - self._cpu


def provenance(*, seed: int, watch: Stopwatch, command: list[str] | None = None) -> dict:
    """Returns the provenance block of a report: the only part that may differ between equal runs.

    **Arguments:**

    - `seed`: of the run.
    - `watch`: started when the run began.
    - `command`: the command line; by default this process's.
    """
    return {
        "command": list(sys.argv if command is None else command),
        "seed": seed,
        "versions": versions(),
        "git": asdict(revision()),
        "platform": platform.platform(),
        "wall_seconds": round(watch.wall_seconds(), 3),
        "cpu_seconds": round(watch.cpu_seconds(), 3),
    }
