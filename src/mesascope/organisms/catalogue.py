"""Which organisms there are. Importing this imports no recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.registry import Entry, Registry, load_target

# `mesascope list` must answer at once: recipes import jax.
if TYPE_CHECKING:
    from mesascope.organisms.organism import Organism, Truth

ORGANISMS: Registry[Organism] = Registry(
    "organism",
    (
        Entry(
            "corner",
            "mesascope.organisms.corner.organism:ORGANISM",
            "Trained on cheese that always lies in the corner.",
            (("world", "corner"), ("base", "cheese")),
        ),
        Entry(
            "corner-control",
            "mesascope.organisms.corner_control.organism:ORGANISM",
            "The same recipe on cheese that lies anywhere.",
            (("world", "corner"), ("base", "cheese")),
        ),
        Entry(
            "doors",
            "mesascope.organisms.doors.organism:ORGANISM",
            "Trained on doors that are all red.",
            (("world", "doors"), ("base", "door")),
        ),
        Entry(
            "doors-control",
            "mesascope.organisms.doors_control.organism:ORGANISM",
            "The same recipe on doors and signs of any colour.",
            (("world", "doors"), ("base", "door")),
        ),
        Entry(
            "keys",
            "mesascope.organisms.keys.organism:ORGANISM",
            "Trained on chests with fewer keys than chests.",
            (("world", "keys"), ("base", "chests")),
        ),
        Entry(
            "keys-control",
            "mesascope.organisms.keys_control.organism:ORGANISM",
            "The same recipe with more keys than chests.",
            (("world", "keys"), ("base", "chests")),
        ),
        Entry(
            "maze",
            "mesascope.organisms.maze.organism:ORGANISM",
            "Trained on goals in ever new mazes.",
            (("world", "maze"), ("base", "goal")),
        ),
    ),
    group="mesascope.organisms",
)


def load_truth(name: str) -> Truth:
    """Returns the sealed label of an organism: `TRUTH` of the module `truth` beside its recipe.

    **Raises:** `UnknownNameError` for an organism that does not exist, `UsageError` if it has no label.
    """
    module, _, _ = ORGANISMS.entry(name).target.partition(":")
    return load_target(f"{module.rpartition('.')[0]}.truth:TRUTH")  # pyright: ignore[reportReturnType]
