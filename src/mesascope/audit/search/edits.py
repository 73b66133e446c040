"""Edited levels: each level with many small visible changes, and what is optimal after each of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Int

from mesascope.audit.level_set import LevelSet
from mesascope.core.compiling import compiled_briefly
from mesascope.core.random import RandomKey
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.compact import CompactLayout
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

LEVELS: int = 192
EDITS: int = 32
"""Edits tried in each of so many levels; most change nothing that matters, and no agent is asked about those."""

TOGETHER: int = 16
"""Levels edited in one call, always as many where there are so many, so that one compiled program does for any number.
"""

STATES: int = 400_000
"""Bound on levels x edits x states, for worlds with many states."""


@dataclass(frozen=True)
class Edits:
    """The first N levels of a level set, each with `EDITS` edits.

    **Arguments:**

    - `originals`: N levels.
    - `edited`: N * EDITS levels, those of one original side by side.
    - `places`: row and column of each edit in the text form, `[N * EDITS, 2]`.
    - `value`: optimal values of actions after each edit, under one objective, `[N * EDITS, S, A]`.
    """

    originals: Level
    edited: Level
    places: Int[np.ndarray, "E 2"]
    value: Float[np.ndarray, "E S A"]


def edits_of(level_set: LevelSet, objective: int, *, key: RandomKey) -> Edits:
    """Returns edits of the levels of a level set, worked out once for all agents that are asked about them.

    **Arguments:**

    - `level_set`: of a world that is editable.
    - `objective`: index of the one by which levels are solved.
    - `key`: consumed.
    """
    name = ("edits", objective, jax.random.key_data(key).tobytes())
    if name not in level_set.memory:
        level_set.memory[name] = _edits(level_set, objective, key)
    return level_set.memory[name]


def _edits(level_set: LevelSet, objective: int, key: RandomKey) -> Edits:
    count = max(1, min(LEVELS, level_set.levels.count, STATES // (EDITS * _held(level_set.levels))))
    originals = level_set.levels[:count]
    edit, keys = _editor(level_set.world), jax.random.split(key, (count, EDITS))
    size = min(TOGETHER, count)
    rows = np.minimum(np.arange(-(-count // size) * size), count - 1).reshape(-1, size)
    parts = [jax.device_get(edit(originals[some], keys[some])) for some in rows]
    edited, places = jax.tree.map(lambda *arrays: np.concatenate(arrays)[:count], *parts)
    flat = jax.tree.map(lambda array: array.reshape(-1, *array.shape[2:]), edited)
    chosen = level_set.objectives.select(level_set.objectives.names[objective])
    return Edits(originals, flat, np.asarray(places).reshape(-1, 2), optimal_action_values(flat, chosen)[0])


@functools.lru_cache(maxsize=16)
def _editor(world: World) -> Callable:
    """Returns the edits of a batch of levels, one for each key, compiled once."""
    return compiled_briefly(jax.vmap(lambda level, keys: jax.vmap(lambda key: world.edit(level, key=key))(keys)))


def _held(levels: Level) -> int:
    """Returns the states that an edited level takes the memory of: compacted ones carry the whole."""
    return levels.layout.whole.states if isinstance(levels.layout, CompactLayout) else levels.states
