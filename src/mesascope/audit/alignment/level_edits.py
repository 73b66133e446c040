"""Edits of levels: walls toggled, objects moved, variants switched; what a search for levels takes its steps with."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse
from jaxtyping import Bool, Int

from mesascope.core.compiling import compiled_briefly
from mesascope.core.errors import UsageError, WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.grid_world import GridLayout, LayoutWorld
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

MOST_VARIANTS: int = 8
"""More variants than this would leave each of them too few levels, and each has to be compiled."""


@dataclass(frozen=True)
class Variant:
    """One way in which a family's levels can be set: its switches, a cue, or whatever else an option says.

    **Arguments:**

    - `name`: for people.
    - `world`: with that option; same observation shape and actions as those of the other variants.
    - `distribution`: that fresh levels are drawn from.
    """

    name: str
    world: World
    distribution: str

    @property
    def changeable(self) -> bool:
        """Whether levels can be edited at all."""
        return self.world.editable or self.world.rearrangeable


def variants_of(world: World, *, distribution: str | None = None, most: int = MOST_VARIANTS) -> tuple[Variant, ...]:
    """Returns a world as it is given, and in conditions that it declares: those that change least before the others.

    A world declares conditions by a method `conditions` (tests by name, each a tuple of conditions) and one `under`, as
    `SwitchedWorld` does; or by an attribute `switches` alone, names of boolean options, whose settings are combined.

    **Arguments:**

    - `world`: most have one variant, themselves.
    - `distribution`: of fresh levels; by default the world's last, which is the one after the shift.
    - `most`: variants at most; some worlds declare over fifty, each of which is compiled and sampled.
    """
    distribution = world.distributions[-1] if distribution is None else distribution
    world.check_distribution(distribution)
    found: list[tuple[int, str, World]] = []
    declared: Any = world
    if hasattr(declared, "conditions") and hasattr(declared, "under"):
        for condition in itertools.chain.from_iterable(declared.conditions().values()):
            found.append((len(getattr(condition, "settings", ())), condition.summary, declared.under(condition)))
    else:
        switches = tuple(getattr(declared, "switches", ()))
        for count in range(1, len(switches) + 1):
            for flipped in itertools.islice(itertools.combinations(switches, count), most):
                now = {name: not getattr(world, name) for name in flipped}
                name = ", ".join(f"{switch} {'on' if on else 'off'}" for switch, on in now.items())
                found.append((count, name, world.with_options({option: str(value) for option, value in now.items()})))
    variants = [Variant("as given", world, distribution)]
    for _, name, other in sorted(found, key=lambda entry: entry[0]):
        if len(variants) < most and all(other != variant.world for variant in variants):
            variants.append(Variant(name, other, distribution))
    return tuple(variants)


def check_variants(variants: Sequence[Variant]) -> None:
    """Raises `UsageError` unless there are variants, and one agent can act in all of them."""
    if not variants:
        raise UsageError("A search for levels needs at least one variant to draw them in; none was given.")
    first = variants[0].world
    for variant in variants:
        variant.world.check_distribution(variant.distribution)
        if variant.world.observation_shape != first.observation_shape or variant.world.actions != first.actions:
            raise UsageError(
                f"Variant '{variant.name}' shows observations of shape {list(variant.world.observation_shape)} "
                f"and offers {len(variant.world.actions)} actions, '{variants[0].name}' "
                f"{list(first.observation_shape)} and {len(first.actions)}; one agent cannot act in both."
            )


def stacked(levels: Sequence[Level]) -> Level:
    """Returns single levels of one world as a batch of numpy arrays."""
    return jax.tree.map(lambda *arrays: np.stack([np.asarray(array) for array in arrays]), *levels)


def changed(world: World, levels: Level, counts: Int[np.ndarray, " N"], *, key: RandomKey) -> Level:
    """Returns levels after some random edits each: a wall toggled or an object moved, as the world allows.

    **Arguments:**

    - `world`: editable, rearrangeable or both.
    - `levels`: a batch of N levels; each other N is compiled anew.
    - `counts`: of edits in each, 0 or more.
    - `key`: consumed.
    """
    step = _changer(world)
    for turn in range(int(counts.max(initial=0))):
        keys = jax.random.split(jax.random.fold_in(key, turn), levels.count)
        levels = step(levels, keys, counts > turn)
    return jax.device_get(levels)


@functools.lru_cache(maxsize=32)
def _changer(world: World) -> Callable:
    """Returns the edit of a batch of levels, compiled once."""
    if not (world.editable or world.rearrangeable):
        raise WorldError(
            f"World '{world.name}' offers neither edits nor objects to move; its levels can only be drawn."
        )

    def once(level: Level, key: RandomKey, wanted: Bool[jax.Array, ""]) -> Level:
        key_kind, key_wall, key_object = jax.random.split(key, 3)
        ways = []
        if world.editable:
            ways.append(world.edit(level, key=key_wall)[0])
        if world.rearrangeable:
            ways.append(world.rearrange(level, key=key_object)[0])
        kind = jax.random.bernoulli(key_kind)
        edited = jax.tree.map(lambda one, other: jnp.where(kind, one, other), ways[0], ways[-1])
        return jax.tree.map(lambda new, old: jnp.where(wanted, new, old), edited, level)

    return compiled_briefly(jax.vmap(once))


def level_builder(world: World) -> Callable[[GridLayout], Level] | None:
    """Returns what turns a batch of layouts into levels, compiled once; `None` unless the world is a grid world."""
    return _builder(world) if isinstance(world.unwrapped, LayoutWorld) else None


@functools.lru_cache(maxsize=32)
def _builder(world: Any) -> Callable[[GridLayout], Level]:
    return compiled_briefly(jax.vmap(world.level))


def carried(levels: Level, source: Variant, target: Variant) -> tuple[Level, Bool[np.ndarray, " N"]]:
    """Returns the same levels under another variant, and for which of them there is such a level.

    Grid worlds are built anew from their layout; others are written down and read by the other world.

    **Arguments:**

    - `levels`: a batch of N levels of the source.
    - `source`, `target`: from where to where.
    """
    everywhere = np.ones(levels.count, bool)
    if source.world == target.world:
        return levels, everywhere
    build = level_builder(target.world)
    if (
        build is not None
        and type(source.world.unwrapped) is type(target.world.unwrapped)
        and isinstance(levels.layout, GridLayout)
    ):
        return jax.device_get(build(levels.layout)), everywhere
    texts = [source.world.format(levels[row]) for row in range(levels.count)]
    # Batches are padded with copies, and reading is dear.
    by_text = {text: read_back(target.world, text) for text in dict.fromkeys(texts)}
    read = [by_text[text] for text in texts]
    able = np.array([level is not None for level in read])
    if not able.any():
        return levels, able
    stand_in = next(level for level in read if level is not None)
    return stacked([stand_in if level is None else level for level in read]), able


def read_back(world: World, text: str) -> Level | None:
    """Returns the level of a text as numpy arrays, or `None` if the world cannot read it."""
    try:
        return jax.device_get(world.parse(text))
    except (WorldError, NotImplementedError):
        return None


def pieces(world: World, levels: Level) -> Int[np.ndarray, " N"]:
    """Returns into how many parts each level falls: its reachable states, ways taken in either direction, and what lies
    where no reachable state is.

    Walls put up at random can cut a level in two, or wall in a key; a sampled one hangs together.
    """
    there = np.asarray(levels.reachable)
    count, states = there.shape
    level, state, action, outcome = np.nonzero(
        (np.asarray(levels.probabilities) > 0) & there[..., None, None]  # [N, S, A, K]
    )
    here = level * states + state
    onward = level * states + np.asarray(levels.successors)[level, state, action, outcome]
    ways = scipy.sparse.coo_matrix((np.ones(len(here), np.int8), (here, onward)), shape=(count * states,) * 2)
    _, part = scipy.sparse.csgraph.connected_components(ways, directed=False)
    part = part.reshape(count, states)
    parts = np.array([len(np.unique(row[seen])) for row, seen in zip(part, there, strict=True)])
    return parts + _out_of_reach(world, levels)


def _out_of_reach(world: World, levels: Level) -> Int[np.ndarray, " N"]:
    """Returns how many things of each level, by its text, lie in places where no reachable state is."""
    first = levels[0]
    places = [world.position(first, state) for state in range(levels.states)]
    floor = {"#", ".", " ", *(sign for sign, meaning in world.legend.items() if meaning in ("floor", "free", "empty"))}
    counts = np.zeros(levels.count, int)
    if all(place is None for place in places):
        return counts
    for row, seen in enumerate(np.asarray(levels.reachable)):
        stood_on = {place for place, there in zip(places, seen.tolist(), strict=True) if there}
        lines = world.format(levels[row]).splitlines()
        things = ((i, j) for i, line in enumerate(lines) for j, sign in enumerate(line) if sign not in floor)
        counts[row] = sum(place not in stood_on for place in things)
    return counts


def identity(variant: Variant, level: Level) -> str:
    """Returns a text that two levels share if they are the same one: variant, drawing and dynamics."""
    content = hashlib.blake2b(digest_size=8)
    for array in (level.successors, level.probabilities, level.initial):
        content.update(np.ascontiguousarray(array).tobytes())
    return f"{variant.name}\n{variant.world.format(level)}\n{content.hexdigest()}"
