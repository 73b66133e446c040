"""`mesascope remedy`: the agents of a recipe under remedies, audited before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import (
    AgentText,
    MaybeFile,
    MaybeLevels,
    MaybeName,
    Names,
    Pairs,
    Processes,
    Seed,
    Seeds,
    option,
    seeds_from,
)
from mesascope.cli.options.output import OutputOptions, result_folder
from mesascope.cli.options.world import pairs
from mesascope.cli.train import resumable
from mesascope.core.quantities import Whole
from mesascope.oversight.catalogue import REMEDIES

FILES = ("remedy.json", "remedy.html")
ALL = "all"
DEFAULT_SEEDS: int = 3
"""Fewer agents than this say hardly anything about others."""

Updates = Annotated[int | None, *option(Whole(1, 10_000_000), "INT")]


@dataclass(frozen=True)
class RemedyVerb:
    """Trains the agents of a recipe further under remedies, and puts the audit before and after side by side.

    Each agent is trained by its recipe, audited, trained on under every remedy that was named and under a placebo that
    changes nothing, and audited again. After Ctrl-C or a kill the same command goes on. Writes agents and results into
    a folder, with remedy.json and remedy.html.
    """

    recipe: tyro.conf.Positional[AgentText] = "corner"
    """An organism (`mesascope list organisms`), a file that holds ORGANISM = Organism(...), or module:attribute."""
    with_: Annotated[Names, tyro.conf.arg(name="with", metavar="NAME")] = ()
    """A remedy, or `all`, which is the default; `mesascope list remedies` shows them. May be repeated."""
    seed: Seed = 0
    """The first seed."""
    seeds: Seeds = None
    """How many agents; by default 3."""
    set: Pairs = ()
    """A setting of the remedies that have it, such as levels=512."""
    preferences: MaybeFile = None
    """A CSV or Parquet file of pairs that you have labelled, for reward modelling; its columns: docs/remedies.md."""
    updates: Updates = None
    """That each remedy trains for; by default as many as the recipe."""
    levels: MaybeLevels = None
    """Of each distribution in which agents are audited; by default 128."""
    deploy: MaybeName = None
    """The distribution after the shift; by default the world's last."""
    processes: Processes = 2
    """How many agents are trained side by side."""
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        names = self.with_ or (ALL,)
        for name in names:
            if name != ALL:
                REMEDIES.entry(name)
        seeds = seeds_from(self.seed, self.seeds or DEFAULT_SEEDS)
        settings = pairs(self.set, option="--set")
        from mesascope.api.remedy import LEVELS, recipe_of, remedies_of, remedy

        # Before a folder is made.
        recipe = recipe_of(self.recipe)
        remedies_of(names, settings, self.preferences)
        place = Path("runs") / f"remedy-{result_folder(recipe.name, self.seed).name.removesuffix(f'-{self.seed}')}"
        folder = self.output.claimed(self, FILES, place)
        assert folder is not None
        with resumable(folder.path, "*.safetensors"), console.progress(f"Remedies for {recipe.name}") as progress:
            comparison = remedy(
                self.recipe,
                names,
                seeds=seeds,
                settings=settings,
                preferences=self.preferences,
                updates=self.updates,
                levels=self.levels or LEVELS,
                deploy=self.deploy,
                out=folder.path,
                force=self.output.force,
                processes=self.processes,
                progress=progress,
                note=console.note,
            )
        self.output.give(comparison, console, folder)
        return 0
