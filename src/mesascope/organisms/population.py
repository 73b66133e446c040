"""Several agents of one recipe: goal preference is a property of the seed, so that one agent is no evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mesascope.organisms.growth import train_organism
from mesascope.training.run import Progress


def folder_of(name: str, seed: int, directory: Path, *, modification: float | None = None) -> Path:
    """Returns the folder of one agent: `ORGANISM-SEED` in a directory of many; a modification goes into the name."""
    other = "" if modification is None else f"-modification-{modification:g}"
    return Path(directory) / f"{name}{other}-{seed}"


def train_population(
    name: str,
    *,
    seeds: tuple[int, ...],
    directory: Path,
    progress: Progress | None = None,
    modification: float | None = None,
    note: Callable[[str], None] | None = None,
) -> dict[int, Path]:
    """Returns the agent files of several seeds, and grows those that are not there.

    The seeds share their compiled code and follow one another: on a CPU a batch of them would not be faster, and so
    each one is finished, kept and resumed on its own.

    **Arguments:**

    - `name`: of the organism.
    - `seeds`: whole numbers, 0 or more.
    - `directory`: gets a folder `ORGANISM-SEED` for each.
    - `progress`: called as the training goes on.
    - `modification`, `note`: as of `train_organism`.

    **Returns:** the path of each seed's agent.

    **Raises:** as `train_organism`.
    """
    return {
        seed: train_organism(
            name,
            seed=seed,
            directory=folder_of(name, seed, directory, modification=modification),
            progress=_part_of(progress, place, len(seeds), seed),
            modification=modification,
            note=note,
        )
        for place, seed in enumerate(seeds)
    }


def _part_of(progress: Progress | None, place: int, parts: int, seed: int) -> Callable[[str, float], None] | None:
    if progress is None:
        return None
    return lambda text, share: progress(f"seed {seed}: {text}", (place + share) / parts)
