"""Sets of states by name, as users type them."""

from __future__ import annotations

import re
from dataclasses import replace

import jax
import numpy as np

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.critical_values import CHANGES, images_named
from mesascope.proof.layouts import (
    layout_of,
    levels_with,
    placements,
    product,
    recolourings,
    shifts,
    walls_up_to,
)
from mesascope.proof.state_set import Start, StateSet, distribution
from mesascope.worlds.level import Level
from mesascope.worlds.world import World


def set_named(
    text: str, world: World, *, level: Level | str | None = None, seed: int = 0, start: Start = "all"
) -> StateSet:
    """Returns the set that a text names: a distribution, or `placements`, `walls:2`, `shifts:1`, `recolourings`.

    **Arguments:**

    - `text`: several of the latter, joined by `+`, are every combination of them. By itself one of
      `critical_values.CHANGES` with a number: all that it makes of the first observation.
    - `world`: of which it is a set.
    - `level`: one (not batched) level that is changed, or its text; by default one of the first distribution, without
      inner walls.
    - `seed`: of that level, and of what is sampled.
    - `start`: `"all"` or `"first"`, as of every set.

    **Raises:** `UnknownNameError` for another name; `UsageError` for a number that cannot be, or no layouts.
    """
    if start not in ("all", "first"):
        raise UnknownNameError("kind of start", start, ("all", "first"))
    if text in world.distributions:
        return distribution(world, text, seed=seed, start=start)
    known = {"placements": placements, "walls": walls_up_to, "shifts": shifts, "recolourings": recolourings}
    given = jax.device_get(world.parse(level)) if isinstance(level, str) else level
    made = []
    for name, _, number in (part.strip().partition(":") for part in text.split("+")):
        if name not in (*known, *CHANGES):
            raise UnknownNameError("set of states", name, (*world.distributions, *known, *CHANGES))
        if (name in ("walls", "shifts", *CHANGES)) != (re.fullmatch(r"\d{1,3}(\.\d{1,6})?", number) is not None):
            raise UsageError(f"'{name}:{number}' is no set: write walls:N and the like with a number, others without.")
        if name in CHANGES:
            return images_named(name, float(number), world, given or _first_level(world, seed))
        given = given or _cleared(world, _first_level(world, seed))
        made.append(known[name](world, given, *([int(float(number))] if number else [])))
    return replace(product(*made), start=start)


def _first_level(world: World, seed: int) -> Level:
    levels = distribution(world, world.distributions[0], drawn=1, seed=seed).part(0).levels
    assert levels is not None
    return levels[0]


def _cleared(world: World, level: Level) -> Level:
    """Returns a level without its inner walls."""
    base, _ = layout_of(world, level)
    room = np.pad(np.zeros_like(np.asarray(base.walls)[1:-1, 1:-1]), 1, constant_values=True)
    return levels_with(world, room[None], np.asarray(base.objects)[None], base)[0]
