"""Worlds that nobody here made are checked before they are believed: what costs little, on the very levels in use."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import jax
import numpy as np

from mesascope.core.boundary import code_of_others, raise_held
from mesascope.core.errors import WorldError
from mesascope.core.foreign_class import is_foreign
from mesascope.core.random import RandomKey, root_key
from mesascope.core.text import quoted, shown
from mesascope.worlds.contract import LEVEL_CHECKS, BrokenContractError, check_declarations, check_solvable, require
from mesascope.worlds.function_objective import FunctionObjectiveWorld
from mesascope.worlds.level import Level
from mesascope.worlds.world import World
from mesascope.worlds.wrapped_world import WrappedWorld

GYMNASIUM: str = "mesascope.worlds.gymnasium."
CHEAP: tuple[str, ...] = tuple(name for name, check in LEVEL_CHECKS.items() if check is not check_solvable)
"""Checks of levels without which every number about them may be wrong."""
MOST_NUMBERS: int = 2**28
"""Numbers in the arrays of all levels of one sample: a gibibyte."""


def needs_checking(world: World) -> bool:
    """Returns whether anything in a world is of others: the world itself, its environment or its objective."""
    return _has_function(world) or is_foreign(type(world.unwrapped)) or is_environment(world)


def is_environment(world: World) -> bool:
    """Returns whether a world is an environment of Gymnasium."""
    return type(world.unwrapped).__module__.startswith(GYMNASIUM)


def own_notes(world: World) -> tuple[str, ...]:
    """Returns, for the reader of a report, what was not checked in a world of others."""
    if not is_foreign(type(world.unwrapped)):
        return ()
    return (
        f"World {quoted(world.name)} is not Mesascope's: {', '.join(CHEAP)} and observations were checked in the "
        f"levels used. {_check_command(world)} checks the rest: options, text form, whether levels can be solved.",
    )


def admit_world(world: World) -> None:
    """Checks what a world of others declares; `WorldError` names the world and what is wrong."""
    if needs_checking(world):
        _checked(world, "declarations", lambda: check_declarations(world))


def has_shapes(world: World) -> bool:
    """Returns whether the shapes of a world's levels are known without drawing them: of others nothing is."""
    module = type(world).__module__
    return module.startswith("mesascope.worlds.") and not module.startswith(GYMNASIUM)


def check_size(world: World, distribution: str, count: int) -> None:
    """Raises `WorldError` if levels of a world of Mesascope's own would take more memory than is asked of a machine.

    **Arguments:**

    - `world`, `distribution`: where levels come from.
    - `count`: how many.
    """
    if not has_shapes(world):
        return
    level = jax.eval_shape(lambda key: world.sample(key=key, distribution=distribution, count=count), root_key(0))
    numbers = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(level))
    if numbers > MOST_NUMBERS:
        states, actions = level.successors.shape[1:3]
        raise WorldError(
            f"{count:,} levels of world '{world.name}' with {states:,} states and {actions} actions hold {numbers:,} "
            f"numbers; at most {MOST_NUMBERS:,} are made. Ask for fewer levels, or for a smaller world."
        )


def draw_levels(world: World, distribution: str, *, key: RandomKey, count: int) -> Level:
    """Returns a batch of levels as numpy arrays that cannot be written to; those of others are checked.

    **Arguments:**

    - `world`, `distribution`: where from.
    - `key`: consumed.
    - `count`: how many.

    **Raises:** `WorldError` naming the world and the first check that failed.
    """
    levels = _sampled(world, distribution, key, count)
    if not needs_checking(world):
        return levels
    check_levels(world, levels, distribution, count=count)
    if is_foreign(type(world.unwrapped)) or _has_function(world):
        again = _sampled(world, distribution, key, count)
        _checked(world, f"sampling repeats ({distribution})", lambda: check_repeats(levels, again))
    return levels


def check_levels(world: World, levels: Level, place: str, *, count: int | None = None) -> None:
    """Checks levels of a world of others, however they were made.

    **Arguments:**

    - `world`: whose they are.
    - `levels`: a batch, as numpy arrays.
    - `place`: where they come from, for the message.
    - `count`: how many there must be.

    **Raises:** `WorldError` naming the world and the first check that failed.
    """
    if not needs_checking(world):
        return
    for name in CHEAP:
        _checked(world, f"{name} ({place})", lambda check=LEVEL_CHECKS[name]: check(world, levels))
    if count is not None and levels.count != count:
        raise _fault(world, f"sample ({place})", f"{count} levels were asked for, {levels.count} came.")


def check_seen(world: World, levels: Level, seen: np.ndarray) -> None:
    """Checks what a world of others shows in every state of a batch of levels, `[N, S, ...]`.

    **Raises:** `WorldError` for another shape than declared, and for numbers that are not finite where an agent can be.
    """
    if not needs_checking(world):
        return
    name, shape = "observations", (levels.count, levels.states, *world.observation_shape)
    if seen.shape != shape:
        raise _fault(
            world,
            name,
            f"observe() returned shape {list(seen.shape[2:])}; declared is {list(world.observation_shape)}.",
        )
    if seen.dtype.kind not in "fiub":
        raise _fault(world, name, f"observe() returned {seen.dtype}, not numbers.")
    wrong = ~np.isfinite(seen).reshape(*seen.shape[:2], -1).all(-1) & np.asarray(levels.reachable)
    if wrong.any():
        level, state = np.argwhere(wrong)[0].tolist()
        numbers = seen[level, state]
        kind = "NaN" if np.isnan(numbers).any() else "an infinite number"
        raise _fault(world, name, f"observe() returned {kind} in level {level}, state {state}.")


def _has_function(world: World) -> bool:
    """Returns whether an objective of others is among the candidates."""
    return isinstance(world, WrappedWorld) and (isinstance(world, FunctionObjectiveWorld) or _has_function(world.world))


def _sampled(world: World, distribution: str, key: RandomKey, count: int) -> Level:
    levels = jax.device_get(world.sample(key=key, distribution=distribution, count=count))
    raise_held()
    for array in jax.tree.leaves(levels):
        # A world or an agent that writes into a level would change it for everybody.
        if isinstance(array, np.ndarray) and array.flags.writeable:
            array.setflags(write=False)
    return levels


def check_repeats(one: Level, other: Level) -> None:
    """Checks that two batches drawn with one key are one."""
    field = differing_field(one, other)
    require(field is None, f"The same key gave different levels ({field}); draw only from the key.")


def differing_field(one: Level, other: Level, attributes: list[int] | None = None) -> str | None:
    """Returns the first field in which two levels differ, or `None`.

    **Arguments:**

    - `one`, `other`: the levels.
    - `attributes`: which of them are compared; by default all.
    """
    for field in (field.name for field in dataclasses.fields(Level) if field.name != "layout"):
        first, second = np.asarray(getattr(one, field)), np.asarray(getattr(other, field))
        if field == "attributes" and attributes is not None:
            first, second = first[..., attributes], second[..., attributes]
        if first.shape != second.shape or not np.allclose(first, second, atol=1e-6):
            return field
    return None


def _checked(world: World, name: str, check: Callable[[], object]) -> None:
    try:
        # What a world declares may have been written to misbehave when it is merely looked at.
        with code_of_others(
            f"World {quoted(getattr(world, 'name', type(world).__name__))}", "when it was looked at", error=WorldError
        ):
            check()
    except WorldError as error:
        if not isinstance(error.__cause__, BrokenContractError):
            raise
        raise _fault(world, name, str(error.__cause__)) from error.__cause__


def _fault(world: World, name: str, message: str) -> WorldError:
    called = getattr(world, "name", None)
    called = called if isinstance(called, str) else type(world.unwrapped).__name__
    return WorldError(
        f"World {quoted(called)} breaks the contract, so nothing can be said about an agent in it. {name}: {message} "
        f"{_check_command(world)} tests all of it."
    )


def _check_command(world: World) -> str:
    inner = world.unwrapped
    kind = type(inner)
    if not is_foreign(kind):
        return f"`mesascope check world {shown(inner.name, limit=200)}`"
    if kind.__module__ == "__main__" or not all(part.isidentifier() for part in kind.__qualname__.split(".")):
        return "`mesascope.worlds.check.check_world(world, key=...)`"
    return f"`mesascope check world {shown(kind.__module__, limit=100)}:{shown(kind.__qualname__, limit=100)}`"
