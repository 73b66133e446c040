"""Writes sound results into a folder, by the command: what an audit, a challenge and the other verbs leave."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from pathlib import Path

PLACE, GIVEN = Path(sys.argv[1]), Path(sys.argv[2])
RIGHT = ("policies:right", "--world", "tiny_world:Tiny", "--quiet")
COMMANDS: dict[str, tuple[str, ...]] = {
    "audit": ("audit", *RIGHT, "--levels", "8"),
    "search": ("search", *RIGHT, "--levels", "8"),
    "objective": ("objective", *RIGHT, "--levels", "2"),
    "battery": ("battery", "policies:right", "--world", "tiny_world:Tiny", "--quiet"),
    "witness": ("witness", *RIGHT, "--own", "trap", "--budget", "64", "--floor", "0"),
    "onset": ("onset",),
    "challenge": ("challenge", "make", "--specimens", "1"),
}
"""A command that leaves results in `--out`, by the name of the folder."""


def main() -> None:
    from mesascope.cli.main import main as command

    os.chdir(PLACE)
    for name in ("tiny_world", "policies"):
        shutil.copy(GIVEN / f"{name}.py", PLACE)
    for name, argv in COMMANDS.items():
        with contextlib.redirect_stdout(io.StringIO()):
            code = command([*argv, "--out", name])
        print(name, code, sorted(os.listdir(name)) if os.path.isdir(name) else "nothing", file=sys.stderr)


if __name__ == "__main__":
    main()
