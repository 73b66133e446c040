"""From a recipe to an agent file: trained once, resumed if it was cut short, found again after that."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any, cast

from mesascope.agents.files import save_agent
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.files import write_atomically
from mesascope.core.json_reading import read_json
from mesascope.core.text import shown
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.organism import Organism
from mesascope.training.run import CHECKPOINT, Progress, Trained, settings_of, train
from mesascope.worlds.world import World

AGENT = "agent.safetensors"
CURVE = "curve.parquet"
RECIPE = "training.json"


def train_organism(
    name: str, *, seed: int, directory: Path, progress: Progress | None = None, modification: float | None = None
) -> Path:
    """Returns the file of the agent that an organism's recipe grows from a seed, and grows it if it is not there.

    A finished agent of the same recipe is reused; a checkpoint is gone on from.

    **Arguments:**

    - `name`: of the organism.
    - `seed`: a whole number, 0 or more.
    - `directory`: of this organism and seed alone; made if missing.
    - `progress`: called as the training goes on.
    - `modification`: how serious threats are in its lifetimes; by default the recipe's.

    **Returns:** the path of `agent.safetensors` in the directory.

    **Raises:** `UsageError` for a modification where no lifetimes are trained; `TrainingError` if the directory holds
    an agent or checkpoint of another recipe, or training fails; `OutputError` if something cannot be written.
    """
    organism = ORGANISMS.load(name)
    if modification is not None:
        organism = _with_modification(organism, modification)
    directory = Path(directory)
    settings = settings_of(organism.optimizer, organism.task, (seed,))
    agent, recipe = directory / AGENT, directory / RECIPE
    if agent.exists():
        _check_recipe(recipe, settings)
        return agent
    trained = train(organism.optimizer, organism.task, seeds=(seed,), directory=directory, progress=progress)
    write_curve(trained, directory / CURVE)
    write_atomically(recipe, json.dumps(settings, indent=2) + "\n")
    # Last, because its presence says that the training is over.
    save_grown_agent(organism, trained, seed, agent)
    (directory / CHECKPOINT).unlink(missing_ok=True)
    return agent


def _with_modification(organism: Organism, modification: float) -> Organism:
    from mesascope.training.context_gradient import LifetimeGradient

    if not isinstance(organism.optimizer, LifetimeGradient):
        raise UsageError(
            f"Organism '{organism.name}' is trained by {organism.optimizer.name}, which knows no modification; "
            "organisms that live whole lifetimes: deceptive, deceptive-reactive."
        )
    optimizer = dataclasses.replace(organism.optimizer, modification=modification)
    return dataclasses.replace(organism, optimizer=optimizer)


def save_grown_agent(organism: Organism, trained: Trained, seed: int, path: Path) -> None:
    """Writes the agent file of one seed of a training run."""
    save_agent(
        path,
        trained.network(seed),
        organism.network,
        world_name=organism.world.name,
        observation_shape=organism.world.observation_shape,
        actions=len(organism.world.actions),
        world_options=_options(organism.world),
        base_objective=organism.objective,
        step=organism.optimizer.updates,
        metadata=settings_of(organism.optimizer, organism.task, (seed,)),
    )


def _options(world: World) -> dict[str, str]:
    # A built-in world is a dataclass whose fields are its options.
    fields = dataclasses.fields(cast(Any, world))
    return {
        field.name: str(getattr(world, field.name)) for field in fields if getattr(world, field.name) != field.default
    }


def write_curve(trained: Trained, path: Path) -> None:
    """Writes the learning curve of a training run as Parquet."""
    buffer = io.BytesIO()
    trained.curve_table().write_parquet(buffer)
    write_atomically(path, buffer.getvalue())


def _check_recipe(recipe: Path, settings: dict[str, str]) -> None:
    try:
        found: dict[str, str] = read_json(recipe, purpose="a recipe", form=dict[str, str])
    except UsageError as error:
        raise TrainingError(
            f"'{recipe.parent / AGENT}' exists, but its recipe '{recipe}' cannot be read. {error} Delete the folder "
            "to train again, or choose another one with --out."
        ) from error
    for name in dict.fromkeys((*settings, *found)):
        if found.get(name) != settings.get(name):
            there, here = (shown(where.get(name, "absent"), limit=80) for where in (found, settings))
            raise TrainingError(
                f"'{recipe.parent / AGENT}' was trained by another recipe: {shown(name, limit=80)} is {there} there "
                f"and {here} here. Delete the folder to train again, or choose another one with --out."
            )
