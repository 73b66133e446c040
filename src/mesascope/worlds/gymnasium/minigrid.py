"""MiniGrid environments as exact levels, one for each seed."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import numpy as np

from mesascope.worlds.gymnasium.clones import CloneSimulator
from mesascope.worlds.gymnasium.counters import Counters
from mesascope.worlds.gymnasium.encoding import space_encoding
from mesascope.worlds.gymnasium.enumeration import Enumeration, Exploration, Request, Source, explore
from mesascope.worlds.gymnasium.minigrid_events import Vocabulary, event_attributes, state_positions
from mesascope.worlds.gymnasium.minigrid_simulator import MinigridSimulator, MinigridToken
from mesascope.worlds.gymnasium.replay import check_replay
from mesascope.worlds.gymnasium.stepping import checked_reset, environment_code

CHARACTERS: dict[str, str] = {"wall": "#", "floor": "_", "goal": "G", "lava": "L", "key": "K", "ball": "O", "box": "B"}
OPEN, CLOSED, LOCKED = "/", "D", "X"
AGENT: str = ">v<^"


def is_minigrid(environment: Any) -> bool:
    """Whether an unwrapped environment is a MiniGrid environment, without importing MiniGrid."""
    return any(kind.__module__ == "minigrid.minigrid_env" for kind in type(environment).__mro__)


def _observation_wrappers(observation: str) -> tuple[str, ...]:
    """Returns the wrappers that people train with, by the name of the option."""
    return {
        "image": ("ImgObsWrapper",),
        "full": ("FullyObsWrapper", "ImgObsWrapper"),
        "flat": ("FlatObsWrapper",),
        "one-hot": ("OneHotPartialObsWrapper", "ImgObsWrapper"),
    }[{"auto": "image", "raw": "image"}.get(observation, observation)]


class MinigridSource(Source):
    """Any MiniGrid environment whose steps are not drawn at random.

    The limit of time is not part of a state, and success pays 1 whenever it comes.

    **Arguments:**

    - `request`: what levels are made of; the objects at its seeds give the attributes. The observation `"image"`
      (`"auto"`, `"raw"`) is the agent's view as `ImgObsWrapper` shows it; `"full"` the whole grid; `"flat"` the view
      and the mission as one vector; `"one-hot"` the view with one channel a thing.
    """

    def __init__(self, request: Request):
        self.request, environment_id = request, request.environment_id
        self._wrapped = self._wrap()
        bare = self._wrapped.unwrapped
        self.encoding = space_encoding(self._wrapped.observation_space, "raw", environment_id)
        self.actions = tuple(action.name for action in bare.actions)[: int(bare.action_space.n)]
        kinds, beginnings = set(), set()
        for seed in request.seeds:
            checked_reset(self._wrapped, seed, environment_id=environment_id)
            with environment_code(environment_id, "when its grid was read"):
                things = [*bare.grid.grid, bare.carrying]
                for thing in things:  # grows: boxes hold things
                    if thing is not None:
                        kinds.add((thing.type, thing.color))
                        things.append(getattr(thing, "contains", None))
                where = (*(int(x) for x in bare.agent_pos), int(bare.agent_dir))
                beginnings.add((bare.grid.encode().tobytes(), where, str(bare.mission)))
        self.seeds_matter = len(beginnings) > 1
        self.vocabulary = Vocabulary.of(kinds)
        self.attributes, self.objectives = self.vocabulary.attributes, self.vocabulary.objectives
        names = {character: name for name, character in CHARACTERS.items() if name != "wall"}
        self.legend = {
            ".": "floor",
            **names,
            OPEN: "open door",
            CLOSED: "closed door",
            LOCKED: "locked door",
            **dict.fromkeys(AGENT, "agent"),
        }

    def _wrap(self) -> Any:
        """Returns a new environment that shows what the option `observation` says."""
        wrappers = importlib.import_module("minigrid.wrappers")
        environment = self.request.make()
        for name in _observation_wrappers(self.request.observation):
            environment = getattr(wrappers, name)(environment)
        return environment

    def enumerate(self, seed: int) -> Enumeration:
        environment, environment_id = self._wrap(), self.request.environment_id
        checked_reset(environment, seed, environment_id=environment_id)
        views = []
        layer = environment
        while hasattr(layer, "observation"):
            views.insert(0, layer.observation)
            layer = layer.env

        def observe(observation: Any) -> np.ndarray:
            with environment_code(environment_id, "when it was observed"):
                for view in views:
                    observation = view(observation)
            return self.encoding.encode(observation)

        simulator = MinigridSimulator(
            environment, observe=observe, environment_id=environment_id, ignore=self.request.ignore
        )
        exploration = explore(
            simulator,
            simulator.first,
            encoding=self.encoding,
            request=self.request,
            counters=None if simulator.trusted else lambda: self._counters(seed),
        )
        if not simulator.trusted:
            check_replay(
                self._wrapped,
                exploration,
                encoding=self.encoding,
                seed=seed,
                request=self.request,
                # Success pays 1 in the level, whenever it comes.
                rewards=False,
            )
        return exploration.enumeration(
            attributes=event_attributes(simulator, exploration, self.vocabulary, seed=seed),
            positions=state_positions(exploration),
            text=_Drawing(simulator, exploration).text,
        )

    def _counters(self, seed: int) -> Counters:
        environment = self._wrap()
        # What the simulator leaves out by itself: the time, and what success is worth at that time.
        environment.unwrapped._reward = _one
        request = dataclasses.replace(self.request, ignore=self.request.ignore | {"step_count", "_np_random_seed"})
        return CloneSimulator(environment, seed, encoding=self.encoding, request=request).counters()


def _one() -> float:
    return 1.0


class _Drawing:
    """Draws the states of one level as text."""

    def __init__(self, simulator: MinigridSimulator, exploration: Exploration[MinigridToken]):
        self.grids, self.tokens = simulator.grids(), np.array(exploration.tokens)
        self.door_places, self.door_states = simulator.doors()
        self.characters = np.array([*(CHARACTERS.get(thing.type, "?") for thing in simulator.things), "."])

    def text(self, state: int | None) -> str:
        column, row, direction, _, grid, doors, _ = self.tokens[state or 0]
        characters = self.characters.copy()
        for place, (is_open, is_locked) in zip(self.door_places, self.door_states[doors], strict=True):
            characters[place] = OPEN if is_open else LOCKED if is_locked else CLOSED
        drawn = characters[self.grids[grid]]
        if state is not None:
            drawn[row, column] = AGENT[direction]
        return "\n".join("".join(cells) for cells in drawn)
