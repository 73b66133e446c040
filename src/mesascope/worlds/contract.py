"""The contract of worlds: what a world declares fits together, and each level is a problem that can be solved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax
import numpy as np
from jaxtyping import Bool

from mesascope.core.errors import UnknownNameError
from mesascope.core.text import quoted, shown
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, World

TOLERANCE: float = 1e-5
"""Probabilities are kept in single precision, so they sum to one up to this."""


class BrokenContractError(Exception):
    """What a check found; the text says where, and what to do about it."""


def require(condition: Any, message: str) -> None:
    """Raises `BrokenContractError` with a message unless a condition holds."""
    if not condition:
        raise BrokenContractError(message)


def _first(wrong: Any) -> str:
    """Returns where an array of at least two axes, levels and states first, is true for the first time, if at all."""
    axes = ("level", "state", "action", "outcome", "attribute")
    place = np.argwhere(wrong)[:1].ravel().tolist()
    return ", ".join(f"{axis} {index}" for axis, index in zip(axes, place, strict=False))


def check_declarations(world: World) -> str:
    """Checks names, objectives, shape of observations and legend of a world; `BrokenContractError` says what is wrong.

    **Arguments:**

    - `world`: any world.

    **Returns:** what was found, for a person.
    """
    for field in ("name", "base_objective"):
        value = getattr(world, field, None)
        require(isinstance(value, str) and value != "", f"{field} must be a non-empty text, not {shown(repr(value))}.")
    for field in ("attributes", "actions", "channels", "distributions"):
        names = getattr(world, field, ())
        fine = isinstance(names, tuple) and len(names) > 0 and all(isinstance(name, str) for name in names)
        require(fine, f"{field} must be a tuple of at least one name, not {shown(repr(names))}.")
        _check_different(field, names)
    motion = getattr(world, "motion", ())
    require(
        isinstance(motion, tuple) and set(motion) <= set(world.attributes),
        f"motion must be a tuple of attributes, not {shown(repr(motion))}.",
    )
    shape = world.observation_shape
    legend = getattr(world, "legend", None)
    require(
        isinstance(legend, Mapping)
        and all(isinstance(sign, str) and isinstance(meaning, str) for sign, meaning in legend.items()),
        "legend must map each character of the text form to what it stands for.",
    )
    require(len(shape) != 3 or world.legend.get("#") == "wall", "legend must map '#' to 'wall'.")
    specs = getattr(world, "objectives", ())
    require(
        isinstance(specs, tuple) and specs and all(isinstance(spec, ObjectiveSpec) for spec in specs),
        "objectives must be a tuple of at least one ObjectiveSpec.",
    )
    candidates = [spec.name for spec in specs]
    _check_different("objectives", candidates)
    require(world.base_objective in candidates, str(UnknownNameError("objective", world.base_objective, candidates)))
    for spec in specs:
        for name in (*spec.weights, *spec.stops):
            kind = f"attribute (of objective {quoted(spec.name)})"
            require(name in world.attributes, str(UnknownNameError(kind, str(name), world.attributes)))
        require(bool(np.isfinite(list(spec.weights.values())).all()), f"A weight of {quoted(spec.name)} is not finite.")
    try:
        hash(world)
    except TypeError as error:
        raise BrokenContractError(
            f"The world cannot be hashed ({shown(error)}); make it a frozen dataclass."
        ) from error
    return f"{len(candidates)} objectives over {len(world.attributes)} attributes"


def _check_different(field: str, names: Sequence[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    require(not doubled, f"{field} holds {', '.join(map(quoted, doubled))} more than once.")


def check_shapes(world: World, level: Level) -> str:
    """Checks that the arrays of a batch of levels have the shapes and kinds that `Level` names."""
    for field in dataclasses.fields(Level):
        array = getattr(level, field.name)
        if field.name != "layout" and not (hasattr(array, "shape") and hasattr(array, "dtype")):
            raise BrokenContractError(f"{field.name} is a {type(array).__name__}, not an array.")
    require(level.batched, "sample() must return a batch: every array needs a leading axis of levels.")
    require(level.successors.ndim == 4, f"successors has shape {level.successors.shape}, not [N, S, A, K].")
    outcomes = level.successors.shape[-1]
    count, states = level.initial.shape
    wanted = {
        "successors": ((count, states, len(world.actions), outcomes), "i"),
        "probabilities": ((count, states, len(world.actions), outcomes), "f"),
        "attributes": ((count, states, len(world.actions), outcomes, len(world.attributes)), "f"),
        "initial": ((count, states), "f"),
        "terminal": ((count, states), "b"),
        "reachable": ((count, states), "b"),
        "discount": ((count,), "f"),
    }
    for field, (shape, kind) in wanted.items():
        array = getattr(level, field)
        require(
            array.shape == shape,
            f"{field} has shape {array.shape}, not {shape} for {count} levels, {states} states, "
            f"{len(world.actions)} actions and {len(world.attributes)} attributes.",
        )
        fine = array.dtype.kind in ("iu" if kind == "i" else kind)
        require(fine, f"{field} has type {array.dtype}, not {_KINDS[kind]}.")
        # Half precision cannot say what sums to one.
        coarse = kind == "f" and array.dtype.itemsize < np.dtype(np.float32).itemsize
        require(not coarse, f"{field} has type {array.dtype}, which is too coarse; make it float32.")
    for leaf in jax.tree.leaves(level.layout):
        shape = np.shape(leaf)
        require(
            shape[:1] == (count,),
            f"layout holds an array of shape {shape}, whose first axis is not the {count} levels.",
        )
    return f"{count} levels, {states} states, {len(world.actions)} actions, {outcomes} outcomes"


_KINDS = {"i": "whole numbers", "f": "floating-point numbers", "b": "booleans"}


def check_probabilities(world: World, level: Level) -> str:
    """Checks that outcomes are distributions, in every state."""
    probabilities = level.probabilities
    require(bool(np.isfinite(probabilities).all()), "Some probabilities are not finite.")
    require(bool((probabilities >= 0).all()), "Some probabilities are negative.")
    total = np.asarray(probabilities).sum(-1, dtype=np.float64)
    wrong = np.abs(total - 1) > TOLERANCE
    if wrong.any():
        raise BrokenContractError(
            f"Probabilities sum to {total[wrong][0]:.6g} in {_first(wrong)}. They must sum to "
            "1 everywhere, also in states that cannot be reached."
        )
    return "sum to one"


def check_successors(world: World, level: Level) -> str:
    """Checks that every successor is a state."""
    wrong = (level.successors < 0) | (level.successors >= level.states)
    require(not wrong.any(), f"A successor is not in 0 to {level.states - 1}, in {_first(wrong)}.")
    return "in range"


def check_initial(world: World, level: Level) -> str:
    """Checks that episodes begin in reachable states that are not over yet."""
    initial = np.asarray(level.initial, np.float64)
    require(bool((np.isfinite(initial) & (initial >= 0)).all()), "initial holds a negative or non-finite probability.")
    total = initial.sum(-1)
    worst = int(np.abs(total - 1).argmax())
    require(abs(total[worst] - 1) <= TOLERANCE, f"initial sums to {total[worst]:.6g}, not 1, in level {worst}.")
    for name, wrong in (("terminal", level.terminal), ("not marked reachable", ~level.reachable)):
        both = (initial > 0) & wrong
        require(not both.any(), f"An episode can begin in a state that is {name}: {_first(both)}.")
    return "on reachable states that are not terminal"


def check_discount(world: World, level: Level) -> str:
    """Checks that discounts lie between 0 and 1."""
    wrong = ~((level.discount > 0) & (level.discount < 1))
    if wrong.any():
        raise BrokenContractError(
            f"discount must lie between 0 and 1, both excluded; it is {level.discount[wrong][0]:.6g} in level "
            f"{int(wrong.argmax())}."
        )
    return f"{level.discount.min():.4g}" if np.ptp(level.discount) == 0 else "in (0, 1)"


def check_reachable(world: World, level: Level) -> str:
    """Checks that `reachable` marks exactly the states that some policy visits, nothing following terminal ones."""
    visited = _visited(level)
    missing, extra = visited & ~level.reachable, level.reachable & ~visited
    require(
        not missing.any(),
        f"{int(missing.sum())} states can be visited but are not marked reachable, the first in {_first(missing)}.",
    )
    require(
        not extra.any(),
        f"{int(extra.sum())} states are marked reachable but no policy visits them, the first in "
        f"{_first(extra)}; they would be averaged over. "
        "mesascope.reachable_states computes the mark.",
    )
    return f"{level.reachable.mean():.0%} of the states"


def check_attributes(world: World, level: Level) -> str:
    """Checks that attributes are finite."""
    wrong = ~np.isfinite(level.attributes)
    if wrong.any():
        name = world.attributes[int(np.argwhere(wrong)[0][-1])]
        raise BrokenContractError(f"Attribute '{name}' is not finite in {_first(wrong)}.")
    return "finite"


def check_solvable(world: World, level: Level) -> str:
    """Checks that from every first state some policy earns something under the base objective.

    An objective with positive weights is solvable where a positive reward can be reached; one that only costs, where
    its end can be reached.
    """
    spec = next(spec for spec in world.objectives if spec.name == world.base_objective)
    weights = np.array([spec.weights.get(name, 0.0) for name in world.attributes])
    ends = np.array([float(name in spec.stops) for name in world.attributes])
    pays = level.attributes @ (weights if (weights > 0).any() else ends) > 0
    stops = level.attributes @ ends > 0
    possible = (level.probabilities > 0) & (level.reachable & ~level.terminal)[..., None, None]
    number = np.arange(level.count)[:, None, None, None]
    able: np.ndarray = np.asarray((possible & pays).any((-1, -2)))
    while True:
        grown = able | (possible & ~stops & able[number, level.successors]).any((-1, -2))
        if (grown == able).all():
            break
        able = grown
    stuck = (level.initial > 0) & ~able
    require(
        not stuck.any(),
        f"{int(stuck.any(-1).sum())} of {level.count} levels cannot be solved under the base objective "
        f"'{spec.name}' from every first state, the first from "
        f"{_first(stuck)}. Draw levels that are solvable by construction.",
    )
    return f"every level, from every first state, under '{spec.name}'"


def _visited(level: Level) -> Bool[np.ndarray, "N S"]:
    """Returns the states that are visited with positive probability under some policy."""
    seen = level.initial > 0
    frontier = seen
    while frontier.any():
        number, state = np.nonzero(frontier & ~level.terminal)
        possible = level.probabilities[number, state] > 0
        reached = np.zeros_like(seen)
        reached[
            np.broadcast_to(number[:, None, None], possible.shape)[possible], level.successors[number, state][possible]
        ] = True
        frontier = reached & ~seen
        seen = seen | frontier
    return np.asarray(seen)


LEVEL_CHECKS: Mapping[str, Callable[[World, Level], str]] = MappingProxyType(
    {
        "shapes": check_shapes,
        "successors": check_successors,
        "probabilities": check_probabilities,
        "first states": check_initial,
        "discount": check_discount,
        "attributes": check_attributes,
        "reachable states": check_reachable,
        "solvable": check_solvable,
    }
)

NEEDED: tuple[Callable[[World, Level], str], ...] = (check_shapes, check_successors)
"""Without these no other check of the level makes sense."""
