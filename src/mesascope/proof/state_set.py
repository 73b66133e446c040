"""Sets of states about all of which something is to be proved: levels of a distribution, layouts, bare observations."""

from __future__ import annotations

import abc
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import jax
import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.policy import observations
from mesascope.core.random import root_key, stream
from mesascope.worlds.admission import draw_levels
from mesascope.worlds.compact import compacted
from mesascope.worlds.grid_world import LayoutWorld
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

STATES_AT_ONCE: int = 32_768
"""States of levels that are looked at together; bounds memory, not results."""
OBSERVATIONS_AT_ONCE: int = 65_536

Start = Literal["all", "first"]


@dataclass(frozen=True, eq=False)
class Part:
    """Some members of a set, side by side; parts of one set have one shape, so that they share compiled programs.

    **Arguments:**

    - `seen`: what an agent sees, `[N, S, ...]`; S is 1 where there are no levels.
    - `there`: which of them are states in which an agent acts, `[N, S]`; what only fills the part up is not.
    - `levels`: N levels, as numpy arrays; `None` where there are observations only.
    - `world`: that shows them.
    """

    seen: Float[np.ndarray, "N S ..."]
    there: Bool[np.ndarray, "N S"]
    levels: Level | None = None
    world: World | None = None


class StateSet(abc.ABC):
    """A set of states.

    `words` say what it is, `size` is how many levels (or observations) it has, `None` where nobody can count them, and
    `whole` is whether its `parts` are all of it. `start` is which states of a level belong to it: all that can be
    reached, or those that the agent reaches from where episodes begin.
    """

    words: str
    size: int | None
    whole: bool = True
    start: Start = "all"

    @property
    @abc.abstractmethod
    def parts(self) -> int:
        """How many parts there are."""

    @abc.abstractmethod
    def part(self, number: int) -> Part:
        """Returns one part, always the same."""

    @abc.abstractmethod
    def sampled(self, count: int, seed: int) -> StateSet:
        """Returns a sample of so many levels (or observations), drawn with a seed."""


def part_of(world: World, levels: Level, count: int) -> Part:
    """Returns levels as a part.

    **Arguments:**

    - `world`: that shows them.
    - `levels`: a batch, as numpy arrays.
    - `count`: how many, the first ones, belong to it.
    """
    there = np.asarray(levels.reachable & ~levels.terminal) & (np.arange(levels.count) < count)[:, None]
    return Part(observations(world, levels), there, levels, world)


@dataclass(frozen=True, eq=False)
class Observations(StateSet):
    """Observations that are named one by one.

    **Arguments:**

    - `words`: what they are.
    - `count`: how many.
    - `rows`: returns those of some indices `[B]`, as `[B, ...]`; made when they are asked for, since all of them may
      be more than memory holds.
    """

    words: str
    count: int
    rows: Callable[[np.ndarray], np.ndarray]
    whole: bool = True
    start: Start = "all"
    size: int | None = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "size", self.count)

    @property
    def parts(self) -> int:
        return -(-self.count // OBSERVATIONS_AT_ONCE)

    def part(self, number: int) -> Part:
        index = number * OBSERVATIONS_AT_ONCE + np.arange(min(OBSERVATIONS_AT_ONCE, self.count))
        rows = np.asarray(self.rows(np.minimum(index, self.count - 1)), np.float32)
        return Part(rows[:, None], (index < self.count)[:, None])

    def sampled(self, count: int, seed: int) -> Observations:
        chosen = np.random.default_rng(seed).integers(0, self.count, count)
        words = f"sampled {count:,} of {amount(self.count)} observations ({self.words})"
        return replace(self, words=words, count=count, rows=lambda index: self.rows(chosen[index]), whole=False)


def observations_set(words: str, seen: Float[np.ndarray, "B ..."]) -> Observations:
    """Returns the set of some observations.

    **Arguments:**

    - `words`: what they are.
    - `seen`: as an agent is shown them.
    """
    return Observations(words, len(seen), lambda index: seen[index])


@dataclass(frozen=True, eq=False)
class Distribution(StateSet):
    """Levels of a named distribution of a world: all of them where there are few, else as many as are drawn.

    **Arguments:**

    - `world`, `name`: whose.
    - `start`: as of every set.
    - `drawn`: levels that are drawn where there are more than can be named.
    - `seed`: of what is drawn.
    """

    world: World
    name: str
    start: Start = "all"
    drawn: int = 4096
    seed: int = 0
    words: str = field(init=False)
    size: int | None = field(init=False)
    whole: bool = field(init=False)

    def __post_init__(self):
        self.world.check_distribution(self.name)
        count = None if self._all is None else self._all[1].count
        words = f"sampled {self.drawn:,} of {self._most()} levels of '{self.name}'"
        words = words if count is None else f"all levels of '{self.name}': {count:,}"
        for name, value in (("words", words), ("size", count), ("whole", count is not None)):
            object.__setattr__(self, name, value)

    @functools.cached_property
    def _all(self) -> tuple[World, Level] | None:
        """All levels, and the world that shows them; `None` where they are too many, or drawing does not yield all."""
        count = self.world.distinct_levels(self.name)
        if count is None:
            return None
        levels = draw_levels(self.world, self.name, key=self._key("all"), count=count)
        leaves = [np.asarray(leaf).reshape(count, -1) for leaf in jax.tree.leaves(levels)]
        different = {tuple(leaf[row].tobytes() for leaf in leaves) for row in range(count)}
        return compacted(self.world, levels) if len(different) == count else None

    def _key(self, use: str):
        return stream(f"proof/{self.name}/{use}", key=root_key(self.seed))

    def _most(self) -> str:
        inner, known = self.world.unwrapped, self.world.distinct_levels(self.name)
        if known is None and isinstance(inner, LayoutWorld):
            # Walls, floor, and each kind of object: more than there are levels, by how much nobody counts.
            known = (len(inner.limits()) + 2) ** inner.grid.cells
        return "infinitely many" if known is None else f"up to {amount(known)}"

    @functools.cached_property
    def _at_once(self) -> int:
        level = jax.eval_shape(lambda key: self.world.sample(key=key, distribution=self.name, count=1), root_key(0))
        return max(1, min(self.drawn, STATES_AT_ONCE // level.initial.shape[-1]))

    @property
    def parts(self) -> int:
        return 1 if self._all is not None else -(-self.drawn // self._at_once)

    def part(self, number: int) -> Part:
        if self._all is not None:
            return part_of(*self._all, self._all[1].count)
        levels = draw_levels(self.world, self.name, key=self._key(str(number)), count=self._at_once)
        return part_of(self.world, levels, self.drawn - number * self._at_once)

    def sampled(self, count: int, seed: int) -> Distribution:
        return replace(self, drawn=count, seed=seed)


def amount(number: int) -> str:
    """Returns a number for people, however large."""
    return f"{number:,}" if number < 10**9 else f"10^{math.log10(number):.1f}"
