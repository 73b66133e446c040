"""Sets of states about all of which something is to be proved: levels of a distribution, layouts, bare observations."""

from __future__ import annotations

import abc
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import jax
import numpy as np
from jaxtyping import Bool, Float, Shaped

from mesascope.audit.policy import observations
from mesascope.core.random import root_key, stream
from mesascope.worlds.admission import draw_levels, has_shapes
from mesascope.worlds.compact import compacted
from mesascope.worlds.grid_world import LayoutWorld
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

STATES_AT_ONCE: int = 32_768
"""States of levels that are looked at together; bounds memory, not results."""
OBSERVATIONS_AT_ONCE: int = 65_536
SAMPLE: int = 4096
"""Levels of a sample."""

Start = Literal["all", "first"]


@dataclass(frozen=True, eq=False)
class Part:
    """Some members of a set, side by side; parts of one set have one shape, so that they share compiled programs.

    **Arguments:**

    - `seen`: what an agent sees, `[N, S, ...]`; S is 1 where there are no levels.
    - `there`: which of them are states in which an agent acts, `[N, S]`; what only fills the part up is not.
    - `levels`: N levels, as numpy arrays, and the `world` that shows them; `None` for bare observations.
    """

    seen: Float[np.ndarray, "N S ..."]
    there: Bool[np.ndarray, "N S"]
    levels: Level | None = None
    world: World | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class StateSet(abc.ABC):
    """A set of states, in parts.

    **Arguments:**

    - `words`: what it is.
    - `size`: how many levels (or observations) it has; `None` where nobody can count them.
    - `whole`: whether its parts are all of it.
    - `start`: which states of a level belong to it: all that can be reached, or those that the agent reaches from where
      episodes begin.
    - `world`: whose levels they are; `None` for bare observations.
    """

    words: str
    size: int | None
    world: World | None
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
    """Returns a batch of levels, as numpy arrays, as a part of which the first so many belong to a set."""
    there = np.asarray(levels.reachable & ~levels.terminal) & (np.arange(levels.count) < count)[:, None]
    return Part(observations(world, levels), there, levels, world)


@dataclass(frozen=True, eq=False, kw_only=True)
class Observations(StateSet):
    """Observations that are named one by one.

    **Arguments:**

    - `size`: how many.
    - `rows`: returns those of some indices `[B]`, as `[B, ...]`, since all of them may be more than memory holds.
    """

    size: int
    world: World | None = None
    rows: Callable[[np.ndarray], np.ndarray]

    @property
    def parts(self) -> int:
        return -(-self.size // OBSERVATIONS_AT_ONCE)

    def part(self, number: int) -> Part:
        index = number * OBSERVATIONS_AT_ONCE + np.arange(min(OBSERVATIONS_AT_ONCE, self.size))
        rows = np.asarray(self.rows(np.minimum(index, self.size - 1)), np.float32)
        return Part(rows[:, None], (index < self.size)[:, None])

    def sampled(self, count: int, seed: int) -> Observations:
        chosen = np.random.default_rng(seed).integers(0, self.size, count)
        words = f"sampled {count:,} of {amount(self.size)} observations ({self.words})"
        return replace(self, words=words, size=count, rows=lambda index: self.rows(chosen[index]), whole=False)


def observations_set(words: str, seen: Shaped[np.ndarray, "B ..."]) -> Observations:
    """Returns the set of some observations, as an agent is shown them; `words` say what they are."""
    return Observations(words=words, size=len(seen), rows=lambda index: seen[index])


@dataclass(frozen=True, eq=False, kw_only=True)
class Distribution(StateSet):
    """Levels of a distribution of a world; made by `distribution`.

    **Arguments:**

    - `name`: of the distribution.
    - `every`: all levels, and the world that shows them; `None` where they are a sample.
    - `drawn`, `seed`: how many levels a sample has, and what it is drawn with.
    """

    world: World
    name: str
    every: tuple[World, Level] | None
    drawn: int
    seed: int

    @functools.cached_property
    def _at_once(self) -> int:
        if not has_shapes(self.world):
            # What others wrote need not be JAX: how large its levels are is seen in one of them.
            level = draw_levels(self.world, self.name, key=root_key(self.seed), count=1)
        else:
            level = jax.eval_shape(lambda key: self.world.sample(key=key, distribution=self.name, count=1), root_key(0))
        return max(1, min(self.drawn, STATES_AT_ONCE // level.initial.shape[-1]))

    @property
    def parts(self) -> int:
        return -(-self.drawn // self._at_once) if self.every is None else 1

    def part(self, number: int) -> Part:
        if self.every is not None:
            return part_of(*self.every, self.every[1].count)
        at_once = self._at_once
        key = stream(f"proof/{self.name}/{number}", key=root_key(self.seed))
        levels = draw_levels(self.world, self.name, key=key, count=at_once)
        return part_of(self.world, levels, self.drawn - number * at_once)

    def sampled(self, count: int, seed: int) -> Distribution:
        inner, known = self.world.unwrapped, self.size
        if known is None and isinstance(inner, LayoutWorld):
            # Walls, floor, and each kind of object: more than there are levels, by how much nobody counts.
            known = (len(inner.limits()) + 2) ** inner.grid.cells
        most = "infinitely many" if known is None else f"up to {amount(known)}"
        words = f"sampled {count:,} of {most} levels of '{self.name}'"
        return replace(self, words=words, whole=False, every=None, drawn=count, seed=seed)


def distribution(world: World, name: str, *, drawn: int = SAMPLE, seed: int = 0, start: Start = "all") -> Distribution:
    """Returns all levels of a distribution where they are few, and drawing yields each of them; else a sample.

    **Arguments:**

    - `world`, `name`: whose.
    - `drawn`, `seed`: how many levels a sample has, and what it is drawn with.
    - `start`: as of every set.

    **Raises:** `UnknownNameError` for another distribution.
    """
    world.check_distribution(name)
    count = world.distinct_levels(name)
    common = {"world": world, "name": name, "start": start, "drawn": drawn, "seed": seed}
    if count is not None:
        levels = draw_levels(world, name, key=stream(f"proof/{name}/all", key=root_key(seed)), count=count)
        leaves = [np.asarray(leaf).reshape(count, -1) for leaf in jax.tree.leaves(levels)]
        if len({tuple(leaf[row].tobytes() for leaf in leaves) for row in range(count)}) == count:
            words = f"all levels of '{name}': {count:,}"
            return Distribution(words=words, size=count, every=compacted(world, levels), **common)
    return Distribution(words="", size=count, whole=False, every=None, **common).sampled(drawn, seed)


def amount(number: int) -> str:
    """Returns a number for people, however large."""
    return f"{number:,}" if number < 10**9 else f"10^{math.log10(number):.1f}"
