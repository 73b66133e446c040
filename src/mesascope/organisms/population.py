"""Several seeds of one recipe, trained beside one another in one compiled run."""

from __future__ import annotations

import json
from pathlib import Path

from mesascope.core.files import write_atomically
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.growth import AGENT, CURVE, RECIPE, save_grown_agent, train_organism, write_curve
from mesascope.training.run import CHECKPOINT, Progress, settings_of, train


def folder_of(name: str, seed: int, directory: Path) -> Path:
    """Returns the folder in which the agent of an organism and seed lies."""
    return directory / f"{name}-{seed}"


def train_population(
    name: str, *, seeds: tuple[int, ...], directory: Path, progress: Progress | None = None
) -> dict[int, Path]:
    """Returns the files of the agents that an organism's recipe grows, one per seed, and grows them if any is missing.

    Agents that are there already stay as they are. A run that was cut short is gone on from if it had the same seeds.

    **Arguments:**

    - `name`: of the organism.
    - `seeds`: whole numbers, 0 or more, each once.
    - `directory`: gets a folder `NAME-SEED` for each, and one with their common learning curve.
    - `progress`: called as the training goes on.

    **Returns:** the path of `agent.safetensors` by seed.

    **Raises:** as `train_organism`.
    """
    agents = {seed: folder_of(name, seed, directory) / AGENT for seed in seeds}
    missing = [seed for seed, agent in agents.items() if not agent.exists()]
    together = directory / f"{name}-{min(seeds)}-to-{max(seeds)}"
    if len(missing) > 1 or (missing and (together / CHECKPOINT).exists()):
        organism = ORGANISMS.load(name)
        # All seeds, also those that are there: the checkpoint then does not depend on which agents were written when.
        trained = train(organism.optimizer, organism.task, seeds=seeds, directory=together, progress=progress)
        for seed in missing:
            settings = settings_of(organism.optimizer, organism.task, (seed,))
            write_atomically(agents[seed].parent / RECIPE, json.dumps(settings, indent=2) + "\n")
            save_grown_agent(organism, trained, seed, agents[seed])
        write_curve(trained, together / CURVE)
        (together / CHECKPOINT).unlink(missing_ok=True)
    for seed, agent in agents.items():
        # Trains what is still missing, and refuses what another recipe left behind.
        train_organism(name, seed=seed, directory=agent.parent, progress=progress)
    return agents
