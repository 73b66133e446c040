"""What cases of worlds, agents and environments share: modules that are copied, and the audit that they go to."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from hostile.case import Build

GIVEN = Path(__file__).with_name("given")
AUDIT = ("--levels", "8", "--quiet", "--fail-on", "pseudo-aligned", "--out", "out")
GATED = frozenset({0, 1, 3})
"""Endings of a gate that has reported."""
IMPORTED = "when it was imported"
"""What is said of a module that cannot be imported; those of `given` can."""


def bring(*names: str) -> Build:
    """Returns what copies modules of `given` into the current folder."""

    def build(folder: Path, material: Path, rng: random.Random) -> None:
        for name in names:
            shutil.copy(GIVEN / f"{name}.py", folder)

    return build
