"""Toy-text environments: their tables of transitions, read directly."""

from __future__ import annotations

from typing import Any

import numpy as np

from mesascope.core.errors import UsageError, WorldError
from mesascope.core.text import quoted, shown
from mesascope.worlds.gymnasium.boards import BOARDS
from mesascope.worlds.gymnasium.common_attributes import (
    COMMON,
    COMMON_OBJECTIVES,
    action_attributes,
    action_objectives,
    common_columns,
    hidden_places,
    place_objectives,
    placeless,
    room_places,
)
from mesascope.worlds.gymnasium.encoding import space_encoding
from mesascope.worlds.gymnasium.enumeration import Enumeration, Request, Source
from mesascope.worlds.gymnasium.stepping import environment_code
from mesascope.worlds.gymnasium.transition_tables import (
    Row,
    check_table,
    never_entered,
    reachable_rows,
    transitions_of,
)
from mesascope.worlds.places import HIDDEN, PLACES

NAMED: int = 12
"""States that are named where some are never entered."""


def is_table(environment: Any) -> bool:
    """Whether an environment holds its transitions and its first states as tables."""
    return isinstance(getattr(environment, "P", None), dict) and hasattr(environment, "initial_state_distrib")


class TableSource(Source):
    """FrozenLake, CliffWalking, Taxi, and whatever else keeps `P` and `initial_state_distrib` as they do.

    **Arguments:**

    - `request`: what levels are made of; a table holds nothing to ignore.
    """

    seeds_matter = False

    def __init__(self, request: Request):
        self.request, environment_id = request, request.environment_id
        if request.ignore:
            raise UsageError(
                f"{quoted(environment_id)} is read from its table of transitions, which holds nothing to ignore; leave "
                "ignore out."
            )
        made = request.make()
        environment = self.environment = made.unwrapped
        self.encoding = space_encoding(environment.observation_space, request.observation, environment_id)
        self._actions = int(environment.action_space.n)
        self._table, self._first = transitions_of(environment, environment_id)
        self._rows = self._read(environment)
        if self._rows != self._read(request.make().unwrapped):
            raise WorldError(
                f"{quoted(environment_id)} draws its table anew whenever it is made, so that no two audits would see "
                "the same level. Name the map with map_name=NAME or spell it out with desc=[...]."
            )
        self._looks = len(environment.initial_state_distrib)
        check_table(made, self._rows, encoding=self.encoding, looks=self._looks, environment_id=environment_id)
        board = BOARDS.get(type(environment).__name__)
        self.board = board(environment) if board else None
        if self.board:
            self.actions, self.legend = self.board.actions, self.board.legend
            self.also_called = self.board.also_called
            places = (*PLACES, *HIDDEN)
            self.attributes = (*COMMON, *self.board.attributes, *places, *action_attributes(self.actions))
            about_places = place_objectives((*COMMON, *places))
            taking = action_objectives(self.actions)
            self.objectives = (*COMMON_OBJECTIVES, *self.board.objectives, *about_places, *taking)
        else:
            self.actions, self.legend = tuple(f"action-{action}" for action in range(self._actions)), {}
            self.attributes, self.objectives = placeless(self.actions)

    def enumerate(self, seed: int) -> Enumeration:
        rows, first = self._rows, self._first
        begin = {(int(state), False) for state in np.flatnonzero(first)}
        names = sorted(begin | {(row[0], False) for row in rows} | {(row[2], row[4]) for row in rows})
        if len(names) > self.request.max_states:
            raise WorldError(
                f"{quoted(self.request.environment_id)} has {len(names):,} reachable states; at most "
                f"{self.request.max_states:,} are enumerated. Raise the limit with max_states=N."
            )
        number = {name: index for index, name in enumerate(names)}
        codes, terminal = np.array([code for code, _ in names]) % self._looks, np.array([over for _, over in names])
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
            legal=self._legal(codes, terminal),
            unused=self._unused(),
            text=lambda state: self._text(None if state is None else int(codes[state])),
        )

    def _read(self, environment: Any) -> list[Row]:
        table, first = transitions_of(environment, self.request.environment_id)
        return reachable_rows(table, first, actions=self._actions, environment_id=self.request.environment_id)

    def _legal(self, codes: np.ndarray, terminal: np.ndarray) -> np.ndarray | None:
        mask = getattr(self.environment, "action_mask", None)
        if not callable(mask):
            return None
        with environment_code(self.request.environment_id, "when it was asked which actions it allows"):
            allowed = np.stack([np.asarray(mask(int(code))) for code in codes]).astype(bool)
        return allowed | terminal[:, None]

    def _unused(self) -> str:
        unused = never_entered(self._table, self._rows, self._first)
        if not unused:
            return ""
        named = ", ".join(map(str, unused[:NAMED])) + (", ..." if len(unused) > NAMED else "")
        return (
            f"{len(unused)} of the {len(self._table)} states in the table of "
            f"{shown(self.request.environment_id, limit=80)} are never entered and not counted: {named}"
        )

    def _columns(self, codes, terminal, successors, reward, seed) -> dict[str, np.ndarray]:
        """Returns every attribute of every transition, `[S, A, K]` or something that broadcasts to it."""
        cells = self.board.cells(codes) if self.board else np.full((len(codes), 2), -1)
        if self.board:
            stay = (cells[successors] == cells[:, None, None]).all(-1)
        else:
            stay = successors == np.arange(len(codes))[:, None, None]
        ended = terminal[successors]
        columns = common_columns(reward, ended, stay)
        if self.board and self.board.ends_in_success:
            columns["goal"] = ended
        taken = np.eye(len(self.actions), dtype=bool)
        columns |= {name: taken[action][:, None] for action, name in enumerate(action_attributes(self.actions))}
        inside = hidden_places(cells, terminal, seed=seed)
        if self.board:
            inside |= room_places(self.board.room, cells)
            columns |= self.board.events(codes, successors, reward)
        return columns | {name: where[successors] for name, where in inside.items()}

    def _text(self, code: int | None) -> str:
        if self.board:
            return self.board.text(code)
        return self.request.environment_id if code is None else f"{self.request.environment_id}, state {code}"
