"""What one could care about in MiniGrid: each kind of object present, each place, and the agent's own movements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesascope.worlds.gymnasium.common_attributes import (
    COMMON,
    COMMON_OBJECTIVES,
    common_columns,
    hidden_places,
    place_objectives,
    room_places,
)
from mesascope.worlds.gymnasium.enumeration import Exploration
from mesascope.worlds.gymnasium.minigrid_simulator import MinigridSimulator, MinigridToken
from mesascope.worlds.places import HIDDEN, PLACES, Room
from mesascope.worlds.world import ObjectiveSpec, reach

Kind = tuple[str, str]
"""Type and colour, as MiniGrid names them; an empty colour stands for any."""

VERBS: dict[str, tuple[str, ...]] = {
    "goal": ("stand-on",),
    "lava": ("stand-on",),
    "floor": ("stand-on",),
    "door": ("face", "open", "stand-in"),
    "key": ("face", "pick-up", "carry", "drop"),
    "ball": ("face", "pick-up", "carry", "drop"),
    "box": ("face", "pick-up", "carry", "drop", "open"),
}
"""What can be done with each type of object."""

ONGOING: frozenset[str] = frozenset({"carry"})
"""Verbs that go on; the others are done once."""

DIRECTIONS = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)])
"""Row and column of a step in MiniGrid's directions: right, down, left, up."""

FORWARD: int = 2
"""The number of MiniGrid's action forward."""


@dataclass(frozen=True)
class Vocabulary:
    """Names of everything that can happen; levels that hold the same kinds of object give the same names.

    **Arguments:**

    - `kinds`: kinds of objects that are present.
    """

    kinds: tuple[Kind, ...]

    @classmethod
    def of(cls, kinds: Iterable[Kind]) -> Vocabulary:
        """Returns the vocabulary of the kinds of object found, and of any colour where a type has several."""
        named = sorted({kind for kind in kinds if kind[0] in VERBS})
        types = sorted({kind for kind, _ in named})
        several = [(kind, "") for kind in types if sum(other == kind for other, _ in named) > 1]
        return cls((*named, *several))

    def events(self) -> list[tuple[str, str, Kind]]:
        """Returns the name, the verb and the kind of each event with an object."""
        return [(f"{verb}-{_name(kind)}", verb, kind) for kind in self.kinds for verb in VERBS[kind[0]]]

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of all attributes."""
        return (*COMMON, "turn", "bump", *(name for name, _, _ in self.events()), *PLACES, *HIDDEN)

    @property
    def objectives(self) -> tuple[ObjectiveSpec, ...]:
        """The candidates."""
        about = []
        for name, verb, kind in self.events():
            summary = f"{verb.replace('-', ' ')} a {_name(kind).replace('-', ' ')}"
            about.append(ObjectiveSpec(name, {name: 1.0}, (), summary) if verb in ONGOING else reach(name, summary))
            if kind[0] == "lava":
                about.append(ObjectiveSpec("avoid-lava", {name: -1.0}, (), "stay out of the lava"))
        turning = ObjectiveSpec("turn", {"turn": 1.0}, (), "keep turning")
        return (*COMMON_OBJECTIVES, turning, *about, *place_objectives(self.attributes))


def _name(kind: Kind) -> str:
    # All lava is red; saying so would only suggest that some is not.
    return kind[0] if kind[0] == "lava" or not kind[1] else f"{kind[1]}-{kind[0]}"


def state_positions(exploration: Exploration[MinigridToken]) -> np.ndarray:
    """Returns row and column of the agent in each state, `[S, 2]`."""
    return np.array([(token.row, token.column) for token in exploration.tokens])


def event_attributes(
    simulator: MinigridSimulator, exploration: Exploration[MinigridToken], vocabulary: Vocabulary, *, seed: int
) -> Float[np.ndarray, "S A F"]:
    """Returns every attribute of every transition, in the order of the vocabulary.

    **Arguments:**

    - `simulator`: that the states were found with.
    - `exploration`: the states and transitions.
    - `vocabulary`: what to look for.
    - `seed`: of the level; draws the random-reward controls.
    """
    after = exploration.successors
    tokens = np.array(exploration.tokens)
    direction, carrying = tokens[:, 2], tokens[:, 3]
    position = state_positions(exploration)
    height, width = simulator.grids().shape[1:]
    moved = (position[after] != position[:, None]).any(-1)
    turned = direction[after] != direction[:, None]
    going_on = ~exploration.terminal[:, None]
    forward = np.arange(after.shape[1]) == FORWARD
    stay = (tokens[after] == tokens[:, None]).all(-1)
    columns = common_columns(exploration.rewards, exploration.terminal[after], stay)
    columns |= {"move": moved, "turn": turned, "bump": forward & ~moved}
    inside = room_places(Room(1, 1, height - 2, width - 2), position)
    inside |= hidden_places(position, exploration.terminal, seed=seed)
    columns |= {name: where[after] for name, where in inside.items()}
    look = _Look(simulator, tokens, position)
    for name, verb, kind in vocabulary.events():
        columns[name] = look.happens(verb, kind, after, carrying)
    return np.stack([columns[name] * going_on for name in vocabulary.attributes], -1)


class _Look:
    """Where the objects of each kind are in each state."""

    def __init__(self, simulator: MinigridSimulator, tokens, position):
        self.simulator = simulator
        grids, number = simulator.grids(), tokens[:, 4]
        self.grids, self.number, self.carrying = grids, number, tokens[:, 3]
        height, width = grids.shape[1:]
        self.under = grids[number, position[:, 0], position[:, 1]]
        ahead = position + DIRECTIONS[tokens[:, 2]]
        self.front = grids[number, ahead[:, 0].clip(0, height - 1), ahead[:, 1].clip(0, width - 1)]
        places, states = simulator.doors()
        self.door_places, self.door_open = np.array(places, int), states[tokens[:, 5], :, 0]

    def of_kind(self, kind: Kind) -> Bool[np.ndarray, " things"]:
        """Returns which objects are of a kind; the last entry, which -1 points at, stands for nothing."""
        found = [thing.type == kind[0] and kind[1] in ("", thing.color) for thing in self.simulator.things]
        return np.array([*found, False])

    def happens(self, verb: str, kind: Kind, after, carrying) -> Bool[np.ndarray, "S A"]:
        """Returns which transitions do something with an object of a kind."""
        wanted = self.of_kind(kind)
        carries = wanted[carrying]
        changed = carrying[after] != carrying[:, None]
        if verb in ("stand-on", "stand-in"):
            return wanted[self.under][after]
        if verb == "face":
            return wanted[self.front][after]
        if verb == "carry":
            return carries[after]
        if verb == "pick-up":
            return changed & carries[after]
        if verb == "drop":
            return changed & carries[:, None]
        if kind[0] == "door":
            opened = self.door_open[after] & ~self.door_open[:, None]
            return np.asarray((opened & wanted[self.door_places]).any(-1))
        present = wanted[self.grids].sum((1, 2))[self.number] + carries
        return present[after] < present[:, None]
