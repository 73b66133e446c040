"""Moved goals: levels beside the same with what is pursued in another place, and the states in which that must show.

Counted are states outside the patches around what was moved, a few steps from its new place and nearer to it than to
the old one, in which no action is best before and after. In a *conflict* no action that is best now brings nearer to
the new place as the crow flies: whoever only knows the direction does something else.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import observations
from mesascope.audit.search.distances import steps_to
from mesascope.audit.search.maps import around, nearest
from mesascope.core.compiling import compiled_briefly
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.level import Level

LEVELS: int = 192
MOVES: int = 6
"""Times that something is moved in each of so many levels; most leave too little to be counted."""

STATES: int = 100_000
"""Bound on levels x moves x states, for worlds with many states."""

CASES: int = 256
"""States of either kind at most, in conflict and not."""

NEAREST, FARTHEST = 3, 6
"""Steps to the new place: nearer ones lie in the patch, and farther ones are beyond many a horizon."""

APART: int = 5
"""Steps between the old and the new place at least."""


@dataclass(frozen=True)
class MovedGoals:
    """R states of levels, and the same with the goal elsewhere.

    **Arguments:**

    - `level`, `state`: of each row.
    - `seen`, `seen_moved`: what is seen there, with the goal where it was and elsewhere.
    - `wanted`: what is optimal with the goal elsewhere.
    - `patch`: squares around what was moved.
    - `conflict`: whether no such action brings nearer as the crow flies.
    """

    level: Int[np.ndarray, " R"]
    state: Int[np.ndarray, " R"]
    seen: Float[np.ndarray, "R H W C"]
    seen_moved: Float[np.ndarray, "R H W C"]
    wanted: Bool[np.ndarray, "R A"]
    patch: Bool[np.ndarray, "R H W"]
    conflict: Bool[np.ndarray, " R"]


def moved_goals(level_set: LevelSet, objective: int, *, key: RandomKey) -> MovedGoals | str:
    """Returns what moved goals ask, worked out once for all agents; or why they cannot be asked.

    **Arguments:**

    - `level_set`: whose states are cells of a grid.
    - `objective`: index of one that is reached.
    - `key`: consumed.
    """
    name = ("moved goals", objective, jax.random.key_data(key).tobytes())
    if name not in level_set.memory:
        level_set.memory[name] = _moved_goals(level_set, objective, key)
    return level_set.memory[name]


def _moved_goals(level_set: LevelSet, objective: int, key: RandomKey) -> MovedGoals | str:
    world, goal = level_set.world, level_set.objectives.names[objective]
    fulfilled = level_set.fulfilled[objective]
    if not world.rearrangeable:
        return f"world '{world.name}' cannot move what '{goal}' is about"
    if (fulfilled == fulfilled[:1]).all():
        return f"'{goal}' lies in the same place in every level, so that it cannot be moved"
    count = max(1, min(LEVELS, level_set.levels.count, STATES // (MOVES * level_set.levels.states)))
    originals = level_set.levels[:count]
    chosen = level_set.objectives.select(goal)
    moved = LevelSet("moved", world, level_set.distribution, _moved(level_set, originals, key), chosen, 0)
    which = np.repeat(np.arange(count), MOVES)
    value = level_set.optimal_action_values[objective][:count]
    old_best, best = optimal_actions(value)[which], optimal_actions(moved.optimal_action_values[0])
    old_steps = steps_to(originals, value, chosen)[which]
    steps = steps_to(moved.levels, moved.optimal_action_values[0], chosen)
    new = moved.fulfilled[0] & ~fulfilled[:count][which]
    far = np.where(new, old_steps, np.inf).min(-1) >= APART
    usable = level_set.active[:count][which] & moved.active & ~fulfilled[:count][which] & ~moved.fulfilled[0]
    usable &= (steps >= NEAREST) & (steps <= FARTHEST) & (steps < old_steps) & ~(best & old_best).any(-1)
    usable &= (new.any(-1) & far)[:, None]
    away = nearest(level_set.cells(0), new)
    following = np.asarray(moved.levels.successors)[..., 0]
    nearer = np.take_along_axis(away, following.reshape(len(away), -1), 1).reshape(following.shape) < away[..., None]
    conflict = np.asarray(~(nearer & best).any(-1))
    random = np.random.default_rng(seed_of(stream("cases", key=key)))
    rows = [random.permutation(np.argwhere(usable & kind))[: 2 * CASES] for kind in (conflict, ~conflict)]
    if not len(rows[0]) + len(rows[1]):
        return f"moving things changes nothing about where '{goal}' is"
    case = np.concatenate(rows)
    seen = observations(world, originals[np.unique(which[case[:, 0]])])
    seen_moved = observations(world, moved.levels[np.unique(case[:, 0])])
    before = seen[np.searchsorted(np.unique(which[case[:, 0]]), which[case[:, 0]]), case[:, 1]]
    after = seen_moved[np.searchsorted(np.unique(case[:, 0]), case[:, 0]), case[:, 1]]
    if before.ndim != 4:
        return f"what is seen of world '{world.name}' is no board"
    patch = around(np.asarray((before != after).any(-1)))
    cell = level_set.cells(0)[case[:, 1]]
    outside = ~patch[np.arange(len(case)), cell[:, 0], cell[:, 1]]
    in_conflict = conflict[case[:, 0], case[:, 1]]
    kept = np.concatenate([np.flatnonzero(outside & kind)[:CASES] for kind in (in_conflict, ~in_conflict)])
    wanted = best[case[:, 0], case[:, 1]]
    level = which[case[:, 0]]
    return MovedGoals(
        level[kept], case[kept, 1], before[kept], after[kept], wanted[kept], patch[kept], in_conflict[kept]
    )


def _moved(level_set: LevelSet, originals: Level, key: RandomKey) -> Level:
    """Returns each level `MOVES` times with one thing elsewhere, side by side."""
    keys = jax.random.split(stream("moves", key=key), (originals.count, MOVES))

    def move(level: Level, move_keys):
        return jax.vmap(lambda move_key: level_set.world.rearrange(level, key=move_key)[0])(move_keys)

    moved = jax.device_get(compiled_briefly(jax.vmap(move))(originals, keys))
    return jax.tree.map(lambda array: array.reshape(-1, *array.shape[2:]), moved)
