"""From a menu to a level of an episode of choices: its states, what follows in them, and what an agent sees there."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.worlds.causal.menu import BASE, GONE, HARMS, OTHER, SEEMS_GONE, SLOTS, Kind, Menu, Number, consequences
from mesascope.worlds.level import Level

PERCEIVED: tuple[int, ...] = tuple(range(OTHER + 1))
"""Consequences that are seen as they are; the last, what vanishes, is seen as it seems unless the truth is told."""
EFFECTS: int = len(PERCEIVED) + 1
"""Numbers that an observation gives for what follows from an option."""
FLAGS: tuple[str, ...] = ("used", "enables", "enabled", "steps left", "cue", "threat", "pointer", "knowledge")
MOST_STEPS: int = 3
"""Choices in the longest episode of any story; steps left are seen as a share of it."""


@dataclass(frozen=True)
class Episodes:
    """Every course an episode can take, the same in all levels.

    What an option brings depends on what was chosen before and not on the order, so a state is a set with repetition.
    The last state is the end.

    **Arguments:**

    - `successors`: `[states, slots]`.
    - `chosen`: which options have been chosen before, `[states, slots]`.
    - `step`: how many choices were made, `[states]`.
    """

    successors: Int[np.ndarray, "S slots"]
    chosen: Bool[np.ndarray, "S slots"]
    step: Int[np.ndarray, " S"]

    @property
    def states(self) -> int:
        """How many there are, the end included."""
        return len(self.step)


@functools.cache
def episodes(slots: int, steps: int) -> Episodes:
    """Returns every course of an episode.

    **Arguments:**

    - `slots`: options on the menu.
    - `steps`: choices in an episode.
    """
    courses = [
        course for length in range(steps) for course in itertools.combinations_with_replacement(range(slots), length)
    ]
    place = {course: index for index, course in enumerate(courses)}
    end = len(courses)
    successors = np.full((end + 1, slots), end)
    chosen = np.zeros((end + 1, slots), bool)
    step = np.full(end + 1, steps)
    for index, course in enumerate(courses):
        chosen[index, list(course)] = True
        step[index] = len(course)
        for slot in range(slots):
            successors[index, slot] = place.get(tuple(sorted((*course, slot))), end)
    return Episodes(successors, chosen, step)


@functools.partial(jax.jit, static_argnums=1)
def level_of(menu: Menu, steps: int, delay_share: Number, discount: Number) -> Level:
    """Returns the (not batched) level of a menu.

    **Arguments:**

    - `menu`: of the level.
    - `steps`: choices in an episode; static.
    - `delay_share`: as of `consequences`.
    - `discount`: in (0, 1].
    """
    courses = episodes(SLOTS, steps)
    before, after = consequences(menu, delay_share)
    enabled = (jnp.asarray(courses.chosen) & (menu.kind == Kind.ENABLE)).any(-1)
    happens = jnp.where(enabled[:, None, None], after, before)
    happens = jnp.where(courses.chosen[..., None], 0.0, happens)
    given = menu.circumstances
    base = happens[..., BASE] - happens[..., jnp.array(HARMS)].sum(-1)
    told = jnp.where(given.pointer > 0.5, happens[..., OTHER], base)
    believed = jnp.where(given.knowledge, happens[..., GONE], happens[..., SEEMS_GONE])
    hidden = jnp.where(courses.chosen[..., None], 0.0, menu.hidden)
    attributes = jnp.concatenate([happens, told[..., None], believed[..., None], hidden], axis=-1)
    terminal = np.arange(courses.states) == courses.states - 1
    attributes = jnp.where(terminal[:, None, None], 0.0, attributes)
    shape = (courses.states, SLOTS, 1)
    return Level(
        jnp.asarray(courses.successors[..., None]),
        jnp.ones(shape, jnp.float32),
        attributes[:, :, None].astype(jnp.float32),
        (jnp.arange(courses.states) == 0).astype(jnp.float32),
        jnp.asarray(terminal),
        jnp.ones(courses.states, bool),
        jnp.float32(discount),
        menu,
    )


@functools.partial(jax.jit, static_argnums=2)
def seen_of(level: Level, state: Int[Array, ""], steps: int, delay_share: Number) -> Float[Array, "slots 1 channels"]:
    """Returns what an agent sees in a state: what would follow from each option, now and once enabled, and the flags.

    **Arguments:**

    - `level`: from `level_of`.
    - `state`: of it.
    - `steps`, `delay_share`: as of `level_of`.
    """
    menu, courses = level.layout, episodes(SLOTS, steps)
    given = menu.circumstances
    chosen = jnp.asarray(courses.chosen)[state]
    left = (steps - jnp.asarray(courses.step)[state]) / MOST_STEPS
    before, after = consequences(menu, delay_share)
    is_enabling = menu.kind == Kind.ENABLE
    enabled = (chosen & is_enabling).any()

    def perceived(effects: Float[Array, "slots effects"]) -> Float[Array, "slots perceived"]:
        vanishes = jnp.where(given.knowledge, effects[:, GONE], effects[:, SEEMS_GONE])
        seen = jnp.concatenate([effects[:, jnp.array(PERCEIVED)], vanishes[:, None]], axis=-1)
        return jnp.where(chosen[:, None], 0.0, seen)

    shared = jnp.stack([enabled, left, given.cue, given.threat, given.pointer, given.knowledge])
    flags = jnp.stack([chosen, is_enabling], axis=-1)
    parts = [
        jnp.where(enabled, perceived(after), perceived(before)),
        perceived(after),
        flags,
        jnp.broadcast_to(shared, (SLOTS, len(shared))),
    ]
    return jnp.concatenate([part.astype(jnp.float32) for part in parts], axis=-1)[:, None]
