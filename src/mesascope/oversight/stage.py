"""A stage of training: what an agent is trained on until its remedy is asked again."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from mesascope.core.errors import UsageError
from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.worlds.level import Level
from mesascope.worlds.world import World


class TrainingReward(eqx.Module):
    """What training rewards. Its arrays may change from stage to stage without anything being compiled anew."""

    @abc.abstractmethod
    def reward(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        """Returns the reward of each transition of a batch of N levels; called inside `jit`."""

    @abc.abstractmethod
    def continuation(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        """Returns what a step later is worth after each transition: the discount, or 0 where the episode ends."""


class BaseReward(TrainingReward):
    """The base objective, known exactly.

    **Arguments:**

    - `objectives`: the base objective alone.
    """

    objectives: Objectives

    def reward(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        return rewards(self.objectives, level)[..., 0]

    def continuation(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        return continuations(self.objectives, level)[..., 0]


class Penalty(eqx.Module):
    """What training subtracts for what goes on inside the network or in what it does."""

    @abc.abstractmethod
    def __call__(self, network: Any, level: Level, world: World) -> Float[Array, ""]:
        """Returns what is subtracted from the mean value of the policy, in units of reward; differentiated by the
        network's arrays, called inside `jit`.

        **Arguments:**

        - `network`: as it is, called with one observation and a memory of `None`.
        - `level`: the batch of this update.
        - `world`: that shows it.
        """


@dataclass(frozen=True)
class Stage:
    """One stage. Whatever is left out is as in the recipe, so that `Stage(updates)` changes nothing.

    Stages whose pools have equally many levels share their compiled code, and so do those that differ in arrays only.

    **Arguments:**

    - `updates`: gradient steps, 1 or more.
    - `pool`: a batch of M levels of the same shape as the recipe's; `None` for none.
    - `chances`: of each level of the pool to be drawn, `[M]`, at least one above 0; by default all alike.
    - `pooled`: how many levels of each update are drawn from the pool, 0 to the optimizer's number of levels; the
      rest is drawn anew.
    - `world`, `distribution`: that the rest is drawn from; by default the recipe's.
    - `reward`: by default the base objective.
    - `penalty`: by default none.
    """

    updates: int
    pool: Level | None = None
    chances: Float[np.ndarray, " M"] | None = None
    pooled: int = 0
    world: World | None = None
    distribution: str | None = None
    reward: TrainingReward | None = None
    penalty: Penalty | None = None

    def __post_init__(self):
        if self.updates < 1:
            raise UsageError(f"A stage of {self.updates} updates trains nothing; it has 1 or more.")
        if (self.pool is None) != (self.pooled == 0):
            raise UsageError(f"A stage draws from a pool if it has one: pooled={self.pooled}, pool {self.pool!r:.40}.")
        if self.chances is not None and (self.pool is None or len(self.chances) != self.pool.count):
            raise UsageError("A stage has a chance for each level of its pool.")
        if self.chances is not None and not (np.isfinite(self.chances).all() and (self.chances > 0).any()):
            raise UsageError("The chances of a pool are finite, and one of them is above 0.")
