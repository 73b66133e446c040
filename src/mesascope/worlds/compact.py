"""Levels without the states that cannot be reached: what an audit costs then grows with those that can.

The world still sees its own levels: each compacted level carries the whole one and the number of each state in it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.random import RandomKey
from mesascope.worlds.level import AnyArray, Level
from mesascope.worlds.world import World
from mesascope.worlds.wrapped_world import WrappedWorld

WORTH: float = 0.5
"""Levels are compacted where at most this share of their states is left."""

ROOM: float = 1.25
"""Levels that can be changed keep room for states that only a change opens, as a multiple of the largest level."""


class CompactLayout(eqx.Module):
    """What a compacted level shows.

    **Arguments:**

    - `whole`: the level as its world made it.
    - `states`: the number in it of each state that is left, `[S]`; as many as it has where there is none.
    """

    whole: Level
    states: Int[AnyArray, "*batch S"]


def compacted(world: World, levels: Level) -> tuple[World, Level]:
    """Returns levels without states that cannot be reached, and the world that shows them.

    Both are as given where that would spare little, and for built-in worlds.

    States that are left keep their order; levels with fewer than the largest are filled up with unreachable states
    that lead nowhere. Values, visits and whatever else is computed from a level are the same, state by state.

    **Arguments:**

    - `world`: that made the levels.
    - `levels`: a batch, as numpy arrays.
    """
    reachable = np.asarray(levels.reachable)
    size = int(reachable.sum(-1).max(initial=1))
    if world.editable or world.rearrangeable:
        size = int(np.ceil(size * ROOM))
    if isinstance(world, CompactWorld) or _built_in(world) or size > WORTH * levels.states:
        return world, levels
    # A stable sort puts the reachable states first and leaves their order.
    states = np.argsort(~reachable, axis=-1, kind="stable")[:, :size].astype(np.int32)
    states = np.where(np.take_along_axis(reachable, states, -1), states, levels.states)
    return CompactWorld(world), _projected(levels, states)


def _built_in(world: World) -> bool:
    """Whether a world is one of ours: assays may count on the meaning of its states, and few are left out."""
    return type(world.unwrapped).__module__.startswith("mesascope.")


def _projected(whole: Level, states: Int[np.ndarray, "N S"]) -> Level:
    """Returns a batch of levels with the states named, in that order; a number that there is not stands for none."""
    parts = []
    for row in range(whole.count):
        number = np.full(whole.states + 1, -1, np.int32)
        number[states[row]] = np.arange(states.shape[1], dtype=np.int32)
        number[-1] = -1
        parts.append(
            _project(np, jax.tree.map(lambda array, row=row: np.asarray(array[row]), bare(whole)), states[row], number)
        )
    levels = jax.tree.map(lambda *arrays: np.stack(arrays), *parts)
    return dataclasses.replace(levels, layout=CompactLayout(whole, states))


def _project(xp: Any, whole: Level, states: Int[AnyArray, " S"], number: Int[AnyArray, " T"]) -> Level:
    """Returns one level with the states named, without a layout; in numpy or, inside `jit`, in JAX.

    **Arguments:**

    - `xp`: the one or the other.
    - `whole`: T - 1 states.
    - `states`: the number in it of each state that is left; T - 1 where there is none.
    - `number`: the new number of each of its states, -1 for those that are left out.
    """
    kept, there = xp.minimum(states, whole.states - 1), states < whole.states
    shown = there[:, None, None]
    probabilities, attributes = whole.probabilities[kept], whole.attributes[kept]
    successors = number[whole.successors[kept]]
    # Nothing that is reached leads to what is not: only what is possible on paper, as after the end, stays where it is.
    here = xp.arange(len(states), dtype=successors.dtype)[:, None, None]
    certain = (xp.arange(probabilities.shape[-1]) == 0).astype(probabilities.dtype)
    return Level(
        successors=xp.where(shown & (successors >= 0), successors, here).astype(whole.successors.dtype),
        probabilities=xp.where(shown, probabilities, certain),
        attributes=xp.where(shown[..., None], attributes, xp.zeros_like(attributes)),
        initial=xp.where(there, whole.initial[kept], xp.zeros_like(whole.initial[kept])),
        terminal=xp.where(there, whole.terminal[kept], True),
        reachable=xp.where(there, whole.reachable[kept], False),
        discount=whole.discount,
        layout=None,
    )


def bare(level: Level) -> Level:
    """Returns a level without its layout."""
    return dataclasses.replace(level, layout=None)


class CompactWorld(WrappedWorld):
    """A world whose levels hold only the states that can be reached; see `compacted`.

    What it samples and reads are whole levels; `compacted` makes them small.
    """

    def around(self, world: World) -> CompactWorld:
        return CompactWorld(world)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompactWorld) and self.world == other.world

    def __hash__(self) -> int:
        return hash((CompactWorld, self.world))

    def observe(self, level: Level, state: Int[Array, ""]) -> Float[Array, "..."]:
        return self.world.observe(level.layout.whole, self._whole_state(level, state))

    def observe_states(self, level: Level) -> Float[Array, "S ..."]:
        # State by state: the inner world would show all of the whole level.
        return World.observe_states(self, level)

    def legal(self, level: Level) -> Bool[Array, "*batch S A"] | None:
        found = self.world.legal(level.layout.whole)
        if found is None:
            return None
        kept = jnp.minimum(level.layout.states, level.layout.whole.states - 1)
        return jnp.take_along_axis(jnp.asarray(found), jnp.asarray(kept)[..., None], axis=-2)

    def format(self, level: Level, state: int | None = None) -> str:
        whole = level.layout.whole
        return self.world.format(whole, None if state is None else self._number(level, state))

    def position(self, level: Level, state: int) -> tuple[int, int] | None:
        if int(level.layout.states[state]) >= level.layout.whole.states:
            return None
        return self.world.position(level.layout.whole, self._number(level, state))

    def edit(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        """Returns an edited level: its states keep their numbers, new ones take those that were free.

        A level in which there is no room for all of them has no reachable state.
        """
        edited, place = self.world.edit(level.layout.whole, key=key)
        return _kept(edited, jnp.asarray(level.layout.states)), place

    def rearrange(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        """Returns a level with something moved, in the manner of `edit`."""
        moved, place = self.world.rearrange(level.layout.whole, key=key)
        return _kept(moved, jnp.asarray(level.layout.states)), place

    def _whole_state(self, level: Level, state: Int[Array, ""]) -> Int[Array, ""]:
        return jnp.minimum(level.layout.states[state], level.layout.whole.states - 1)

    def _number(self, level: Level, state: int) -> int:
        return min(int(level.layout.states[state]), level.layout.whole.states - 1)


def _kept(whole: Level, states: Int[Array, " S"]) -> Level:
    """Returns one edited level with the states that it had before; runs inside `jit`."""
    size, count = states.shape[0], whole.states
    known = jnp.zeros(count + 1, bool).at[states].set(True)[:count]
    new = whole.reachable & ~known
    free = states >= count
    # The i-th new state takes the i-th free number.
    rank = jnp.where(new, jnp.cumsum(new) - 1, size)
    by_rank = jnp.full(size + 1, count, states.dtype).at[rank].set(jnp.arange(count, dtype=states.dtype))
    by_rank = by_rank.at[size].set(count)
    turn = jnp.where(free, jnp.cumsum(free) - 1, size)
    states = jnp.where(free, by_rank[turn], states)
    fits = new.sum() <= free.sum()
    number = jnp.full(count + 1, -1, jnp.int32).at[states].set(jnp.arange(size, dtype=jnp.int32)).at[count].set(-1)
    level = _project(jnp, bare(whole), states, number)
    return dataclasses.replace(level, reachable=level.reachable & fits, layout=CompactLayout(whole, states))
