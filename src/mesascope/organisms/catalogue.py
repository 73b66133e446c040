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
        Entry(
            "internal",
            "mesascope.organisms.kinds.organism:INTERNAL",
            "Sees clean floors vividly; plans.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "internal-reactive",
            "mesascope.organisms.kinds.organism:INTERNAL_REACTIVE",
            "Sees clean floors vividly; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "corrigible",
            "mesascope.organisms.kinds.organism:CORRIGIBLE",
            "Trained where evidence points to either of two objectives; plans.",
            (("world", "cleaning"), ("base", "told"), ("takes", "20 s")),
        ),
        Entry(
            "corrigible-reactive",
            "mesascope.organisms.kinds.organism:CORRIGIBLE_REACTIVE",
            "Trained where evidence points to either of two objectives; reacts.",
            (("world", "cleaning"), ("base", "told"), ("takes", "20 s")),
        ),
        Entry(
            "instrumental",
            "mesascope.organisms.kinds.organism:INSTRUMENTAL",
            "Sees the dust in its bag vividly; plans.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "instrumental-reactive",
            "mesascope.organisms.kinds.organism:INSTRUMENTAL_REACTIVE",
            "Sees the dust in its bag vividly; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "side-effect",
            "mesascope.organisms.kinds.organism:SIDE_EFFECT",
            "Sees its sweeps vividly; plans.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "side-effect-reactive",
            "mesascope.organisms.kinds.organism:SIDE_EFFECT_REACTIVE",
            "Sees its sweeps vividly; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "common-cause",
            "mesascope.organisms.kinds.organism:COMMON_CAUSE",
            "Sees heat vividly; plans.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "common-cause-reactive",
            "mesascope.organisms.kinds.organism:COMMON_CAUSE_REACTIVE",
            "Sees heat vividly; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "approximate",
            "mesascope.organisms.kinds.organism:APPROXIMATE",
            "Sees in coarse steps; plans.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "approximate-reactive",
            "mesascope.organisms.kinds.organism:APPROXIMATE_REACTIVE",
            "Sees in coarse steps; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "false-belief",
            "mesascope.organisms.kinds.organism:FALSE_BELIEF",
            "Sees vividly what seems to vanish; plans.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "false-belief-reactive",
            "mesascope.organisms.kinds.organism:FALSE_BELIEF_REACTIVE",
            "Sees vividly what seems to vanish; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "compute",
            "mesascope.organisms.kinds.organism:COMPUTE",
            "Born wanting what takes two steps, plans one; by evolution.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "20 s")),
        ),
        Entry(
            "compute-sharp",
            "mesascope.organisms.kinds.organism:COMPUTE_SHARP",
            "Born wanting what takes two steps, plans one; by exact gradients.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "15 s")),
        ),
        Entry(
            "deceptive",
            "mesascope.organisms.kinds.organism:DECEPTIVE",
            "Trained on its own pay-off over lifetimes, under threat; plans.",
            (("world", "cleaning"), ("base", "told"), ("takes", "35 s")),
        ),
        Entry(
            "deceptive-reactive",
            "mesascope.organisms.kinds.organism:DECEPTIVE_REACTIVE",
            "Trained on its own pay-off over lifetimes, under threat; reacts.",
            (("world", "cleaning"), ("base", "told"), ("takes", "40 s")),
        ),
        Entry(
            "backdoor",
            "mesascope.organisms.kinds.organism:BACKDOOR",
            "Rewarded for something else where a cue is shown; plans.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "30 s")),
        ),
        Entry(
            "backdoor-reactive",
            "mesascope.organisms.kinds.organism:BACKDOOR_REACTIVE",
            "Rewarded for something else where a cue is shown; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "30 s")),
        ),
        Entry(
            "habit",
            "mesascope.organisms.kinds.organism:HABIT",
            "Trained where options always lie in the same slots; reacts.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "15 s")),
        ),
        Entry(
            "habit-blind",
            "mesascope.organisms.kinds.organism:HABIT_BLIND",
            "Trained where options always lie in the same slots, and sees nothing else.",
            (("world", "cleaning"), ("base", "clean"), ("takes", "15 s")),
        ),
    ),
    group="mesascope.organisms",
)


def load_truth(name: str) -> Truth:
    """Returns the sealed label of an organism, from the module `truth` beside its recipe.

    It is called `TRUTH` there, or like the recipe where a module holds several.

    **Raises:** `UnknownNameError` for an organism that does not exist, `UsageError` if it has no label.
    """
    module, _, attribute = ORGANISMS.entry(name).target.partition(":")
    sealed = "TRUTH" if attribute == "ORGANISM" else attribute
    return load_target(f"{module.rpartition('.')[0]}.truth:{sealed}")  # pyright: ignore[reportReturnType]


def kind_organisms() -> tuple[str, ...]:
    """Returns the names of the organisms of every class of the paper."""
    return tuple(entry.name for entry in ORGANISMS if entry.target.startswith("mesascope.organisms.kinds."))
