"""Model organisms, trained from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from mesascope.core.progress import Progress


def train(
    organism: str,
    *,
    seeds: Sequence[int] = (0,),
    out: str | os.PathLike = "runs",
    modification: float | None = None,
    base_optimizer: str = "",
    optimizer_options: Mapping[str, str] = MappingProxyType({}),
    progress: Progress | None = None,
) -> dict[int, Path]:
    """Trains a model organism, one agent per seed; agents that are there already stay, and an interrupted run goes on.

    **Arguments:**

    - `organism`: which one; `mesascope list organisms` shows them.
    - `seeds`: whole numbers, 0 or more.
    - `out`: gets a folder `ORGANISM-SEED` for each.
    - `modification`: for deceptive organisms: how serious a threat of modification is in their lifetimes, in [0, 1].
    - `base_optimizer`: another one than the recipe's; `mesascope list optimizers` shows them. What its agents
      pursue is then not known.
    - `optimizer_options`: settings of the base optimizer, as text.
    - `progress`: called as the training goes on.

    **Returns:** the file of each seed's agent, which `load_agent` reads.

    **Raises:** `UnknownNameError` for an organism, optimizer or option that does not exist; `TrainingError` if a folder
    holds files of another recipe or of somebody else, or training fails; `OutputError` if something cannot be written.
    """
    from mesascope.organisms.train import Change, train_population

    change = Change(modification, base_optimizer, optimizer_options)
    return train_population(organism, seeds=tuple(seeds), directory=Path(out), progress=progress, change=change)
