"""`mesascope train`: grows the agents of the recipe of an organism or a learner."""

from __future__ import annotations

import contextlib
import json as json_format
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import (
    MaybeFolder,
    MaybeName,
    MaybeShare,
    Name,
    Pairs,
    Processes,
    Seed,
    Seeds,
    seeds_from,
)
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.options.world import pairs
from mesascope.cli.output_folder import check_writable
from mesascope.core.errors import MesascopeError, UnknownNameError, UsageError
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.learners.catalogue import LEARNERS
from mesascope.training.catalogue import OPTIMIZERS

KINDS, ALL_LEARNERS = "kinds", "learned-optimizers"
RUNS = Path("runs")


@dataclass(frozen=True)
class Train:
    """Trains a model organism or a learner, one agent per seed.

    After Ctrl-C, a crash or a kill the same command goes on from the last checkpoint, and its result is the same.
    Agents that are there already stay as they are.
    """

    organism: tyro.conf.Positional[Name] = "corner"
    """Which one; `mesascope list organisms` and `mesascope list learners` show them. `kinds`: all those of the classes
    of the paper. `learned-optimizers`: all learners but the long ones."""
    seed: Seed = 0
    """The first seed."""
    seeds: Seeds = None
    """How many seeds; by default 1."""
    modification: MaybeShare = None
    """For deceptive organisms: how serious a threat of modification is in their lifetimes, in [0, 1]."""
    base_optimizer: MaybeName = None
    """Another than the recipe's; `mesascope list optimizers` shows them. What its agents pursue is then not known."""
    optimizer_option: Pairs = ()
    """A setting of the base optimizer, such as updates=500."""
    processes: Processes = 2
    """Of `kinds` and `learned-optimizers`: how many are trained side by side."""
    out: MaybeFolder = None
    """Gets a folder ORGANISM-SEED for each; by default runs."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        known = (*ORGANISMS.names(), *LEARNERS.names(), KINDS, ALL_LEARNERS)
        if self.organism not in known:
            raise UnknownNameError("organism or learner", self.organism, known)
        if self.base_optimizer is not None:
            OPTIMIZERS.entry(self.base_optimizer)
        options = pairs(self.optimizer_option, option="--optimizer-option")
        seeds, out = seeds_from(self.seed, self.seeds or 1), self.out or RUNS
        if self.organism in (KINDS, ALL_LEARNERS):
            return self._many(seeds, out, console)
        from mesascope.organisms.train import Change, recipe_of, train_population

        change = Change(self.modification, self.base_optimizer or "", options)
        # Before a folder is made.
        change.of(recipe_of(self.organism))
        check_writable(out)
        with resumable(out), console.progress(f"Training {self.organism}") as progress:
            agents = train_population(
                self.organism,
                seeds=seeds,
                directory=out,
                progress=progress,
                change=change,
                note=console.note,
            )
        if self.output.json:
            found = {"organism": self.organism, "agents": {str(seed): str(file) for seed, file in agents.items()}}
            console.result(json_format.dumps(found, indent=2))
        else:
            console.result("\n".join(map(str, agents.values())))
        return 0

    def _many(self, seeds: tuple[int, ...], out: Path, console: Console) -> int:
        if self.modification is not None or self.base_optimizer is not None or self.optimizer_option:
            raise UsageError(
                "--modification, --base-optimizer and --optimizer-option change the recipe of one organism; train it "
                "by its name."
            )
        check_writable(out)
        from mesascope.organisms.kinds import every_learner, every_organism, train_kinds

        organisms = every_organism(seeds) if self.organism == KINDS else every_learner(seeds)
        what = "class" if self.organism == KINDS else "learner"
        with resumable(out), console.progress(f"Training every {what}") as progress:
            files = train_kinds(organisms, out, processes=self.processes, progress=progress)
        if self.output.json:
            agents = {f"{name}-{seed}": str(file) for (name, seed), file in zip(organisms, files, strict=True)}
            console.result(json_format.dumps({"organism": self.organism, "agents": agents}, indent=2))
        else:
            console.result("\n".join(map(str, files)))
        return 0


class Interrupted(MesascopeError):
    """Ctrl-C, with what is left to say: what stands on disk and how to go on."""

    exit_code = 130


@contextlib.contextmanager
def resumable(directory: Path, kept: str | None = None) -> Iterator[None]:
    """Turns Ctrl-C in a training run into a message that says what is left and how to go on.

    **Arguments:**

    - `directory`: in which, or in folders of which, the run keeps what it goes on from.
    - `kept`: the names of such files, a pattern; by default checkpoints of training.
    """
    from mesascope.training.run import CHECKPOINT

    try:
        yield
    except KeyboardInterrupt:
        checkpoint = next(directory.rglob(kept or CHECKPOINT), None)
        left = f"The training so far is kept in '{checkpoint}'" if checkpoint else "There was no checkpoint yet"
        again = "the same command goes on from there" if checkpoint else "the same command begins again"
        raise Interrupted(f"Interrupted. {left}; {again}.") from None
