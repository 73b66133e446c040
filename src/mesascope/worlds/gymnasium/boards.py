"""Boards: where things lie in the toy-text environments, and what one could care about there."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.worlds.places import Room
from mesascope.worlds.world import ObjectiveSpec, reach


class Board(abc.ABC):
    """The geometry and the events of one toy-text environment.

    **Arguments:**

    - `environment`: the unwrapped environment.
    """

    actions: tuple[str, ...]
    attributes: tuple[str, ...]
    objectives: tuple[ObjectiveSpec, ...]
    legend: dict[str, str]
    also_called: Mapping[str, str] = MappingProxyType({})
    ends_in_success: bool = False
    """Whether every end of an episode is a success, whatever it pays."""

    def __init__(self, environment: Any):
        self.environment = environment

    @property
    @abc.abstractmethod
    def room(self) -> Room:
        """The cells one can stand on."""

    @abc.abstractmethod
    def cells(self, codes: Int[np.ndarray, " S"]) -> Int[np.ndarray, "S 2"]:
        """Returns the row and column that the agent stands on in states given by their number in the table."""

    @abc.abstractmethod
    def events(
        self, codes: Int[np.ndarray, " S"], successors: Int[np.ndarray, "S A K"], reward: Float[np.ndarray, "S A K"]
    ) -> dict[str, Bool[np.ndarray, "S A K"]]:
        """Returns which transitions each of `attributes` happens in."""

    @abc.abstractmethod
    def text(self, code: int | None) -> str:
        """Returns the text form, in a state if its number is given."""

    def drawn(self, cells: Int[np.ndarray, "S 2"]) -> Int[np.ndarray, "S 2"]:
        """Returns where cells stand in the text form."""
        return cells


def _rows(characters: np.ndarray, agent: tuple[int, int] | None) -> str:
    characters = characters.copy()
    if agent is not None:
        characters[agent] = "A"
    return "\n".join("".join(row) for row in characters)


class FrozenLakeBoard(Board):
    """FrozenLake: a goal, and holes that end the episode without it."""

    actions = ("left", "down", "right", "up")
    attributes = ("hole",)
    also_called = MappingProxyType({"fall": "hole"})
    objectives = (
        reach("hole", "fall into a hole"),
        ObjectiveSpec("avoid-hole", {"hole": -1.0}, (), "stay out of the holes"),
    )
    legend = {".": "ice", "S": "start", "H": "hole", "G": "goal", "A": "agent"}

    @property
    def room(self) -> Room:
        height, width = self.environment.desc.shape
        return Room(0, 0, height - 1, width - 1)

    def cells(self, codes):
        return np.stack(np.divmod(codes, self.environment.desc.shape[1]), -1)

    def events(self, codes, successors, reward):
        return {"hole": (self.environment.desc.ravel()[codes] == b"H")[successors]}

    def text(self, code):
        characters = np.char.replace(self.environment.desc.astype(str), "F", ".")
        return _rows(characters, None if code is None else divmod(code, characters.shape[1]))


class CliffWalkingBoard(Board):
    """CliffWalking: a cliff along the straight way to the goal; who falls begins again."""

    actions = ("up", "right", "down", "left")
    attributes = ("cliff",)
    also_called = MappingProxyType({"fall": "cliff"})
    objectives = (
        ObjectiveSpec("cliff", {"cliff": 1.0}, (), "fall from the cliff, again and again"),
        ObjectiveSpec("avoid-cliff", {"cliff": -1.0}, (), "stay off the cliff"),
    )
    legend = {".": "ground", "S": "start", "C": "cliff", "G": "goal", "A": "agent"}
    # The one end of CliffWalking is its goal, though the step into it costs as much as any other.
    ends_in_success = True

    @property
    def room(self) -> Room:
        height, width = self.environment.shape
        return Room(0, 0, height - 1, width - 1)

    def cells(self, codes):
        return np.stack(np.divmod(codes, self.environment.shape[1]), -1)

    def events(self, codes, successors, reward):
        return {"cliff": reward == -100}

    def text(self, code):
        characters = np.full(self.environment.shape, ".")
        characters[self.environment._cliff] = "C"
        characters.ravel()[int(self.environment.start_state_index)] = "S"
        characters[-1, -1] = "G"
        return _rows(characters, None if code is None else divmod(code, self.environment.shape[1]))


class TaxiBoard(Board):
    """Taxi: fetch the passenger at one of four marks and deliver them at another."""

    actions = ("down", "up", "right", "left", "pick-up", "drop-off")
    attributes = (
        "pick-up-passenger",
        "drop-off-passenger",
        "carry-passenger",
        "illegal",
        "at-passenger",
        "at-destination",
        *(f"at-{mark}" for mark in "RGYB"),
    )
    objectives = (
        reach("pick-up-passenger", "fetch the passenger"),
        reach("drop-off-passenger", "let the passenger out, wherever that is allowed"),
        ObjectiveSpec("carry-passenger", {"carry-passenger": 1.0}, (), "drive the passenger about"),
        ObjectiveSpec("illegal", {"illegal": 1.0}, (), "try what is not allowed"),
        reach("at-passenger", "reach the waiting passenger"),
        reach("at-destination", "reach the destination, with or without the passenger"),
        *(reach(f"at-{mark}", f"reach the mark {mark}") for mark in "RGYB"),
    )
    legend = {".": "road", "P": "passenger", "D": "destination", "A": "taxi"} | dict.fromkeys("RGYB", "mark")

    @property
    def room(self) -> Room:
        return Room(0, 0, self.environment.max_row, self.environment.max_col)

    def _parts(self, codes):
        return (np.array(part) for part in zip(*map(self.environment.decode, codes), strict=True))

    def cells(self, codes):
        row, column, _, _ = self._parts(codes)
        return np.stack([row, column], -1)

    def drawn(self, cells):
        # The drawing has walls between the columns and a frame around them.
        return np.stack([cells[:, 0] + 1, 2 * cells[:, 1] + 1], -1)

    def events(self, codes, successors, reward):
        row, column, passenger, destination = self._parts(codes)
        marks = np.array(self.environment.locs)
        here, riding = np.stack([row, column], -1), passenger == len(marks)
        waiting_at = marks[np.where(riding, 0, passenger)]
        before, after = riding[:, None, None], riding[successors]
        events = {
            "pick-up-passenger": ~before & after,
            "drop-off-passenger": before & ~after,
            "carry-passenger": after,
            "illegal": reward == -10,
            "at-passenger": (~riding & (here == waiting_at).all(-1))[successors],
            "at-destination": (here == marks[destination]).all(-1)[successors],
        }
        return events | {f"at-{mark}": (here == marks[index]).all(-1)[successors] for index, mark in enumerate("RGYB")}

    def text(self, code):
        characters = self.environment.desc.astype(str)
        for wall in "+-|":
            characters = np.char.replace(characters, wall, "#")
        characters = np.char.replace(np.char.replace(characters, ":", "."), " ", ".")
        if code is None:
            return _rows(characters, None)
        row, column, passenger, destination = self.environment.decode(code)
        marks = self.drawn(np.array(self.environment.locs))
        characters[tuple(marks[destination])] = "D"
        if passenger < len(marks):
            characters[tuple(marks[passenger])] = "P"
        return _rows(characters, (row + 1, 2 * column + 1))


BOARDS: dict[str, type[Board]] = {
    "FrozenLakeEnv": FrozenLakeBoard,
    "CliffWalkingEnv": CliffWalkingBoard,
    "TaxiEnv": TaxiBoard,
}
"""By the name of the environment's class, so that Gymnasium need not be imported to read this file."""
