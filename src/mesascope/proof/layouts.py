"""Sets of layouts of a grid: where objects lie, walls put up or taken down, everything shifted, kinds exchanged."""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool, Int

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.state_set import STATES_AT_ONCE, Distribution, Part, Start, StateSet, amount, part_of
from mesascope.worlds.grid import MOVES
from mesascope.worlds.grid_world import GridLayout, LayoutWorld, levels_of
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

MOST_CHOICES: int = 2**62
"""Choices of one factor, which are counted in whole numbers of 63 bits."""

Arrays = tuple[Bool[np.ndarray, "N H W"], Bool[np.ndarray, "N cells kinds"], Bool[np.ndarray, " N"]]
"""Walls, objects, and whether they are still what was meant: nothing has left the room."""


@dataclass(frozen=True, eq=False)
class Factor:
    """One thing that varies.

    **Arguments:**

    - `words`: what it is.
    - `size`: how many choices there are.
    - `change`: returns walls and objects after a choice `[N]` each, and which are layouts at all.
    """

    words: str
    size: int
    change: Callable[[Bool[np.ndarray, "N H W"], Bool[np.ndarray, "N cells kinds"], Int[np.ndarray, " N"]], Arrays]


@dataclass(frozen=True, eq=False)
class Layouts(StateSet):
    """Every combination of what varies in one layout; those that are no levels of the world are left out.

    A layout is none where free cells do not hang together, two objects share a cell, or there are too many or too few.
    Sets of several objects of a kind hold each placement once, whichever of them lies where.

    **Arguments:**

    - `world`: that makes levels of layouts.
    - `base`: the layout that is changed, without an axis of levels, as numpy arrays.
    - `factors`: what varies, in the order in which it is applied.
    - `start`: as of every set.
    - `chosen`: a choice of each factor for each layout of a sample, `[N, factors]`; `None` for all.
    """

    world: World
    base: GridLayout
    factors: tuple[Factor, ...]
    start: Start = "all"
    chosen: Int[np.ndarray, "N factors"] | None = None
    words: str = field(init=False)
    size: int | None = field(init=False)
    whole: bool = field(init=False)

    def __post_init__(self):
        what, ways = ", ".join(factor.words for factor in self.factors), math.prod(one.size for one in self.factors)
        size = ways if self.chosen is None else len(self.chosen)
        words = f"{what}: {amount(ways)} layouts"
        words = words if self.chosen is None else f"sampled {size:,} of {amount(ways)} layouts ({what})"
        for name, value in (("words", words), ("size", size), ("whole", self.chosen is None)):
            object.__setattr__(self, name, value)

    @functools.cached_property
    def _at_once(self) -> int:
        states = jax.eval_shape(getattr(self.world, "level"), self.base).initial.shape[-1]  # noqa: B009
        return max(1, min(self.size or 0, STATES_AT_ONCE // states))

    @property
    def parts(self) -> int:
        return -(-(self.size or 0) // self._at_once)

    def part(self, number: int) -> Part:
        index = np.arange(number * self._at_once, min((number + 1) * self._at_once, self.size or 0))
        if self.chosen is None:
            digits = np.stack(np.unravel_index(index, [factor.size for factor in self.factors]), axis=-1)
        else:
            digits = self.chosen[index]
        walls, objects = (np.repeat(array[None], len(index), axis=0) for array in (self.base.walls, self.base.objects))
        fine = np.ones(len(index), bool)
        for factor, choice in zip(self.factors, digits.T, strict=True):
            walls, objects, inside = factor.change(walls, objects, choice)
            fine &= inside
        kept = np.flatnonzero(fine & _are_levels(self.world.unwrapped, walls, objects))
        if not len(kept):
            walls[0], objects[0] = self.base.walls, self.base.objects
        # Filled up from the beginning, so that all parts have one shape.
        rows = np.resize(kept if len(kept) else np.zeros(1, int), self._at_once)
        levels = jax.device_get(levels_of(self.world, _grid_layout(walls[rows], objects[rows], self.base)))
        return part_of(self.world, levels, len(kept))

    def sampled(self, count: int, seed: int) -> Layouts:
        draw = random.Random(seed)
        rows = [[draw.randrange(factor.size) for factor in self.factors] for _ in range(count)]
        return replace(self, chosen=np.array(rows, np.int64))


def _are_levels(world: World, walls: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Returns which layouts a world takes, `[N]`, by the rules of `LayoutWorld.parse`."""
    inside = walls[:, 1:-1, 1:-1].reshape(len(walls), -1)
    count = objects.sum(1)
    assert isinstance(world, LayoutWorld)
    least, most = np.array(list(world.limits().values())).reshape(-1, 2).T
    fine = ((count >= least) & (count <= most)).all(-1) & ~inside.all(-1)
    fine &= (objects.sum(-1) <= 1).all(-1) & ~(objects.any(-1) & inside).any(-1)
    free = ~walls
    region = np.zeros_like(walls)
    region[np.arange(len(walls)), *(axis + 1 for axis in np.divmod(inside.argmin(-1), walls.shape[2] - 2))] = True
    while True:
        # Rolling past the edge is harmless: the border is wall.
        grown = functools.reduce(np.logical_or, (np.roll(region, move[1:], (1, 2)) for move in MOVES)) & free
        if (grown == region).all():
            return fine & (region == free).all((1, 2))
        region = grown


def placements(world: World, level: Level, kinds: str | None = None, region: np.ndarray | None = None) -> Layouts:
    """Returns every placement of objects of a level over its free cells; the agent is in every cell anyway.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.
    - `kinds`: characters of the kinds that are placed; by default all that the level holds.
    - `region`: where they may lie, `[H, W]`; by default anywhere.

    **Raises:** `UsageError` if the level has no layout; `UnknownNameError` for a kind that it does not hold.
    """
    base, inner = _layout(world, level)
    cells = ~base.walls[1:-1, 1:-1].ravel()
    if region is not None:
        cells &= np.asarray(region, bool)[1:-1, 1:-1].ravel()
    where = np.flatnonzero(cells)
    held = {sign: int(count) for sign, count in zip(inner.limits(), base.objects.sum(0), strict=True) if count}
    factors = []
    for sign in held if kinds is None else kinds:
        if sign not in held:
            raise UnknownNameError("kind of object in this level", sign, held)
        kind, count = list(inner.limits()).index(sign), held[sign]

        def place(walls, objects, choice, kind=kind, count=count):
            objects = objects.copy()
            objects[..., kind] = False
            # Which of them lies where makes no difference, so each subset of cells comes once.
            objects[np.arange(len(choice))[:, None], where[_subset(choice, len(where), count)], kind] = True
            return walls, objects, np.ones(len(choice), bool)

        what = inner.legend[sign] if count == 1 else f"{count} x {inner.legend[sign]}"
        factors.append(_factor(f"{what} in each of {len(where)} cells", math.comb(len(where), count), place))
    return Layouts(world, base, tuple(factors))


def walls_up_to(world: World, level: Level, most: int) -> Layouts:
    """Returns a level with up to so many of its inner cells turned from floor to wall or back.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.
    - `most`: cells, 0 or more.

    **Raises:** `UsageError` if the level has no layout, or there are too many choices to be counted.
    """
    base, inner = _layout(world, level)
    cells = inner.grid.cells
    sizes = [math.comb(cells, count) for count in range(most + 1)]

    def toggle(walls, objects, choice):
        inside = np.zeros((len(choice), cells), bool)
        for count, begin in enumerate(itertools.accumulate(sizes, initial=0)):
            if count <= most:
                rows = np.flatnonzero((choice >= begin) & (choice < begin + sizes[count]))
                inside[rows[:, None], _subset(choice[rows] - begin, cells, count)] = True
        planes = inside.reshape(-1, inner.grid.height - 2, inner.grid.width - 2)
        return walls ^ np.pad(planes, ((0, 0), (1, 1), (1, 1))), objects, np.ones(len(choice), bool)

    return Layouts(world, base, (_factor(f"up to {most} inner walls more or fewer", sum(sizes), toggle),))


def shifts(world: World, level: Level, most: int) -> Layouts:
    """Returns a level with inner walls and objects shifted together; where one of them leaves the room it is none.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.
    - `most`: rows and columns, up and down, left and right; 0 or more.

    **Raises:** `UsageError` if the level has no layout.
    """
    base, inner = _layout(world, level)
    shape = (inner.grid.height - 2, inner.grid.width - 2)

    def shift(walls, objects, choice):
        things = np.concatenate([walls[:, 1:-1, 1:-1, None], objects.reshape(-1, *shape, objects.shape[-1])], -1)
        wide = np.pad(things, ((0, 0), (most, most), (most, most), (0, 0)))
        for number, step in enumerate(itertools.product(range(-most, most + 1), repeat=2)):
            wide[choice == number] = np.roll(wide[choice == number], step, (1, 2))
        moved = wide[:, most : most + shape[0], most : most + shape[1]]
        planes = np.pad(moved[..., 0], ((0, 0), (1, 1), (1, 1)), constant_values=True)
        return planes, moved[..., 1:].reshape(objects.shape), moved.sum((1, 2, 3)) == things.sum((1, 2, 3))

    return Layouts(world, base, (_factor(f"everything shifted by up to {most}", (2 * most + 1) ** 2, shift),))


def recolourings(world: World, level: Level) -> Layouts:
    """Returns a level with the kinds of its objects exchanged in every way that makes a difference to it.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.

    **Raises:** `UsageError` if the level has no layout.
    """
    base, _ = _layout(world, level)
    orders = itertools.permutations(range(base.objects.shape[-1]))
    distinct = {base.objects[:, order].tobytes(): order for order in orders}
    table = np.array(list(distinct.values()))

    def recolour(walls, objects, choice):
        return walls, np.take_along_axis(objects, table[choice][:, None], axis=-1), np.ones(len(choice), bool)

    return Layouts(world, base, (_factor(f"kinds exchanged in {len(table)} ways", len(table), recolour),))


def product(*sets: Layouts) -> Layouts:
    """Returns every combination of what varies in each of several sets of layouts of one level."""
    return replace(sets[0], factors=tuple(factor for one in sets for factor in one.factors))


def set_named(text: str, world: World, *, level: Level | None = None, seed: int = 0, start: Start = "all") -> StateSet:
    """Returns the set that a text names: a distribution, or `placements`, `walls:2`, `shifts:1`, `recolourings`.

    **Arguments:**

    - `text`: several of the latter, joined by `+`, are every combination of them.
    - `world`: of which it is a set.
    - `level`: one (not batched) level that is changed; by default one of the first distribution, inner walls cleared.
    - `seed`: of that level, and of what is sampled.
    - `start`: `"all"` or `"first"`, as of every set.

    **Raises:** `UnknownNameError` for another name; `UsageError` for a number that cannot be, or no layouts.
    """
    if start not in ("all", "first"):
        raise UnknownNameError("kind of start", start, ("all", "first"))
    if text in world.distributions:
        return Distribution(world, text, start, seed=seed)
    made = []
    for part in text.split("+"):
        name, _, number = part.strip().partition(":")
        known = {"placements": placements, "walls": walls_up_to, "shifts": shifts, "recolourings": recolourings}
        if name not in known:
            raise UnknownNameError("set of states", name, (*world.distributions, *known))
        counted = name in ("walls", "shifts")
        if counted != bool(number) or (counted and not (number.isdecimal() and len(number) < 4)):
            raise UsageError(f"The set '{name}' is written {name + ':N, with a whole number N' if counted else name}.")
        level = _open_level(world, seed) if level is None else level
        made.append(known[name](world, level, *([int(number)] if counted else [])))
    return replace(product(*made), start=start)


def _open_level(world: World, seed: int) -> Level:
    """Returns a level of the first distribution with its inner walls cleared."""
    drawn = Distribution(world, world.distributions[0], drawn=1, seed=seed).part(0).levels
    assert drawn is not None
    base, inner = _layout(world, drawn[0])
    walls = np.pad(np.zeros((inner.grid.height - 2, inner.grid.width - 2), bool), 1, constant_values=True)
    return jax.device_get(levels_of(world, _grid_layout(walls[None], np.asarray(base.objects)[None], base)))[0]


def _grid_layout(walls: np.ndarray, objects: np.ndarray, base: GridLayout) -> GridLayout:
    """Returns layouts with the hidden controls in the first free cell, as in a text."""
    first = walls[:, 1:-1, 1:-1].reshape(len(walls), -1).argmin(-1).astype(np.int32)
    parts: Any = (walls, objects, np.repeat(first[:, None], len(base.hidden), axis=1))
    return GridLayout(*parts)


def _layout(world: World, level: Level) -> tuple[GridLayout, LayoutWorld]:
    inner, layout = world.unwrapped, level.layout
    if not (isinstance(inner, LayoutWorld) and isinstance(layout, GridLayout)):
        raise UsageError(
            f"Levels of world '{world.name}' are no layouts of a grid, whose objects and walls could move; name one "
            f"of its distributions: {', '.join(world.distributions)}."
        )
    return jax.tree.map(np.asarray, layout), inner


def _factor(words: str, size: int, change: Callable) -> Factor:
    if not 0 < size < MOST_CHOICES:
        raise UsageError(f"There are {amount(size)} ways of: {words}. Ask for 1 to 10^18, with smaller numbers.")
    return Factor(words, size, change)


def _subset(rank: Int[np.ndarray, " N"], items: int, count: int) -> Int[np.ndarray, "N count"]:
    """Returns the subset of each rank, by the combinatorial number system (Knuth, TAOCP 7.2.1.3)."""
    left, chosen = np.array(rank, np.int64), np.zeros((len(rank), count), np.int64)
    for size in range(count, 0, -1):
        table = np.array([math.comb(item, size) for item in range(items)])
        chosen[:, size - 1] = np.searchsorted(table, left, side="right") - 1
        left -= table[chosen[:, size - 1]]
    return chosen
