"""`mesascope show`: levels of a world, the way an agent takes, and its policy as a vector field."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import Literal

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import MaybeAgent, MaybeFile, MaybeLevels, MaybeName, Name, Pairs, Seed
from mesascope.cli.options.output import PrintOptions, check_new
from mesascope.cli.options.world import chosen_world
from mesascope.core.errors import UsageError
from mesascope.core.files import write_atomically
from mesascope.core.quantities import Whole
from mesascope.core.text import quoted

MOST_LEVELS: int = 64
"""That are drawn beside one another."""
FORMATS: dict[str, Literal["svg", "png", "text"]] = {".svg": "svg", ".png": "png", ".txt": "text"}


@dataclass(frozen=True)
class Show:
    """Draws levels of a world; with --agent also its policy and the way it takes."""

    world: tyro.conf.Positional[Name] = "corner"
    """Built in, gym:<id>, or module:Class."""
    world_option: Pairs = ()
    """An option of the world."""
    distribution: MaybeName = None
    """Of the levels; by default the world's first."""
    levels: MaybeLevels = None
    """How many levels; by default 2."""
    agent: MaybeAgent = None
    """A file, module:attribute, or an organism that has been trained."""
    optimal_for: MaybeName = None
    """Draw an optimal policy of this objective instead of an agent's."""
    seed: Seed = 0
    """Of the levels."""
    out: MaybeFile = None
    """A file ending in .svg, .png or .txt; by default the terminal."""
    force: bool = False
    """Replace a file given with --out."""
    loading: LoadingOptions = LoadingOptions()
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        form = "text" if self.out is None else FORMATS.get(self.out.suffix.lower())
        if form is None:
            raise UsageError(f"--out {quoted(self.out)} does not end in one of {', '.join(FORMATS)}.")
        if self.agent is not None and self.optimal_for is not None:
            raise UsageError("--agent and --optimal-for both name a policy to draw; give one of them.")
        if self.agent is None and any(self.loading.loading.values()):
            raise UsageError("How an agent is read is about the one that --agent names; name it.")
        Whole(1, MOST_LEVELS).check(self.levels or 1, "--levels")
        check_new(self.out, force=self.force)
        from mesascope.api.show import FEW, show

        world = chosen_world(self.world, self.world_option)
        shown = show(
            world,
            agent=None if self.agent is None else self.loading.chosen(self.agent, world, seed=self.seed),
            optimal_for=self.optimal_for,
            distribution=self.distribution,
            levels=FEW if self.levels is None else self.levels,
            seed=self.seed,
        )
        encoding = "utf-8" if self.out is not None else console.encoding
        drawing = shown.drawn(form, width=console.width, ascii_only=not _carries_unicode(encoding))
        if self.out is not None:
            write_atomically(self.out, drawing, overwrite=self.force)
        if self.output.json:
            rows = [
                {"text": world.format(shown.levels[index]), "path": shown.paths and shown.paths[index]}
                for index in range(shown.levels.count)
            ]
            data = {"world": world.name, "file": None if self.out is None else str(self.out), "levels": rows}
            console.result(json_format.dumps(data, indent=2, ensure_ascii=False))
        else:
            console.result(str(drawing).rstrip("\n") if self.out is None else str(self.out))
        return 0


def _carries_unicode(encoding: str | None) -> bool:
    from mesascope.report.text.level_text import UNICODE, glyphs_for

    return glyphs_for(encoding) is UNICODE
