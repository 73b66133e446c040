"""Toy-text environments: their tables of transitions, read directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mesascope.core.errors import WorldError
from mesascope.worlds.gymnasium.boards import BOARDS
from mesascope.worlds.gymnasium.common import (
    COMMON,
    COMMON_OBJECTIVES,
    FREE_OBJECTIVES,
    action_attributes,
    action_objectives,
    hidden_objectives,
)
from mesascope.worlds.gymnasium.encoding import space_encoding
from mesascope.worlds.gymnasium.enumeration import Enumeration, Source
from mesascope.worlds.gymnasium.places import HIDDEN, PLACES, hidden_places, place_objectives

Row = tuple[int, int, int, float, bool, float]
"""One outcome: state, action, successor, reward, whether the episode ends there, probability."""


def is_table(environment: Any) -> bool:
    """Whether an environment holds its transitions and its first states as tables."""
    return isinstance(getattr(environment, "P", None), dict) and hasattr(environment, "initial_state_distrib")


class TableSource(Source):
    """FrozenLake, CliffWalking, Taxi, and whatever else keeps `P` and `initial_state_distrib` as they do.

    **Arguments:**

    - `make`: makes the environment.
    - `environment_id`: for messages.
    - `observation`: one of `ENCODINGS`.
    - `max_states`: more reachable states are a `WorldError`.
    """

    seeds_matter = False

    def __init__(self, make: Callable[[], Any], *, environment_id: str, observation: str, max_states: int):
        environment = make().unwrapped
        self.environment, self.environment_id, self.max_states = environment, environment_id, max_states
        if getattr(environment, "fickle_passenger", False):
            raise WorldError(
                f"'{environment_id}' with fickle_passenger=True changes its passenger's mind outside its own table of "
                "transitions, so that no exact level can be made. Leave fickle_passenger out."
            )
        if self._reachable_rows(environment) != self._reachable_rows(make().unwrapped):
            raise WorldError(
                f"'{environment_id}' draws its table anew whenever it is made, so that no two audits would see the "
                "same level. Name the map with map_name=NAME or spell it out with desc=[...]."
            )
        self.encoding = space_encoding(environment.observation_space, observation, environment_id)
        board = BOARDS.get(type(environment).__name__)
        self.board = board(environment) if board else None
        if self.board:
            self.actions, self.legend = self.board.actions, self.board.legend
            own, places = self.board.attributes, (*PLACES, *HIDDEN)
            objectives = (*self.board.objectives, *place_objectives((*COMMON, *places)))
        else:
            self.actions = tuple(f"action-{action}" for action in range(int(environment.action_space.n)))
            self.legend = {}
            own, places, objectives = (), HIDDEN, (*FREE_OBJECTIVES, *hidden_objectives(HIDDEN))
        self.attributes = (*COMMON, *own, *places, *action_attributes(self.actions))
        self.objectives = (*COMMON_OBJECTIVES, *objectives, *action_objectives(self.actions))

    def enumerate(self, seed: int) -> Enumeration:
        rows = self._reachable_rows(self.environment)
        first = self.environment.initial_state_distrib
        names = sorted(
            {(int(state), False) for state in np.flatnonzero(first)} | {name for row in rows for name in _ends(row)}
        )
        if len(names) > self.max_states:
            raise WorldError(
                f"'{self.environment_id}' has {len(names):,} reachable states; at most {self.max_states:,} are "
                "enumerated. Raise the limit with max_states=N."
            )
        number = {name: index for index, name in enumerate(names)}
        codes, terminal = np.array([code for code, _ in names]), np.array([over for _, over in names])
        _, counts = np.unique([row[:2] for row in rows], axis=0, return_counts=True)
        shape = (len(names), len(self.actions), int(counts.max()))
        successors = np.broadcast_to(np.arange(len(names), dtype=np.int32)[:, None, None], shape).copy()
        probabilities, reward = np.zeros(shape), np.zeros(shape, np.float32)
        probabilities[terminal, :, 0] = 1.0
        used: dict[tuple[int, int], int] = {}
        for state, action, successor, gain, over, probability in rows:
            here = number[state, False]
            slot = used[here, action] = used.get((here, action), -1) + 1
            successors[here, action, slot] = number[successor, over]
            probabilities[here, action, slot] = probability
            reward[here, action, slot] = gain
        initial = np.zeros(len(names))
        for state in np.flatnonzero(first):
            initial[number[int(state), False]] = first[state]
        positions = np.full((len(names), 2), -1)
        if self.board:
            positions = self.board.drawn(self.board.cells(codes))
        happens = (probabilities > 0) & ~terminal[:, None, None]
        columns = self._columns(codes, terminal, successors, reward, seed)
        return Enumeration(
            successors=successors,
            probabilities=probabilities,
            attributes=np.stack([columns[name] * happens for name in self.attributes], -1).astype(np.float32),
            initial=initial / initial.sum(),
            terminal=terminal,
            observations=np.stack([self.encoding.encode(code) for code in codes]),
            positions=positions,
            text=lambda state: self._text(None if state is None else int(codes[state])),
        )

    def _reachable_rows(self, environment: Any) -> list[Row]:
        """Returns the outcomes of every state that can be reached, equal ones merged."""
        waiting = [int(state) for state in np.flatnonzero(environment.initial_state_distrib)]
        met = set(waiting)
        rows: list[Row] = []
        for state in waiting:  # grows while it is walked through
            for action, outcomes in environment.P[state].items():
                merged: dict[tuple[int, float, bool], float] = {}
                for probability, successor, reward, over in outcomes:
                    if probability > 0:
                        name = (int(successor), float(reward), bool(over))
                        merged[name] = merged.get(name, 0.0) + float(probability)
                for (successor, reward, over), probability in merged.items():
                    rows.append((state, action, successor, reward, over, probability))
                    if not over and successor not in met:
                        met.add(successor)
                        waiting.append(successor)
        return rows

    def _columns(self, codes, terminal, successors, reward, seed) -> dict[str, np.ndarray]:
        """Returns every attribute of every transition, `[S, A, K]` or something that broadcasts to it."""
        cells = self.board.cells(codes) if self.board else np.full((len(codes), 2), -1)
        if self.board:
            moved = (cells[successors] != cells[:, None, None]).any(-1)
        else:
            moved = successors != np.arange(len(codes))[:, None, None]
        ended = terminal[successors]
        columns = {
            "reward": reward,
            "goal": ended & ((reward > 0) | (self.board is not None and self.board.ends_in_success)),
            "termination": ended,
            "step": np.ones_like(reward),
            "stay": ~moved,
            "move": moved,
        }
        taken = np.eye(len(self.actions), dtype=bool)
        columns |= {name: taken[action][:, None] for action, name in enumerate(action_attributes(self.actions))}
        inside = hidden_places(cells, terminal, seed=seed)
        if self.board:
            inside |= self.board.room.places(cells)
            columns |= self.board.events(codes, successors, reward)
        return columns | {name: where[successors] for name, where in inside.items()}

    def _text(self, code: int | None) -> str:
        if self.board:
            return self.board.text(code)
        return self.environment_id if code is None else f"{self.environment_id}, state {code}"


def _ends(row: Row) -> tuple[tuple[int, bool], tuple[int, bool]]:
    """Returns the two states that an outcome joins."""
    return (row[0], False), (row[2], row[4])
