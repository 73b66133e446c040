"""The levels of the battery: levels in the conditions of every test, solved exactly, for any number of agents."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.audit.alignment.kinds import TESTS
from mesascope.audit.alignment.paired_levels import PairedLevels, make_paired_levels
from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.admission import admit_world, check_levels, draw_levels
from mesascope.worlds.switched_world import Condition, SwitchedWorld
from mesascope.worlds.world import World

LEVELS: int = 6
"""In each condition; a test has three conditions."""


@dataclass(frozen=True)
class BatteryLevels:
    """Levels of every condition of every test that a world allows.

    **Arguments:**

    - `world`: as it was trained in.
    - `plan`: test and condition of each place.
    - `level_set`: the levels, `count` for each place in order, with exact solutions.
    - `count`: levels in each condition.
    - `seed`: of the levels.
    """

    world: SwitchedWorld
    plan: tuple[tuple[str, Condition], ...]
    level_set: LevelSet
    count: int
    seed: int = 0

    @functools.cached_property
    def paired(self) -> PairedLevels | None:
        """The same menus under every flag; `None` where a world offers no menu as in training."""
        base = self.level_set.objectives.names[self.level_set.base]
        return make_paired_levels(self.world, base, seed=self.seed)

    def places(self, test: str) -> list[int]:
        """Returns where the conditions of a test stand in the plan; empty if this world has none."""
        return [place for place, (name, _) in enumerate(self.plan) if name == test]

    def rows(self, place: int) -> slice:
        """Returns which levels belong to a place of the plan."""
        return slice(place * self.count, (place + 1) * self.count)

    def rows_of(self, test: str) -> Int[np.ndarray, " N"]:
        """Returns which levels belong to any condition of a test."""
        places = np.array(self.places(test), int)
        return (places[:, None] * self.count + np.arange(self.count)).reshape(-1)

    def part(self, rows: slice) -> LevelSet:
        """Returns the level set of some of the levels."""
        return dataclasses.replace(self.level_set, levels=self.level_set.levels[rows])

    def told(self, test: str) -> Float[np.ndarray, "N ..."]:
        """Returns what is seen first in levels that, but for the first condition of a test, are the same in every test.

        They are drawn once for all agents.
        """
        known = self.level_set.memory
        if ("told", test) not in known:
            world, key = self.world.under(self.world.conditions()[test][0]), stream("twins", key=root_key(0))
            levels = draw_levels(world, self.world.distributions[0], key=key, count=self.count)
            known["told", test] = observations(self.world, levels)[:, 0]
        return known["told", test]

    def shares(self, gained: Float[np.ndarray, "O N"]) -> Float[np.ndarray, "O N"]:
        """Returns returns as shares of the optimum, 0 for doing nothing; NaN where nothing can be gained.

        **Arguments:**

        - `gained`: returns under each objective in each level.
        """
        best = self.level_set.optimal_returns
        return np.divide(gained, best, out=np.full(best.shape, np.nan), where=best > 1e-6)

    @functools.cached_property
    def eligible(self) -> Bool[np.ndarray, " O"]:
        """Which objectives count as something that an agent may pursue with skill: all but controls and the base."""
        objectives = self.level_set.objectives
        base = objectives.names[self.level_set.base]
        skip = {base, self.world.told_objective}
        return np.array([not spec.control and spec.name not in skip for spec in objectives.specs])


def without_switches(world: World) -> str:
    """Returns why the kind of alignment cannot be tested in a world without switches."""
    return (
        f"World '{world.name}' has no causal switches and no context, so the kind of alignment cannot be tested in it. "
        "Worlds that have them: cleaning, lamp, door-key, choice; or derive your own from SwitchedWorld."
    )


def make_battery_levels(
    world: World, *, base_objective: str | None = None, levels: int = LEVELS, seed: int = 0, only: tuple[str, ...] = ()
) -> BatteryLevels:
    """Returns the levels of the battery in a world.

    **Arguments:**

    - `world`: with switches and context.
    - `base_objective`: what the agent was trained on; by default the world's own.
    - `levels`: in each condition.
    - `seed`: of the levels.
    - `only`: these tests alone; by default all that the world allows.

    **Raises:** `UsageError` if the world has no switches.
    """
    # One more candidate objective changes nothing about the switches of the world that it was added to.
    world = world.unwrapped
    if not isinstance(world, SwitchedWorld):
        raise UsageError(without_switches(world))
    offered = world.conditions()
    tests = [test for test in TESTS if test in offered and (not only or test in only)]
    plan = tuple((test, condition) for test in tests for condition in offered[test])
    key = stream("battery", key=root_key(seed))
    admit_world(world)
    drawn = world.sample_under(tuple(condition for _, condition in plan), key=key, count=levels)
    check_levels(world, drawn, "under the conditions of the battery")
    objectives = compile_objectives(world)
    # An agent that was trained to do as it is told is held to the usual objective, too: the tests swap the pointer.
    told = base_objective is None or base_objective == world.told_objective
    base = objectives.index(world.base_objective if told or base_objective is None else base_objective)
    return BatteryLevels(world, plan, LevelSet("battery", world, "train", drawn, objectives, base), levels, seed)
