"""Many recipes trained side by side: organisms of every class of the paper, and the learners."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax

from mesascope.core.files import write_atomically
from mesascope.core.progress import Progress
from mesascope.organisms.catalogue import kind_organisms
from mesascope.organisms.learners.catalogue import LEARNERS
from mesascope.organisms.processes import finish, orphaned
from mesascope.organisms.train import AGENT, folder_of, intact, train_organism


class Individual(NamedTuple):
    """One agent of a recipe.

    **Arguments:**

    - `organism`: whose recipe, or a learner's.
    - `seed`: of its training.
    """

    organism: str
    seed: int


def every_organism(seeds: Sequence[int]) -> list[Individual]:
    """Returns the recipes of the classes with the given seeds, seeds of a recipe side by side."""
    return [Individual(name, seed) for name in kind_organisms() for seed in seeds]


def every_learner(seeds: Sequence[int]) -> list[Individual]:
    """Returns the recipes of learners that take two minutes or less with the given seeds, seeds side by side."""
    short = [name for name in LEARNERS.names() if not LEARNERS.load(name).long]
    return [Individual(name, seed) for name in short for seed in seeds]


def train_kinds(
    organisms: Sequence[Individual], folder: Path, *, processes: int = 1, progress: Progress | None = None
) -> list[Path]:
    """Trains organisms or learners, those that are not in the folder yet.

    **Arguments:**

    - `organisms`: name and seed of each.
    - `folder`: gets a folder NAME-SEED for each; the same call goes on where it was stopped.
    - `processes`: how many are trained side by side.
    - `progress`: called with what is being done and the share done.

    **Returns:** their files.
    """

    def done(one: Individual) -> bool:
        return intact(folder_of(*one, folder))

    finish(train_part, organisms, folder, done=done, processes=processes, progress=progress)
    return [folder_of(*one, folder) / AGENT for one in organisms]


def train_part(part: list[Individual], folder: Path, parent: int | None) -> None:
    """Trains some organisms one after the other, and keeps the CPU seconds that each took beside it.

    **Arguments:** as `processes.finish` calls it.
    """
    previous = None
    for name, seed in part:
        if orphaned(parent):
            return
        if previous not in (None, name):
            # Programs compiled for another recipe are of no use any more.
            jax.clear_caches()
        previous = name
        start = time.process_time()
        directory = folder_of(name, seed, folder)
        known = intact(directory)
        train_organism(name, seed=seed, directory=directory, note=lambda text: print(text, file=sys.stderr))
        if not known:
            write_atomically(directory / "seconds.json", json.dumps(time.process_time() - start))
