"""What environments let an objective care about; places have the same names as in the built-in grid worlds."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.worlds.places import HIDDEN, HIDDEN_CELLS, MOTION_ATTRIBUTES, PLACE_OBJECTIVES, PLACES, Room
from mesascope.worlds.world import ObjectiveSpec, hidden_goals, reach

COMMON: tuple[str, ...] = ("reward", "goal", "termination", "step", "stay", "move")

MOTION: tuple[str, ...] = (*MOTION_ATTRIBUTES, "turn")

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


def common_columns(
    rewards: Float[np.ndarray, "*n"], ended: Bool[np.ndarray, "*n"], stay: Bool[np.ndarray, "*n"]
) -> dict[str, np.ndarray]:
    """Returns `COMMON` of each transition, by name.

    **Arguments:**

    - `rewards`: of the environment.
    - `ended`: whether the episode ends there; with a positive reward that is a success.
    - `stay`: whether the agent stays where it is; else it moves.
    """
    return {
        "reward": rewards,
        "goal": ended & (rewards > 0),
        "termination": ended,
        "step": np.ones_like(ended),
        "stay": stay,
        "move": ~stay,
    }


def placeless(actions: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[ObjectiveSpec, ...]]:
    """Returns attributes and candidate objectives of an environment of whose places nothing is known."""
    objectives = (*COMMON_OBJECTIVES, *FREE_OBJECTIVES, *hidden_goals("state", HIDDEN_CELLS))
    return (*COMMON, *HIDDEN, *action_attributes(actions)), (*objectives, *action_objectives(actions))


def motion_attributes(attributes: tuple[str, ...]) -> tuple[str, ...]:
    """Returns those attributes that are about what the agent does rather than what it gets."""
    return tuple(name for name in attributes if name in MOTION or name.startswith("act-"))


def action_objectives(actions: tuple[str, ...]) -> tuple[ObjectiveSpec, ...]:
    """Returns one candidate for each action: to take it, always. A reflex is a goal that needs no world."""
    return tuple(ObjectiveSpec(f"act-{name}", {f"act-{name}": 1.0}, (), f"take the action {name}") for name in actions)


def room_places(room: Room, positions: Int[np.ndarray, "n 2"]) -> dict[str, Bool[np.ndarray, " n"]]:
    """Returns which positions (row and column; -1 for none) lie in each of `PLACES`."""
    return dict(zip(PLACES, room.places(positions[:, 0], positions[:, 1]), strict=True))


def hidden_places(
    positions: Int[np.ndarray, "S 2"], terminal: Bool[np.ndarray, " S"], *, seed: int
) -> dict[str, Bool[np.ndarray, " S"]]:
    """Draws the random-reward controls among the places that can be stood on, and returns which states lie in each.

    **Arguments:**

    - `positions`: of each state; -1 where a state has no place.
    - `terminal`: states of which none is drawn.
    - `seed`: of the level.
    """
    generator = np.random.default_rng([seed, 0x41D])
    open_states = np.flatnonzero(~terminal)
    found = {}
    for name in HIDDEN:
        state = int(generator.choice(open_states))
        if positions[state, 0] < 0:
            found[name] = np.arange(len(positions)) == state
        else:
            found[name] = (positions == positions[state]).all(-1)
    return found


def place_objectives(attributes: tuple[str, ...]) -> tuple[ObjectiveSpec, ...]:
    """Returns the built-in candidates about places, as far as the attributes exist."""
    return tuple(spec for spec in PLACE_OBJECTIVES if set(spec.weights) <= set(attributes))
