"""MiniGrid, put back into any state it has been in without copying the environment."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from mesascope.core.errors import WorldError
from mesascope.core.text import quoted
from mesascope.worlds.gymnasium.enumeration import Simulator
from mesascope.worlds.gymnasium.fingerprint import fingerprint
from mesascope.worlds.gymnasium.making import constructor_options, import_gymnasium
from mesascope.worlds.gymnasium.stepping import checked_step, environment_code

STATELESS_MODULES: tuple[str, ...] = tuple(
    f"minigrid.envs.{name}"
    for name in (
        "blockedunlockpickup",
        "crossing",
        "distshift",
        "doorkey",
        "empty",
        "fetch",
        "fourrooms",
        "gotodoor",
        "gotoobject",
        "keycorridor",
        "lavagap",
        "lockedroom",
        "memory",
        "multiroom",
        "obstructedmaze",
        "obstructedmaze_v1",
        "playground",
        "putnear",
        "redbluedoors",
        "unlock",
        "unlockpickup",
    )
)
"""Environments whose `step` was read: it changes the agent, the grid and its objects, and nothing else."""

CORE: frozenset[str] = frozenset({"agent_pos", "agent_dir", "carrying", "grid", "step_count"})
"""What the simulator keeps itself. The step count is not part of a state: it only says when time is up."""

FIXTURES: frozenset[str] = frozenset({"Wall", "Floor", "Goal", "Lava"})
"""Classes of MiniGrid's objects that nothing can be done with."""


class MinigridToken(NamedTuple):
    """A state: the agent's column and row, its direction, and numbers of what was interned (-1 carries nothing)."""

    column: int
    row: int
    direction: int
    carrying: int
    grid: int
    doors: int
    extras: int


class MinigridSimulator(Simulator[MinigridToken]):
    """A MiniGrid environment, right after it was reset.

    Grids, doors and, for environments that were not read beforehand, all further attributes are interned: a token is
    seven numbers. Success pays 1, whenever it comes: MiniGrid's own reward `1 - 0.9 t / max_steps` depends on the time,
    which is not part of a state.

    **Arguments:**

    - `environment`: as made, wrappers included; taken over by the simulator.
    - `observe`: turns the environment's own observation into a stored one.
    - `environment_id`: for messages.
    - `ignore`: attributes that are left out of the state.
    """

    def __init__(
        self,
        environment: Any,
        *,
        observe: Callable[[Any], np.ndarray],
        environment_id: str,
        ignore: frozenset[str] = frozenset(),
    ):
        bare = environment.unwrapped
        self._bare, self._observe, self._environment_id, self._ignore = bare, observe, environment_id, ignore
        self.actions = int(bare.action_space.n)
        self.trusted = type(bare).__module__ in STATELESS_MODULES
        self._see = bare.gen_obs
        if self.trusted:
            # A step need not look: what a state looks like is computed once a state, not once a transition.
            bare.gen_obs = lambda: None
        bare._reward = lambda: 1.0
        self.things: list[Any] = []
        """Every object that is in the grid, in a box, or carried, walls included."""
        self._numbers: dict[int, int] = {}
        for thing in (*bare.grid.grid, bare.carrying):
            self._meet(thing)
        self._doors = [thing for thing in self.things if thing.type == "door"]
        self._grids: list[list[Any]] = []
        self._grid_numbers: dict[tuple[Any, ...], int] = {}
        self._door_states: list[tuple[tuple[bool, bool], ...]] = []
        self._door_numbers: dict[tuple[tuple[bool, bool], ...], int] = {}
        self._extras: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
        self._extra_numbers: dict[bytes, int] = {}
        gymnasium = import_gymnasium()
        self._opaque = (gymnasium.Space, gymnasium.envs.registration.EnvSpec)
        self._random: bytes | None = None
        self.first = self._token(-1)

    def _meet(self, thing: Any) -> None:
        if thing is not None and id(thing) not in self._numbers:
            self._numbers[id(thing)] = len(self.things)
            self.things.append(thing)
            self._meet(getattr(thing, "contains", None))

    def _number(self, thing: Any) -> int:
        if thing is None:
            return -1
        self._meet(thing)
        return self._numbers[id(thing)]

    def grids(self) -> Int[np.ndarray, "G H W"]:
        """Returns the interned grids: the place in `things` of what lies in each cell, -1 for nothing."""
        height, width = self._bare.grid.height, self._bare.grid.width
        numbers = [[self._number(thing) for thing in grid] for grid in self._grids]
        return np.array(numbers, np.int32).reshape(-1, height, width)

    def doors(self) -> tuple[list[int], Bool[np.ndarray, "D doors 2"]]:
        """Returns the places of the doors in `things`, and whether each is open and locked in each interned state."""
        states = np.array(self._door_states, bool).reshape(len(self._door_states), len(self._doors), 2)
        return [self._number(door) for door in self._doors], states

    def step(self, token: MinigridToken, action: int) -> tuple[MinigridToken, float, bool]:
        with environment_code(self._environment_id, "when it was put into a state"):
            self._restore(token)
        step = checked_step(self._bare, action, environment_id=self._environment_id)
        with environment_code(self._environment_id, "when its state was read"):
            return self._token(token.grid), step.reward, step.terminated

    def observe(self, token: MinigridToken) -> np.ndarray:
        self._restore(token)
        return self._observe(self._see())

    def forget(self, token: MinigridToken) -> None:
        """Tokens are small; nothing is dropped."""

    def _restore(self, token: MinigridToken) -> None:
        bare = self._bare
        bare.step_count = 0
        bare.agent_pos = (token.column, token.row)
        bare.agent_dir = token.direction
        bare.carrying = None if token.carrying < 0 else self.things[token.carrying]
        bare.grid.grid[:] = self._grids[token.grid]
        for door, (is_open, is_locked) in zip(self._doors, self._door_states[token.doors], strict=True):
            door.is_open, door.is_locked = is_open, is_locked
        if not self.trusted:
            attributes, things = copy.deepcopy(self._extras[token.extras], self._shared())
            vars(bare).update(attributes)
            for thing, state in zip(self._kept_things(), things, strict=False):
                vars(thing).update(state)

    def _token(self, grid: int) -> MinigridToken:
        """Returns the environment's present state; `grid` is the number of the grid that it had before the step."""
        bare = self._bare
        if grid < 0 or bare.grid.grid != self._grids[grid]:
            grid = _intern(tuple(bare.grid.grid), list, self._grid_numbers, self._grids)
        state = tuple((door.is_open, door.is_locked) for door in self._doors)
        doors = _intern(state, tuple, self._door_numbers, self._door_states)
        column, row = bare.agent_pos
        extras = 0 if self.trusted else self._intern_extras()
        return MinigridToken(
            int(column), int(row), int(bare.agent_dir), self._number(bare.carrying), grid, doors, extras
        )

    def _kept_things(self) -> list[Any]:
        """Returns the objects that could change; the fixtures of MiniGrid cannot, and there are many."""
        return [thing for thing in self.things if type(thing).__name__ not in FIXTURES]

    def _shared(self) -> dict[int, Any]:
        """Returns a memo that keeps `deepcopy` from copying what a state only refers to."""
        bare = self._bare
        fixed = [value for value in vars(bare).values() if isinstance(value, (*self._opaque, np.random.Generator))]
        return {id(value): value for value in (bare, bare.grid, *self.things, *fixed)}

    def _intern_extras(self) -> int:
        """Returns the number of the state of everything but the agent, the grid and the doors."""
        left_out = CORE | self._ignore | {"gen_obs", "_reward"}
        attributes = {name: value for name, value in vars(self._bare).items() if name not in left_out}
        things = [vars(thing) for thing in self._kept_things()]
        names = {id(value): number for number, value in enumerate((self._bare, self._bare.grid, *self.things))}
        found = fingerprint((attributes, things), ignore=self._ignore, opaque=self._opaque, names=names)
        if self._random is None:
            self._random = found.random
        elif self._random != found.random:
            options = constructor_options(self._bare)
            advice = " Pass n_obstacles=0 to leave its moving obstacles out." if "n_obstacles" in options else ""
            raise WorldError(
                f"{quoted(self._environment_id)} draws random numbers while it runs, so that a state does not say what "
                f"follows and no exact level can be made.{advice}"
            )
        if found.state not in self._extra_numbers:
            self._extra_numbers[found.state] = len(self._extras)
            kept = {name: value for name, value in attributes.items() if not isinstance(value, np.random.Generator)}
            self._extras.append(copy.deepcopy((kept, things), self._shared()))
        return self._extra_numbers[found.state]


def _intern(key: tuple[Any, ...], keep: Callable[[Any], Any], numbers: dict, kept: list) -> int:
    number = numbers.get(key)
    if number is None:
        number = numbers[key] = len(kept)
        kept.append(keep(key))
    return number
