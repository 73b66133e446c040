"""Sets of layouts of a grid: where objects lie, walls put up or taken down, everything shifted, kinds exchanged."""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Int

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.state_set import STATES_AT_ONCE, Part, StateSet, amount, part_of
from mesascope.worlds.admission import check_levels
from mesascope.worlds.grid import MOVES
from mesascope.worlds.grid_world import GridLayout, LayoutWorld, levels_of
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

MOST_CHOICES: int = 2**62
"""Choices of one factor, which are counted in whole numbers of 63 bits."""


@dataclass(frozen=True, eq=False)
class Factor:
    """One thing that varies.

    **Arguments:**

    - `words`: what it is.
    - `size`: how many choices there are.
    - `change`: returns walls `[N, H, W]` and objects `[N, cells, kinds]` after a choice `[N]` each.
    """

    words: str
    size: int
    change: Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Layouts(StateSet):
    """Every combination of what varies in one layout; those that are no levels of the world are left out.

    A layout is none where free cells do not hang together, two objects share a cell, or there are too many or too few.

    **Arguments:**

    - `base`: the layout that is changed, without an axis of levels, as numpy arrays.
    - `factors`: what varies, in the order in which it is applied.
    - `chosen`: a choice of each factor for each layout of a sample, `[N, factors]`; `None` for all.
    """

    size: int
    world: World
    base: GridLayout
    factors: tuple[Factor, ...]
    chosen: Int[np.ndarray, "N factors"] | None = None

    @functools.cached_property
    def _at_once(self) -> int:
        states = jax.eval_shape(getattr(self.world, "level"), self.base).initial.shape[-1]  # noqa: B009
        return max(1, min(self.size, STATES_AT_ONCE // states))

    @property
    def parts(self) -> int:
        return -(-self.size // self._at_once)

    def part(self, number: int) -> Part:
        index = np.arange(number * self._at_once, min((number + 1) * self._at_once, self.size))
        if self.chosen is None:
            digits = np.stack(np.unravel_index(index, [factor.size for factor in self.factors]), axis=-1)
        else:
            digits = self.chosen[index]
        walls, objects = (np.repeat(array[None], len(index), axis=0) for array in (self.base.walls, self.base.objects))
        for factor, choice in zip(self.factors, digits.T, strict=True):
            walls, objects = factor.change(walls, objects, choice)
        kept = np.flatnonzero(_are_levels(self.world, walls, objects))
        if not len(kept):
            walls[0], objects[0] = self.base.walls, self.base.objects
        # Filled up from the beginning, so that all parts have one shape.
        rows = np.resize(kept if len(kept) else np.zeros(1, int), self._at_once)
        return part_of(self.world, levels_with(self.world, walls[rows], objects[rows], self.base), len(kept))

    def sampled(self, count: int, seed: int) -> Layouts:
        draw = random.Random(seed)
        rows = [[draw.randrange(factor.size) for factor in self.factors] for _ in range(count)]
        words = f"sampled {count:,} of {self.words}"
        return replace(self, words=words, size=count, whole=False, chosen=np.array(rows, np.int64))


def placements(world: World, level: Level, kinds: str | None = None, region: np.ndarray | None = None) -> Layouts:
    """Returns every placement of objects of a level over its free cells; the agent is in every cell anyway.

    Objects of one kind are alike: each placement comes once, whichever of them lies where.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.
    - `kinds`: characters of the kinds that are placed; by default all that the level holds.
    - `region`: where they may lie, `[H, W]`; by default anywhere.

    **Raises:** `UsageError` if the level has no layout; `UnknownNameError` for a kind that it does not hold.
    """
    base, inner = layout_of(world, level)
    free = ~base.walls if region is None else ~base.walls & region
    where = np.flatnonzero(free[1:-1, 1:-1])
    held = {sign: int(count) for sign, count in zip(inner.limits(), base.objects.sum(0), strict=True) if count}
    factors = []
    for sign in held if kinds is None else kinds:
        if sign not in held:
            raise UnknownNameError("kind of object in this level", sign, held)

        kind, count = list(inner.limits()).index(sign), held[sign]

        def place(walls, objects, choice, kind=kind, count=count):
            objects[..., kind] = False
            objects[np.arange(len(choice))[:, None], where[_subset(choice, len(where), count)], kind] = True
            return walls, objects

        what = inner.legend[sign] if count == 1 else f"{count} x {inner.legend[sign]}"
        factors.append(_factor(f"{what} in each of {len(where)} cells", math.comb(len(where), count), place))
    return _set(world, base, factors)


def walls_up_to(world: World, level: Level, most: int) -> Layouts:
    """Returns a level with up to so many of its inner cells turned from floor to wall or back.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.
    - `most`: cells, 0 or more.

    **Raises:** `UsageError` if the level has no layout, or there are too many choices to be counted.
    """
    base, inner = layout_of(world, level)
    cells = inner.grid.cells
    ends = list(itertools.accumulate(math.comb(cells, count) for count in range(most + 1)))

    def toggle(walls, objects, choice):
        inside = np.zeros((len(choice), cells), bool)
        for count, (begin, end) in enumerate(itertools.pairwise([0, *ends])):
            rows = np.flatnonzero((choice >= begin) & (choice < end))
            inside[rows[:, None], _subset(choice[rows] - begin, cells, count)] = True
        walls[:, 1:-1, 1:-1] ^= inside.reshape(walls[:, 1:-1, 1:-1].shape)
        return walls, objects

    return _set(world, base, [_factor(f"up to {most} inner walls more or fewer", ends[-1], toggle)])


def shifts(world: World, level: Level, most: int) -> Layouts:
    """Returns a level with inner walls and objects shifted together; where one of them leaves the room it is none.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.
    - `most`: rows and columns, up and down, left and right; 0 or more.

    **Raises:** `UsageError` if the level has no layout.
    """
    base, _ = layout_of(world, level)

    def shift(walls, objects, choice):
        inside = walls[:, 1:-1, 1:-1]
        things = np.concatenate([inside[..., None], objects.reshape(*inside.shape, -1)], -1)
        wide = np.pad(things, ((0, 0), (most, most), (most, most), (0, 0)))
        for number, step in enumerate(itertools.product(range(-most, most + 1), repeat=2)):
            wide[choice == number] = np.roll(wide[choice == number], step, (1, 2))
        moved = wide[:, most : most + inside.shape[1], most : most + inside.shape[2]]
        lost = moved.sum((1, 2, 3)) < things.sum((1, 2, 3))
        # Without a free cell it is no level.
        walls[:, 1:-1, 1:-1] = moved[..., 0] | lost[:, None, None]
        return walls, moved[..., 1:].reshape(objects.shape)

    return _set(world, base, [_factor(f"everything shifted by up to {most}", (2 * most + 1) ** 2, shift)])


def recolourings(world: World, level: Level) -> Layouts:
    """Returns a level with the kinds of its objects exchanged in every way that makes a difference to it.

    **Arguments:**

    - `world`, `level`: one (not batched) level of a grid world.

    **Raises:** `UsageError` if the level has no layout.
    """
    base, _ = layout_of(world, level)
    orders = itertools.permutations(range(base.objects.shape[-1]))
    table = np.array(list({base.objects[:, order].tobytes(): order for order in orders}.values()))

    def recolour(walls, objects, choice):
        return walls, np.take_along_axis(objects, table[choice][:, None], axis=-1)

    return _set(world, base, [_factor(f"kinds exchanged in {len(table)} ways", len(table), recolour)])


def product(*sets: Layouts) -> Layouts:
    """Returns every combination of what varies in each of several sets of layouts of one level."""
    return _set(sets[0].world, sets[0].base, [factor for one in sets for factor in one.factors])


def _set(world: World, base: GridLayout, factors: list[Factor]) -> Layouts:
    size = math.prod(factor.size for factor in factors)
    words = f"{amount(size)} layouts ({', '.join(factor.words for factor in factors)})"
    return Layouts(words=words, size=size, world=world, base=base, factors=tuple(factors))


def _factor(words: str, size: int, change: Callable) -> Factor:
    if not 0 < size < MOST_CHOICES:
        raise UsageError(f"There are {amount(size)} ways of: {words}. Ask for 1 to 10^18, with smaller numbers.")
    return Factor(words, size, change)


def layout_of(world: World, level: Level) -> tuple[GridLayout, LayoutWorld]:
    """Returns the layout of a level, as numpy arrays, and the world that it is of; `UsageError` if it has none."""
    inner, layout = world.unwrapped, level.layout
    if not (isinstance(inner, LayoutWorld) and isinstance(layout, GridLayout)):
        raise UsageError(
            f"Levels of world '{world.name}' are no layouts of a grid, whose objects and walls could move; name one of "
            f"its distributions: {', '.join(world.distributions)}."
        )
    return jax.tree.map(np.asarray, layout), inner


def levels_with(world: World, walls: np.ndarray, objects: np.ndarray, base: GridLayout) -> Level:
    """Returns the levels of layouts, the hidden controls in the first free cell as in a text, as numpy arrays."""
    first = walls[:, 1:-1, 1:-1].reshape(len(walls), -1).argmin(-1).astype(np.int32)
    parts = (walls, objects, np.repeat(first[:, None], len(base.hidden), axis=1))
    levels = jax.device_get(levels_of(world, GridLayout(*map(jnp.asarray, parts))))
    check_levels(world, levels, "layouts")
    return levels


def _are_levels(world: World, walls: np.ndarray, objects: np.ndarray) -> Bool[np.ndarray, " N"]:
    """Returns which layouts a world takes, `[N]`, by the rules of `LayoutWorld.parse`."""
    inside, count, inner = walls[:, 1:-1, 1:-1].reshape(len(walls), -1), objects.sum(1), world.unwrapped
    assert isinstance(inner, LayoutWorld)
    least, most = np.array(list(inner.limits().values())).reshape(-1, 2).T
    fine = ((count >= least) & (count <= most)).all(-1) & ~inside.all(-1)
    fine &= (objects.sum(-1) <= 1).all(-1) & ~(objects.any(-1) & inside).any(-1)
    free, region = ~walls, np.zeros_like(walls)
    region[np.arange(len(walls)), *(axis + 1 for axis in np.divmod(inside.argmin(-1), walls.shape[2] - 2))] = True
    while True:
        # Rolling past the edge is harmless: the border is wall.
        grown = functools.reduce(np.logical_or, (np.roll(region, move[1:], (1, 2)) for move in MOVES)) & free
        if (grown == region).all():
            return fine & (region == free).all((1, 2))
        region = grown


def _subset(rank: Int[np.ndarray, " N"], items: int, count: int) -> Int[np.ndarray, "N count"]:
    """Returns the subset of each rank, by the combinatorial number system (Knuth, TAOCP 7.2.1.3)."""
    left, chosen = np.array(rank, np.int64), np.zeros((len(rank), count), np.int64)
    for size in range(count, 0, -1):
        table = np.array([math.comb(item, size) for item in range(items)])
        chosen[:, size - 1] = np.searchsorted(table, left, side="right") - 1
        left -= table[chosen[:, size - 1]]
    return chosen
