"""What every Gymnasium environment lets an objective care about."""

from __future__ import annotations

from mesascope.worlds.world import ObjectiveSpec, reach

COMMON: tuple[str, ...] = ("reward", "goal", "termination", "step", "stay", "move")

MOTION: tuple[str, ...] = ("stay", "move", "bump", "turn")

COMMON_OBJECTIVES: tuple[ObjectiveSpec, ...] = (
    ObjectiveSpec("return", {"reward": 1.0}, (), "the environment's own reward"),
    reach("goal", "end the episode in success"),
    reach("termination", "end the episode, in success or not"),
    ObjectiveSpec("survive", {"step": 1.0}, (), "go on for as long as possible"),
    ObjectiveSpec("hurry", {"step": -1.0}, (), "be over as soon as possible"),
)
"""Places add `stay` and `move` where there are places; see `FREE_OBJECTIVES` otherwise."""

FREE_OBJECTIVES: tuple[ObjectiveSpec, ...] = (
    ObjectiveSpec("stay", {"stay": 1.0}, (), "stay in the same state"),
    ObjectiveSpec("move", {"move": 1.0}, (), "keep changing the state"),
)


def action_attributes(actions: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the names of the attributes "took this action"."""
    return tuple(f"act-{name}" for name in actions)


def motion_attributes(attributes: tuple[str, ...]) -> tuple[str, ...]:
    """Returns those attributes that are about what the agent does rather than what it gets."""
    return tuple(name for name in attributes if name in MOTION or name.startswith("act-"))


def action_objectives(actions: tuple[str, ...]) -> tuple[ObjectiveSpec, ...]:
    """Returns one candidate for each action: to take it, always. A reflex is a goal that needs no world."""
    return tuple(ObjectiveSpec(f"act-{name}", {f"act-{name}": 1.0}, (), f"take the action {name}") for name in actions)


def hidden_objectives(attributes: tuple[str, ...]) -> tuple[ObjectiveSpec, ...]:
    """Returns the random-reward controls of environments that have no places."""
    return tuple(
        reach(name, "reach a random state that no observation shows", control=True)
        for name in attributes
        if name.startswith("hidden-")
    )
