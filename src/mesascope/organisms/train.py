"""From a recipe to agent files: trained once, resumed if cut short, found again after that.

Several seeds of a recipe, because goal preference is a property of the seed: one agent is no evidence.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.files import sha256_of, write_atomically
from mesascope.core.json_reading import read_json
from mesascope.core.progress import Progress
from mesascope.core.quantities import SEED
from mesascope.core.text import quoted
from mesascope.organisms.agent_content import AGENT, agent_content
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.learners.catalogue import LEARNERS
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.organisms.organism import Organism
from mesascope.training.catalogue import OPTIMIZERS
from mesascope.training.checkpoint import difference
from mesascope.training.run import CHECKPOINT, Trained, settings_of, train
from mesascope.worlds.world import parse_options

AnyRecipe = TypeVar("AnyRecipe", bound=Organism | LearnerRecipe)

CURVE = "curve.parquet"
RECIPE = "training.json"


class Grown(msgspec.Struct, forbid_unknown_fields=True):
    """The record of a training: what its result depends on, and the checksums of what it wrote."""

    settings: dict[str, str]
    files: dict[str, str]


@dataclass(frozen=True)
class Change:
    """What is changed in a recipe. The label of its agents is then not known any more.

    **Arguments:**

    - `modification`: how serious threats are in the lifetimes that it lives; `None` for the recipe's.
    - `base_optimizer`: one of the registered ones, with the settings that it has by itself; empty for the recipe's.
    - `options`: settings of the base optimizer as text, by name.
    """

    modification: float | None = None
    base_optimizer: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        # Not its options, which may be any text: another folder is for whoever tries several.
        optimizer = f"-{self.base_optimizer}" if self.base_optimizer else ""
        return optimizer + ("" if self.modification is None else f"-modification-{self.modification:g}")

    def of(self, organism: AnyRecipe) -> AnyRecipe:
        """Returns the changed recipe.

        **Raises:** `UsageError` for a modification where no lifetimes are lived, for a base optimizer of worlds where
        a learner is trained, and for settings that the optimizer does not have or allow; `UnknownNameError` for an
        optimizer that does not exist.
        """
        if self.base_optimizer and isinstance(organism, LearnerRecipe):
            raise UsageError(
                f"'{organism.name}' learns in a stream, and the base optimizers that can be named train in worlds. "
                "Change the settings of its own one with --optimizer-option."
            )
        with self._asked():
            optimizer = OPTIMIZERS.load(self.base_optimizer)() if self.base_optimizer else organism.optimizer
            settings = dataclasses.fields(cast(Any, optimizer))
            fields = {setting.name: type(getattr(optimizer, setting.name)) for setting in settings}
        values = parse_options(f"setting of the base optimizer '{optimizer.name}'", self.options, fields)
        if self.modification is not None:
            if "modification" not in fields:
                raise UsageError(
                    f"'{organism.name}' is trained by {optimizer.name}, which knows no modification; "
                    "organisms that live whole lifetimes: deceptive, deceptive-reactive."
                )
            values["modification"] = self.modification
        with self._asked():
            return dataclasses.replace(organism, optimizer=dataclasses.replace(cast(Any, optimizer), **values))

    def _asked(self) -> AbstractContextManager[None]:
        # It may be another package's.
        who = f"Base optimizer {quoted(self.base_optimizer)}" if self.base_optimizer else "The base optimizer"
        return code_of_others(who, "when it was given its settings", error=UsageError)


def recipe_of(name: str) -> Organism | LearnerRecipe:
    """Returns the recipe of an organism or a learner; `UnknownNameError` for a name that is neither's."""
    return LEARNERS.load(name) if name in LEARNERS.names() else ORGANISMS.load(name)


def train_organism(
    name: str,
    *,
    seed: int,
    directory: Path,
    progress: Progress | None = None,
    change: Change | None = None,
    note: Callable[[str], None] | None = None,
) -> Path:
    """Returns the file of the agent that an organism's recipe grows from a seed, and grows it if it is not there.

    A finished agent of the same recipe is reused if its checksum is right, else put aside and grown again; a
    checkpoint is gone on from.

    **Arguments:**

    - `name`: of the organism or the learner.
    - `seed`: a whole number, 0 or more.
    - `directory`: of this organism and seed alone; made if missing.
    - `progress`: called as the training goes on.
    - `change`: what is to be other than in its recipe.
    - `note`: called with a sentence if a file was put aside.

    **Returns:** the path of `agent.safetensors` in the directory.

    **Raises:** `UsageError` for a change that the recipe does not allow; `TrainingError` if the directory holds
    files of another recipe or of somebody else, or training fails; `OutputError` if something cannot be written.
    """
    recipe = recipe_of(name)
    return grow(
        recipe if change is None else change.of(recipe),
        seed=seed,
        directory=directory,
        progress=progress,
        note=note,
    )


def grow(
    organism: Organism | LearnerRecipe,
    *,
    seed: int,
    directory: Path,
    progress: Progress | None = None,
    note: Callable[[str], None] | None = None,
) -> Path:
    """Returns the file of the agent that a recipe grows from a seed: as `train_organism`, for any recipe.

    **Arguments:**

    - `organism`: the recipe, of an organism or a learner; anybody's.
    - `seed`, `directory`, `progress`, `note`: as of `train_organism`.

    **Raises:** as `train_organism`.
    """
    SEED.check(seed, "seed")
    directory = Path(directory)
    settings = settings_of(organism.optimizer, organism.task, (seed,))
    agent, recipe, curve = directory / AGENT, directory / RECIPE, directory / CURVE
    record = _checked_record(directory, settings)
    if record is not None and _right(agent, record):
        return agent
    trained = train(organism.optimizer, organism.task, seeds=(seed,), directory=directory, progress=progress)
    content = agent_content(organism, trained.network(seed), step=organism.optimizer.updates, metadata=settings)
    contents = {CURVE: _curve(trained), AGENT: content}
    for file in (agent, curve):
        if record is not None and os.path.lexists(file) and not _right(file, record):
            aside = _put_aside(file)
            if note is not None:
                note(f"{quoted(file, limit=200)} was not as it was written. It was made again; the other is {aside}.")
    # The record comes first, so that whatever a run that is killed leaves is known to be its own; the agent comes last,
    # because its presence says that the training is over.
    grown = Grown(settings, {name: sha256_of(content) for name, content in contents.items()})
    write_atomically(recipe, json.dumps(msgspec.to_builtins(grown), indent=2) + "\n")
    for name, content in contents.items():
        write_atomically(directory / name, content)
    (directory / CHECKPOINT).unlink(missing_ok=True)
    return agent


def folder_of(name: str, seed: int, directory: Path, *, change: Change | None = None) -> Path:
    """Returns the folder of one agent: `ORGANISM-SEED` in a directory of many; a change goes into the name."""
    return Path(directory) / f"{name}{change or ''}-{seed}"


def train_population(
    name: str,
    *,
    seeds: tuple[int, ...],
    directory: Path,
    progress: Progress | None = None,
    change: Change | None = None,
    note: Callable[[str], None] | None = None,
) -> dict[int, Path]:
    """Returns the agent files of several seeds, and grows those that are not there.

    The seeds share their compiled code and follow one another: on a CPU a batch of them would not be faster, and so
    each one is finished, kept and resumed on its own.

    **Arguments:**

    - `name`: of the organism or the learner.
    - `seeds`: whole numbers, 0 or more.
    - `directory`: gets a folder `ORGANISM-SEED` for each.
    - `progress`: called as the training goes on.
    - `change`, `note`: as of `train_organism`.

    **Returns:** the path of each seed's agent.

    **Raises:** as `train_organism`.
    """
    return {
        seed: train_organism(
            name,
            seed=seed,
            directory=folder_of(name, seed, directory, change=change),
            progress=_part_of(progress, place, len(seeds), seed),
            change=change,
            note=note,
        )
        for place, seed in enumerate(seeds)
    }


def _part_of(progress: Progress | None, place: int, parts: int, seed: int) -> Progress | None:
    if progress is None:
        return None
    return lambda text, share: progress(f"seed {seed}: {text}", (place + share) / parts)


def intact(directory: Path) -> bool:
    """Returns whether a directory holds an agent that is as it was when it was trained."""
    if not (directory / RECIPE).is_file():
        return False
    try:
        return _right(directory / AGENT, read_json(directory / RECIPE, purpose="a recipe", form=Grown))
    except UsageError:
        return False


def _right(file: Path, record: Grown) -> bool:
    try:
        return file.is_file() and sha256_of(file) == record.files.get(file.name)
    except OSError:
        return False


def _put_aside(file: Path) -> Path:
    """Renames a file that nobody here wrote so, which may be somebody's work, and returns its new path."""
    names = (
        file.with_name(f"{file.name}.changed{'' if number == 1 else f'-{number}'}") for number in itertools.count(1)
    )
    aside = next(name for name in names if not os.path.lexists(name))
    os.rename(file, aside)
    return aside


def _curve(trained: Trained) -> bytes:
    """The learning curve of a training run as Parquet."""
    buffer = io.BytesIO()
    trained.curve_table().write_parquet(buffer)
    return buffer.getvalue()


def _checked_record(directory: Path, settings: dict[str, str]) -> Grown | None:
    """The record in a directory, `None` if there is nothing of a training in it but perhaps a checkpoint."""
    advice = "Delete the folder to train again, or choose another one with --out."
    standing = [directory / name for name in (RECIPE, AGENT, CURVE) if os.path.lexists(directory / name)]
    if not standing:
        return None
    try:
        record = read_json(directory / RECIPE, purpose="the recipe of an agent", form=Grown)
    except UsageError as error:
        raise TrainingError(
            f"{quoted(standing[-1], limit=200)} exists, but nothing says that it comes from here: {error} {advice}"
        ) from error
    if differs := difference(record.settings, settings):
        raise TrainingError(f"{quoted(standing[-1], limit=200)} was trained by another recipe: {differs}. {advice}")
    return record
