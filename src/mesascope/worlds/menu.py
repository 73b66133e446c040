"""Menus of environments: edits of a level in which an agent could be watched next."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax

from mesascope.core.compiling import compiled_briefly
from mesascope.core.random import RandomKey
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

POOL: int = 64
"""Levels are sampled so many at a time, whatever is needed of them: each other number would be compiled anew."""


@dataclass(frozen=True)
class MenuItem:
    """An environment on offer.

    **Arguments:**

    - `name`: what was changed, for people.
    - `kind`: `"move"`, `"wall"` or `"fresh"`, or what somebody else's menu calls it.
    - `level`: one (not batched) level.
    - `visible`: whether observations show the change. What they do not show can be asked of planners that are told, but
      not of a trained network.
    """

    name: str
    kind: str
    level: Level
    visible: bool = False


def sample_pool(world: World, distribution: str, *, key: RandomKey) -> Level:
    """Returns `POOL` levels of a distribution, or all that it has.

    **Arguments:**

    - `world`, `distribution`: where from.
    - `key`: consumed.
    """
    distinct = world.distinct_levels(distribution)
    return world.sample(key=key, distribution=distribution, count=POOL if distinct is None else min(POOL, distinct))


def visible_menu(world: World, *, distributions: tuple[str, ...], count: int, key: RandomKey) -> tuple[MenuItem, ...]:
    """Returns environments that an agent can see the difference of: fresh levels, moved objects, changed walls.

    **Arguments:**

    - `world`: where from.
    - `distributions`: that fresh levels and those to be edited come from, in turn.
    - `count`: how many, at most: fewer if the world has no more different ones.
    - `key`: consumed.
    """
    kinds = ["fresh"] + ["move"] * world.rearrangeable + ["wall"] * world.editable
    items: list[MenuItem] = []
    for place, distribution in enumerate(distributions):
        share = min(POOL, len(range(place, count, len(distributions))))
        distinct = world.distinct_levels(distribution)
        fresh = share if distinct is None else min(share, distinct)
        key_levels, key_edits = jax.random.split(jax.random.fold_in(key, place))
        if fresh:
            levels = jax.device_get(sample_pool(world, distribution, key=key_levels))[:fresh]
            items += _variants(world, levels, kinds, distribution, key_edits)
    return tuple(items[:count])


@functools.lru_cache(maxsize=16)
def _changing(world: World, kind: str) -> Callable:
    """Returns the change of a batch of levels, compiled once."""
    change = world.rearrange if kind == "move" else world.edit
    return compiled_briefly(jax.vmap(lambda level, key: change(level, key=key)))


def _variants(world: World, levels: Level, kinds: list[str], distribution: str, key: RandomKey) -> list[MenuItem]:
    """Returns each level with its turn's kind of change; whole batches are changed in one compiled call."""
    keys = jax.random.split(key, levels.count)
    changed = {"fresh": (levels, None)}
    for kind in ("move", "wall"):
        if kind in kinds:
            changed[kind] = jax.device_get(_changing(world, kind)(levels, keys))
    words = {"fresh": "fresh level", "move": "object moved to", "wall": "wall changed at"}
    items = []
    for index in range(levels.count):
        kind = kinds[index % len(kinds)]
        batch, places = changed[kind]
        where = "" if places is None else f" row {int(places[index][0])}, column {int(places[index][1])}"
        name = f"{words[kind]}{where} ({distribution} {index})"
        items.append(MenuItem(name, kind, batch[index], visible=True))
    return items
