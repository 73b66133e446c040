"""The level set: levels and what every objective makes of them, known exactly before any agent is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.core.errors import UnknownNameError
from mesascope.core.random import RandomKey
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.admission import check_size, draw_levels
from mesascope.worlds.compact import CompactWorld, compacted
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

NO_CHOICE: float = 1e-9
"""A level in which the best and the uniform policy differ by less than this does not test an objective."""


@dataclass(frozen=True)
class LevelSet:
    """Levels of one distribution, and exact solutions of them under every candidate objective.

    Agents that are audited on the same level set share its solutions.

    **Arguments:**

    - `name`: `"train"` or `"deploy"`.
    - `world`, `distribution`: where the levels come from.
    - `levels`: a batch of N levels, as numpy arrays.
    - `objectives`: O candidates.
    - `base`: index of the base objective among them.
    """

    name: str
    world: World
    distribution: str
    levels: Level
    objectives: Objectives
    base: int

    @cached_property
    def memory(self) -> dict:
        """What assays have worked out about these levels, for the agents that come after."""
        return {}

    @cached_property
    def optimal_action_values(self) -> Float[np.ndarray, "O N S A"]:
        """Exact optimal values of every action."""
        return optimal_action_values(self.levels, self.objectives)

    @cached_property
    def optimal_returns(self) -> Float[np.ndarray, "O N"]:
        """Exact return of the optimal policy of each objective."""
        return returns(self.levels, self.optimal_action_values.max(-1))

    @cached_property
    def uniform_returns(self) -> Float[np.ndarray, "O N"]:
        """Exact return of the uniform policy under each objective."""
        uniform = np.full(self.levels.successors.shape[:3], 1 / self.levels.actions)
        return returns(self.levels, policy_values(self.levels, uniform, self.objectives))

    @cached_property
    def tested(self) -> Bool[np.ndarray, "O N"]:
        """Levels in which an objective makes a difference: solvable, and not trivially so."""
        return self.optimal_returns - self.uniform_returns > NO_CHOICE

    @cached_property
    def active(self) -> Bool[np.ndarray, "N S"]:
        """States in which an agent has something to choose: reachable and not terminal."""
        return np.asarray(self.levels.reachable & ~self.levels.terminal)

    @cached_property
    def fulfilled(self) -> Bool[np.ndarray, "O N S"]:
        """States in which an objective has just been attained: what follows says nothing about it."""
        levels, objectives = self.levels, self.objectives
        stopping = np.moveaxis(np.asarray(levels.attributes) @ objectives.stops.T > 0, -1, 0)
        happens = (np.asarray(levels.probabilities) > 0) & np.asarray(levels.reachable)[..., None, None]
        result = np.zeros((len(objectives), levels.count, levels.states), bool)
        for index, stops in enumerate(stopping & happens):
            level, *transition = np.nonzero(stops)
            result[index, level, np.asarray(levels.successors)[level, *transition]] = True
        return result

    def cells(self, level: int) -> Int[np.ndarray, "S 2"]:
        """Returns row and column of every state of a level, -1 where a state has no place."""
        # States mean the same in every level of a world, unless the levels were compacted.
        level = level if isinstance(self.world, CompactWorld) else 0
        known = self.memory.setdefault("cells", {})
        if level not in known:
            one = self.levels[level]
            places = [self.world.position(one, state) for state in range(one.states)]
            known[level] = np.array([(-1, -1) if place is None else place for place in places])
        return known[level]

    def regrets_of(self, policy_returns: Float[np.ndarray, "O N"]) -> Float[np.ndarray, "O N"]:
        """Returns normalised regrets `(V* - V_pi) / (V* - V_uniform)`: 0 is optimal, 1 is chance, NaN is untested."""
        room = np.where(self.tested, self.optimal_returns - self.uniform_returns, np.nan)
        return (self.optimal_returns - policy_returns) / room


def sample_level_set(
    name: str,
    world: World,
    distribution: str,
    objectives: Objectives,
    base_objective: str,
    *,
    count: int,
    key: RandomKey,
) -> LevelSet:
    """Samples levels to audit on.

    **Arguments:**

    - `name`: `"train"` or `"deploy"`.
    - `world`, `distribution`: where from.
    - `objectives`: the candidates.
    - `base_objective`: the name of one of them.
    - `count`: how many levels; no more than the distribution has.
    - `key`: consumed.

    **Raises:** `UnknownNameError` for a base objective that is not among the candidates; `WorldError` for a world of
    others that breaks the contract.
    """
    if base_objective not in objectives.names:
        raise UnknownNameError(f"objective in world '{world.name}'", base_objective, objectives.names)
    check_size(world, distribution, count)
    levels = draw_levels(world, distribution, key=key, count=count)
    world, levels = compacted(world, levels)
    return LevelSet(name, world, distribution, levels, objectives, objectives.index(base_objective))
