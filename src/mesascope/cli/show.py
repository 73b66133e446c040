"""`mesascope show`: levels of a world, the way an agent takes, and its policy as a vector field."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from mesascope.cli.choices import chosen_world
from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.core.errors import UsageError
from mesascope.core.files import write_atomically

FORMATS = {".svg": "svg", ".png": "png", ".txt": "text"}


@dataclass(frozen=True)
class Show(Command):
    """Draws levels of a world; with --agent also its policy and the way it takes."""

    world: tyro.conf.Positional[str] = "corner"
    """Built in, gym:<id>, or module:Class."""
    world_option: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KEY=VALUE"), tyro.conf.UseAppendAction] = ()
    """An option of the world."""
    distribution: Annotated[str, tyro.conf.arg(metavar="NAME")] = "train"
    """Of the levels."""
    levels: int = 2
    """How many."""
    agent: Annotated[str | None, tyro.conf.arg(metavar="AGENT")] = None
    """A file, module:attribute, or an organism that has been trained."""
    objective: Annotated[str | None, tyro.conf.arg(metavar="NAME")] = None
    """Draw an optimal policy of this objective instead of an agent's."""
    trust_pickle: bool = False
    """Load a model file although that runs code in it."""
    seed: int = 0
    """Of the levels."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """A file ending in .svg, .png or .txt; by default the terminal."""
    force: bool = False
    """Replace a file given with --out."""
    quiet: bool = False
    """Leave out notes."""

    def run(self, console: Console) -> int:
        form = "text" if self.out is None else FORMATS.get(self.out.suffix.lower())
        if form is None:
            raise UsageError(f"--out {self.out} does not end in one of {', '.join(FORMATS)}.")
        if self.agent is not None and self.objective is not None:
            raise UsageError("--agent and --objective both name a policy to draw; give one of them.")
        if self.levels < 1:
            raise UsageError(f"--levels {self.levels} is not 1 or more.")
