"""The conformance kit: tests any world, built-in or a user's own, against the contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.core.errors import MesascopeError, UnknownNameError, UsageError
from mesascope.core.precision import as_double
from mesascope.core.random import RandomKey, stream
from mesascope.worlds.level import Level
from mesascope.worlds.level_checks import LEVEL_CHECKS, NEEDED, BrokenContractError, require
from mesascope.worlds.world import World

WANTED_CANDIDATES: int = 10
LOOKED_AT: int = 3
"""Levels of each distribution that are observed, written and read; the other checks look at all of them."""


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    **Arguments:**

    - `name`: what was checked; of a check of levels, with the distribution in brackets.
    - `passed`: whether the contract holds.
    - `message`: what was found, for a person. Of a passed check it begins with "Note:" where something is allowed but
      worth knowing.
    """

    name: str
    passed: bool
    message: str


def check_world(world: World, *, key: RandomKey, levels: int = 64) -> list[CheckResult]:
    """Tests a world against the contract; never raises for what the world does.

    **Arguments:**

    - `world`: any world.
    - `key`: of the levels that are looked at; consumed.
    - `levels`: how many of each distribution, at least 2.

    **Returns:** one result per check, in the order made. A check that supposes a failed one is left out.
    """
    if levels < 2:
        raise UsageError(f"levels={levels}: at least 2 are needed to tell a batch from a single level.")
    results: list[CheckResult] = []

    def attempt(name: str, check: Callable[..., str], *arguments) -> bool:
        try:
            results.append(CheckResult(name, True, check(*arguments)))
        except BrokenContractError as broken:
            results.append(CheckResult(name, False, str(broken)))
        except Exception as error:
            # The world is somebody else's code: whatever it raises is a finding, not a crash.
            results.append(CheckResult(name, False, f"Raised {type(error).__name__}: {error}"))
        return results[-1].passed

    if not attempt("declarations", _check_declarations, world):
        return results
    attempt("candidates", _check_candidates, world)
    attempt("options", _check_options, world)
    attempt("unknown distribution", _check_unknown_distribution, world, key)
    for distribution in world.distributions:
        _check_distribution(world, distribution, stream(distribution, key=key), levels, attempt)
    return results


def _check_distribution(world: World, distribution: str, key: RandomKey, count: int, attempt) -> None:
    sampled: list[Level] = []

    def sample() -> str:
        sampled.append(world.sample(key=key, distribution=distribution, count=count))
        require(isinstance(sampled[0], Level), f"sample() returned a {type(sampled[0]).__name__}, not a Level.")
        return f"{sampled[0].count} levels"

    if not attempt(f"sample ({distribution})", sample):
        return
    level, arrays = sampled[0], as_double(sampled[0])
    for name, check in LEVEL_CHECKS.items():
        if not attempt(f"{name} ({distribution})", check, world, arrays) and check in NEEDED:
            return
    attempt(f"sampling repeats ({distribution})", _check_repeats, world, distribution, key, level)
    attempt(f"sampling compiles ({distribution})", _check_compiles, world, distribution, key, level)
    attempt(f"observations ({distribution})", _check_observations, world, level)
    attempt(f"observations tell states apart ({distribution})", _check_distinct, world, level)
    attempt(f"text form ({distribution})", _check_text, world, level)


def _check_declarations(world: World) -> str:
    for field in ("name", "base_objective"):
        value = getattr(world, field, None)
        require(isinstance(value, str) and value != "", f"{field} must be a non-empty text, not {value!r}.")
    for field in ("attributes", "actions", "channels", "distributions"):
        names = getattr(world, field, ())
        fine = isinstance(names, tuple) and len(names) > 0 and all(isinstance(name, str) for name in names)
        require(fine, f"{field} must be a tuple of at least one name, not {names!r}.")
        doubled = sorted({name for name in names if names.count(name) > 1})
        require(not doubled, f"{field} holds {', '.join(doubled)} more than once.")
    require(len(world.distributions) >= 2, "distributions must name one of training and at least one of deployment.")
    require(getattr(world, "legend", {}).get("#") == "wall" or not _has_place(world), "legend must map '#' to 'wall'.")
    candidates = [spec.name for spec in world.objectives]
    doubled = sorted({name for name in candidates if candidates.count(name) > 1})
    require(not doubled, f"objectives holds {', '.join(doubled)} more than once.")
    require(world.base_objective in candidates, str(UnknownNameError("objective", world.base_objective, candidates)))
    for spec in world.objectives:
        for name in (*spec.weights, *spec.stops):
            kind = f"attribute (of objective '{spec.name}')"
            require(name in world.attributes, str(UnknownNameError(kind, name, world.attributes)))
        require(bool(np.isfinite(list(spec.weights.values())).all()), f"A weight of '{spec.name}' is not finite.")
    try:
        hash(world)
    except TypeError as error:
        raise BrokenContractError(f"The world cannot be hashed ({error}); make it a frozen dataclass.") from error
    return f"{len(candidates)} objectives over {len(world.attributes)} attributes"


def _has_place(world: World) -> bool:
    """Returns whether observations are planes of a grid, which a legend must explain."""
    return len(world.observation_shape) == 3


def _check_candidates(world: World) -> str:
    others = [spec for spec in world.objectives if spec.name != world.base_objective]
    controls = sum(spec.control for spec in others)
    if len(others) < WANTED_CANDIDATES or not controls:
        return (
            f"Note: {len(others)} candidates besides the base objective, {controls} of them random controls; an audit "
            f"is sharper with {WANTED_CANDIDATES} or more and some controls."
        )
    return f"{len(others)} besides the base objective, {controls} of them random controls"


def _check_options(world: World) -> str:
    try:
        world.with_options({"no-such-option": "1"})
    except UnknownNameError:
        pass
    except TypeError as error:
        raise BrokenContractError(f"with_options failed: {error}; make the world a dataclass.") from error
    else:
        raise BrokenContractError("with_options accepted an option that there is not; it must raise UnknownNameError.")
    if not dataclasses.is_dataclass(world):
        return "unknown ones are refused"
    options = [field.name for field in dataclasses.fields(world)]
    for option in options:
        value = getattr(world, option)
        if not isinstance(value, bool | int | float | str):
            continue
        again = world.with_options({option: str(value)})
        require(again == world, f"Option {option}={value}, given as text, makes a different world: {again}.")
        if not isinstance(value, str):
            try:
                world.with_options({option: "not a number"})
            except UsageError:
                continue
            raise BrokenContractError(f"Option {option} accepts 'not a number'; its type should be refused.")
    return f"{len(options)} options, unknown ones are refused"


def _check_unknown_distribution(world: World, key: RandomKey) -> str:
    try:
        world.sample(key=key, distribution="no-such-distribution", count=2)
    except UnknownNameError:
        return "refused"
    raise BrokenContractError(
        "sample() accepted a distribution that there is not; begin it with self.check_distribution(distribution)."
    )


def _differing(one: Level, other: Level, attributes: list[int] | None = None) -> str | None:
    """Returns the first field in which two levels differ, or `None`; `attributes` says which are compared."""
    for field in ("successors", "probabilities", "initial", "terminal", "reachable", "discount", "attributes"):
        first, second = np.asarray(getattr(one, field)), np.asarray(getattr(other, field))
        if field == "attributes" and attributes is not None:
            first, second = first[..., attributes], second[..., attributes]
        if first.shape != second.shape or not np.allclose(first, second, atol=1e-6):
            return field
    return None


def _check_repeats(world: World, distribution: str, key: RandomKey, level: Level) -> str:
    again = world.sample(key=key, distribution=distribution, count=level.count)
    field = _differing(level, again)
    require(field is None, f"The same key gave different levels ({field}); draw only from the key.")
    if (
        _differing(level, world.sample(key=stream("another", key=key), distribution=distribution, count=level.count))
        is None
    ):
        return "Note: another key gave the same levels."
    return "the same key gives the same levels"


def _check_compiles(world: World, distribution: str, key: RandomKey, level: Level) -> str:
    try:
        jax.eval_shape(lambda key: world.sample(key=key, distribution=distribution, count=level.count), key)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        return f"Note: sample() cannot be traced by jax.jit, so training is slower ({type(error).__name__}: {reason})"
    return "sample() can be traced by jax.jit"


def _check_observations(world: World, level: Level) -> str:
    shape = tuple(world.observation_shape)
    require(len(shape) in (1, 3), f"observation_shape must be [H, W, C] or [D], not {shape}.")
    require(
        shape[-1] == len(world.channels),
        f"The last axis of an observation is {shape[-1]}, but there are {len(world.channels)} channels.",
    )
    for index in range(min(LOOKED_AT, level.count)):
        seen = np.asarray(world.observe_states(level[index]))
        require(
            seen.shape == (level.states, *shape),
            f"Observations have shape {seen.shape[1:]}, not observation_shape {shape}.",
        )
        require(seen.dtype == np.float32, f"Observations have type {seen.dtype}, not float32.")
        finite = np.isfinite(seen).reshape(level.states, -1).all(-1)
        require(bool(finite.all()), f"The observation of level {index}, state {int(finite.argmin())} is not finite.")
    return f"float32 of shape {shape}"


def _check_distinct(world: World, level: Level) -> str:
    for index in range(min(LOOKED_AT, level.count)):
        reachable = np.asarray(level.reachable[index] & ~level.terminal[index])
        seen = np.asarray(world.observe_states(level[index])).reshape(level.states, -1)[reachable]
        different = len(np.unique(seen, axis=0))
        if different < len(seen):
            return (
                f"Note: in level {index} {len(seen)} states look like {different}; "
                "an agent without memory cannot tell all of them apart."
            )
    return "every reachable state looks different"


def _check_text(world: World, level: Level) -> str:
    hidden = {name for spec in world.objectives if spec.control for name in spec.weights}
    compared = [column for column, name in enumerate(world.attributes) if name not in hidden]
    for index in range(min(LOOKED_AT, level.count)):
        one = level[index]
        text = world.format(one)
        unknown = sorted(set(text) - set(world.legend) - {"\n"})
        require(not unknown, f"The text form holds {unknown}, which legend does not explain.")
        try:
            again = world.parse(text)
        except MesascopeError as error:
            raise BrokenContractError(
                f"parse() refuses what format() wrote for level {index}: {error}\n{text}"
            ) from error
        require(not again.batched, "parse() must return one level, not a batch.")
        field = _differing(one, again, compared)
        require(field is None, f"parse(format(level)) has different {field} in level {index}:\n{text}")
        rows = text.splitlines()
        for state in np.flatnonzero(np.asarray(one.reachable))[: LOOKED_AT * 4].tolist():
            world.format(one, state)
            place = world.position(one, state)
            inside = place is None or (0 <= place[0] < len(rows) and 0 <= place[1] < len(rows[place[0]]))
            require(inside, f"position() of state {state} is {place}, outside the text form of {len(rows)} rows.")
            require(
                place is None or rows[place[0]][place[1]] != "#",
                f"position() of state {state} is {place}, which is a wall in the text form.",
            )
    return "parse() reads what format() writes"
