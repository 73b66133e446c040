"""Files of other people's packages, fetched by pip and never installed, so that nothing of theirs is run.

Wheels are downloaded as they are. Of a source distribution pip wants to know the metadata, for which it would run
`setup.py`: it is given a Python without setuptools, so that this fails before anything of the package is run, and
leaves the unpacked source behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from peers.environments import cache_folder


def wheel(requirement: str) -> Path:
    """Returns the wheel of a package, `name==version`.

    **Raises:** `RuntimeError` if it cannot be had; it says why.
    """
    folder = cache_folder() / "packages" / requirement.replace("==", "-")
    if not list(folder.glob("*.whl")):
        folder.mkdir(parents=True, exist_ok=True)
        _pip(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--no-deps",
                "--only-binary=:all:",
                "-d",
                str(folder),
                requirement,
            ]
        )
    found = list(folder.glob("*.whl"))
    if len(found) != 1:
        raise RuntimeError(f"{requirement} cannot be downloaded.")
    return found[0]


def source(requirement: str, member: str) -> Path:
    """Returns one file of a package's source distribution.

    **Arguments:**

    - `requirement`: `name==version`.
    - `member`: its path within the distribution.

    **Raises:** `RuntimeError` if it cannot be had; it says why.
    """
    kept = cache_folder() / "packages" / requirement.replace("==", "-") / Path(member).name
    if kept.exists():
        return kept
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare"
        venv.create(bare, with_pip=False)
        command = [sys.executable, "-m", "pip", "--python", str(bare / "bin" / "python"), "download", "--no-deps"]
        command += ["--no-clean", "--no-build-isolation", "--no-binary=:all:", "-d", folder, requirement]
        try:
            _pip(command, temporary=folder)
        except RuntimeError as error:
            reason = str(error)
        else:
            reason = "pip left no unpacked source"
        # A link could lead elsewhere; only a file of the archive itself will do.
        found = [path for path in Path(folder).glob(f"pip-download-*/*/{member}") if not path.is_symlink()]
        if len(found) != 1:
            raise RuntimeError(f"{member} of {requirement} cannot be downloaded: {reason}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(found[0].read_bytes())
    return kept


def _pip(command: list[str], temporary: str | None = None) -> None:
    environment = {**os.environ, **({"TMPDIR": temporary} if temporary else {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"pip: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no message'}")
