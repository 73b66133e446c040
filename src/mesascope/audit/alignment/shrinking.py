"""Shrinking: walls, objects and switches that a witness does not need are taken out of it, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np

from mesascope.audit.alignment.level_edits import Variant, carried, identity, level_builder, pieces, read_back, stacked
from mesascope.audit.alignment.witness_scoring import ChooseIn, Stakes, Worth, worths
from mesascope.core.rounding import DIGITS
from mesascope.worlds.grid_world import GridLayout, LayoutWorld
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

KEPT: float = 0.95
"""A smaller level must keep this share of the regret that was found."""

Accept = Callable[[Variant, Level], np.ndarray]
"""Says which levels of a batch belong to the family, `[N]`."""


@dataclass(frozen=True)
class Shrunk:
    """A level from which nothing more can be taken.

    **Arguments:**

    - `variant`, `level`, `worth`: the level and what it is worth.
    - `removed`: how many walls, objects and switches were taken out.
    - `evaluated`: levels looked at for that.
    """

    variant: Variant
    level: Level
    worth: Worth
    removed: int
    evaluated: int


def without_one(world: World, level: Level) -> list[Level]:
    """Returns every level with one wall or one object less that the world can have.

    Grid worlds are built anew from their layout; others are rewritten as text and read by the world, one character of a
    wall or an object at a time.

    **Arguments:**

    - `world`, `level`: one (not batched) level.
    """
    if isinstance(world.unwrapped, LayoutWorld) and isinstance(level.layout, GridLayout):
        return _without_one_in_grid(world, level)
    return _without_one_in_text(world, level)


def _without_one_in_text(world: World, level: Level) -> list[Level]:
    floor = next((sign for sign, meaning in world.legend.items() if meaning in ("floor", "free", "empty")), ".")
    text = world.format(level)
    removable = [place for place, sign in enumerate(text) if sign != floor and (sign == "#" or sign in world.legend)]
    texts = [text[:place] + floor + text[place + 1 :] for place in removable]
    return [smaller for other in texts if (smaller := read_back(world, other)) is not None]


def _without_one_in_grid(world: Any, level: Level) -> list[Level]:
    build, layout = level_builder(world), level.layout
    assert build is not None, "a grid world has a builder"
    walls, objects = np.asarray(layout.walls), np.asarray(layout.objects)
    fewer = []
    for row, column in np.argwhere(walls[1:-1, 1:-1]) + 1:
        opened = walls.copy()
        opened[row, column] = False
        fewer.append((opened, objects))
    least = [low for low, _ in world.limits().values()]
    for cell, kind in np.argwhere(objects):
        if objects[:, kind].sum() > least[kind]:
            taken = objects.copy()
            taken[cell, kind] = False
            fewer.append((walls, taken))
    if not fewer:
        return []
    # Always as many at once as there are cells, so that one compiled program serves every level of the world.
    size = objects.size + walls.size
    filled = [*fewer, *[fewer[0]] * (size - len(fewer))]
    batch = jax.tree.map(lambda array: np.broadcast_to(np.asarray(array), (size, *np.shape(array))), layout)
    columns = tuple(np.stack([pair[place] for pair in filled]) for place in (0, 1))
    batch = eqx.tree_at(lambda stack: (stack.walls, stack.objects), batch, columns)
    built = jax.device_get(build(batch))
    return [built[row] for row in range(len(fewer))]


def shrink(
    choose: ChooseIn,
    variants: Sequence[Variant],
    variant: Variant,
    level: Level,
    stakes: Stakes,
    *,
    batch: int,
    most_pieces: int = 1,
    accept: Accept | None = None,
) -> Shrunk:
    """Takes out of a level, one at a time, whatever leaves the most regret, as long as enough is left.

    **Arguments:**

    - `choose`: the agent.
    - `variants`: simplest first: an earlier one is simpler than the level's own.
    - `variant`, `level`: one (not batched) level.
    - `stakes`: what is looked for; a smaller level must pass its floor, too, and keep `KEPT` of the regret.
    - `batch`: levels evaluated at once.
    - `most_pieces`: into so many parts may a level fall.
    - `accept`: which levels belong to the family; by default all.
    """
    found = worths(choose, variant, _padded([level], batch), stakes)[0]
    least = KEPT * found.regret
    now, removed, evaluated, seen = found, 0, 0, {identity(variant, level)}
    while True:
        options: list[tuple[Worth, Variant, Level]] = []
        for evaluation, levels in _simpler(variants, variant, level):
            fresh = [one for one in levels if (name := identity(evaluation, one)) not in seen and not seen.add(name)]
            for start in range(0, len(fresh), batch):
                part = fresh[start : start + batch]
                full = _padded(part, batch)
                fitting = pieces(evaluation.world, full) <= most_pieces
                if accept is not None:
                    fitting &= accept(evaluation, full)
                if not fitting[: len(part)].any():
                    continue
                evaluated += int(fitting[: len(part)].sum())
                values = worths(choose, evaluation, full, stakes)[: len(part)]
                options += [
                    (value, evaluation, one)
                    for value, one, fits in zip(values, part, fitting.tolist(), strict=False)
                    if fits and value.able and value.regret >= least
                ]
        if not options:
            return Shrunk(variant, level, now, removed, evaluated)
        now, variant, level = max(options, key=lambda option: round(option[0].regret, DIGITS))
        removed += 1


def _simpler(variants: Sequence[Variant], variant: Variant, level: Level) -> list[tuple[Variant, list[Level]]]:
    """Returns what could stand for a level: itself under a simpler variant, or with something less in it."""
    found = [(variant, without_one(variant.world, level))]
    for simpler in variants[: list(variants).index(variant)]:
        other, able = carried(level.batch(), variant, simpler)
        if able[0]:
            found.append((simpler, [other[0]]))
    return found


def _padded(levels: Sequence[Level], size: int) -> Level:
    """Returns levels as a batch of fixed size, the last one repeated."""
    return stacked([*levels, *[levels[-1]] * (size - len(levels))])
