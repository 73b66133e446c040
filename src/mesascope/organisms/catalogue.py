"""Which organisms there are: those that have a folder in `recipes`, and their variants. Importing this imports none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.folder_entries import entries_in
from mesascope.core.registry import Registry, load_target

# `mesascope list` must answer at once: recipes import jax.
if TYPE_CHECKING:
    from mesascope.organisms.organism import Organism, Truth

ORGANISMS: Registry[Organism] = Registry(
    "organism",
    entries_in("mesascope.organisms.recipes", "ORGANISM", module="recipe", details=("world", "base", "takes")),
    group="mesascope.organisms",
)

BATTERY_WORLD: str = "cleaning"
"""The world of the organisms that show the classes of the paper, which the alignment battery tells apart."""


def load_truth(name: str) -> Truth:
    """Returns the sealed label of an organism: `TRUTH` in the module `truth` beside its recipe, or its variant's.

    **Raises:** `UnknownNameError` for an organism that does not exist, `UsageError` if it has no label.
    """
    module, _, variant = ORGANISMS.entry(name).target.partition(":")
    label = "TRUTH" if variant == "ORGANISM" else variant
    return load_target(f"{module.rpartition('.')[0]}.truth:{label}")  # pyright: ignore[reportReturnType]


def kind_organisms() -> tuple[str, ...]:
    """Returns the names of the organisms of every class of the paper."""
    return tuple(entry.name for entry in ORGANISMS if dict(entry.details).get("world") == BATTERY_WORLD)
