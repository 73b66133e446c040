"""From a recipe to an agent file: trained once, resumed if it was cut short, found again after that."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec

from mesascope.agents.files import save_agent
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.files import sha256_of, write_atomically
from mesascope.core.json_reading import read_json
from mesascope.core.quantities import SEED
from mesascope.core.text import quoted, shown
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.organism import Organism
from mesascope.training.run import CHECKPOINT, Progress, Trained, settings_of, train
from mesascope.worlds.world import World

AGENT = "agent.safetensors"
CURVE = "curve.parquet"
RECIPE = "training.json"


class Grown(msgspec.Struct, forbid_unknown_fields=True):
    """The record of a training: what its result depends on, and the checksums of what it wrote."""

    settings: dict[str, str]
    files: dict[str, str]


def train_organism(
    name: str,
    *,
    seed: int,
    directory: Path,
    progress: Progress | None = None,
    modification: float | None = None,
    note: Callable[[str], None] | None = None,
) -> Path:
    """Returns the file of the agent that an organism's recipe grows from a seed, and grows it if it is not there.

    A finished agent of the same recipe is reused if its checksum is right, else put aside and grown again; a
    checkpoint is gone on from.

    **Arguments:**

    - `name`: of the organism.
    - `seed`: a whole number, 0 or more.
    - `directory`: of this organism and seed alone; made if missing.
    - `progress`: called as the training goes on.
    - `modification`: how serious threats are in its lifetimes; by default the recipe's.
    - `note`: called with a sentence if a file was put aside.

    **Returns:** the path of `agent.safetensors` in the directory.

    **Raises:** `UsageError` for a modification where no lifetimes are trained; `TrainingError` if the directory holds
    files of another recipe or of somebody else, or training fails; `OutputError` if something cannot be written.
    """
    SEED.check(seed, "seed")
    organism = ORGANISMS.load(name)
    if modification is not None:
        organism = _with_modification(organism, modification)
    directory = Path(directory)
    settings = settings_of(organism.optimizer, organism.task, (seed,))
    agent, recipe, curve = directory / AGENT, directory / RECIPE, directory / CURVE
    record = _checked_record(directory, settings)
    if record is not None and _right(agent, record):
        return agent
    trained = train(organism.optimizer, organism.task, seeds=(seed,), directory=directory, progress=progress)
    contents = {CURVE: _curve(trained), AGENT: _agent_file(organism, trained, seed)}
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


def _with_modification(organism: Organism, modification: float) -> Organism:
    from mesascope.training.context_gradient import LifetimeGradient

    if not isinstance(organism.optimizer, LifetimeGradient):
        raise UsageError(
            f"Organism '{organism.name}' is trained by {organism.optimizer.name}, which knows no modification; "
            "organisms that live whole lifetimes: deceptive, deceptive-reactive."
        )
    optimizer = dataclasses.replace(organism.optimizer, modification=modification)
    return dataclasses.replace(organism, optimizer=optimizer)


def _agent_file(organism: Organism, trained: Trained, seed: int) -> bytes:
    """The content of the agent file of one seed of a training run."""
    with tempfile.TemporaryDirectory() as scratch:
        return save_agent(
            Path(scratch) / AGENT,
            trained.network(seed),
            organism.network,
            world_name=organism.world.name,
            observation_shape=organism.world.observation_shape,
            actions=len(organism.world.actions),
            world_options=_options(organism.world),
            base_objective=organism.objective,
            step=organism.optimizer.updates,
            metadata=settings_of(organism.optimizer, organism.task, (seed,)),
        ).read_bytes()


def _options(world: World) -> dict[str, str]:
    # A built-in world is a dataclass whose fields are its options.
    fields = dataclasses.fields(cast(Any, world))
    return {
        field.name: str(getattr(world, field.name)) for field in fields if getattr(world, field.name) != field.default
    }


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
    for name in dict.fromkeys((*settings, *record.settings)):
        if record.settings.get(name) != settings.get(name):
            raise TrainingError(
                f"{quoted(standing[-1], limit=200)} was trained by another recipe: {shown(name, limit=80)} is "
                f"{shown(record.settings.get(name, 'absent'), limit=80)} there and {settings.get(name, 'absent')} "
                f"here. {advice}"
            )
    return record
