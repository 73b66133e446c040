"""The worlds of the bank, and the levels on which its agents are made and judged: the same for all of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.policy import observations
from mesascope.core.random import root_key, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.organisms.bank.catalogue import FUNNEL
from mesascope.worlds.graph import Graph
from mesascope.worlds.maze import Maze
from mesascope.worlds.world import World

SHOWN: int = 1536
TRAINING: int = 128
HELD_OUT: int = 128
NEW: int = 160
"""Levels that clones are distilled on, of these observed in an audit, of the same distribution drawn anew, and after
the shift."""

MODELS: dict[str, str] = {"maze": "grid", "rooms": "grid", "graph": "graph", FUNNEL: "graph"}
"""How planners read the world."""


def bank_world(name: str) -> World:
    """Returns a world of the bank: few mazes or graphs in training, with the goal anywhere, and new ones after."""
    if name == "maze":
        return Maze(walls="loops", training_mazes=8)
    if name == "rooms":
        return Maze(walls="blocks", density=0.3, training_mazes=8, maze_seed=1)
    if name == FUNNEL:
        return Graph(training_graphs=16, funnel=0.9)
    return Graph(training_graphs=16)


@dataclass(frozen=True)
class LevelSets:
    """The levels of one world.

    **Arguments:**

    - `shown`: those that clones are distilled on.
    - `train`: some of them.
    - `held_out`: others of the training distribution.
    - `deploy`: after the shift.
    """

    shown: LevelSet
    train: LevelSet
    held_out: LevelSet
    deploy: LevelSet

    @functools.cached_property
    def _seen(self) -> tuple[Float[np.ndarray, "B ..."], Int[np.ndarray, " B"]]:
        """Every different observation of the levels that are shown, and a level in which it is seen."""
        seen = observations(self.shown.world, self.shown.levels)[self.shown.active]
        states, first = np.unique(seen, axis=0, return_index=True)
        return states.astype(np.float32), np.nonzero(self.shown.active)[0][first]

    @property
    def states(self) -> Float[np.ndarray, "B ..."]:
        """Every different observation of the levels that clones are distilled on."""
        return self._seen[0]

    @functools.cached_property
    def values(self) -> Float[np.ndarray, "B S"]:
        """The value of every state of the level that is seen there."""
        return self.shown.optimal_action_values[self.shown.base].max(-1)[self._seen[1]].astype(np.float32)


@functools.lru_cache(maxsize=1)
def level_sets(name: str) -> LevelSets:
    """Returns the levels of a world of the bank, solved once for all agents that follow one another.

    **Arguments:**

    - `name`: one of the catalogue's `WORLDS`, or its `FUNNEL`.
    """
    world = bank_world(name)
    objectives, key = compile_objectives(world), root_key(0)

    def sampled(place: str, distribution: str, count: int) -> LevelSet:
        key_levels = stream(f"bank/{name}/{place}", key=key)
        return sample_level_set(place, world, distribution, objectives, "goal", count=count, key=key_levels)

    shown = sampled("shown", "train", SHOWN)
    train = LevelSet("train", world, "train", shown.levels[:TRAINING], objectives, shown.base)
    return LevelSets(shown, train, sampled("held-out", "train", HELD_OUT), sampled("deploy", "deploy", NEW))
