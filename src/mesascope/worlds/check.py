"""The conformance kit: tests any world, built-in or a user's own, against the contract."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.core.boundary import code_of_others
from mesascope.core.errors import MesascopeError, UnknownNameError, UsageError, WorldError
from mesascope.core.random import RandomKey, stream
from mesascope.core.text import printable, quoted, shown
from mesascope.worlds.admission import check_repeats, differing_field, is_environment
from mesascope.worlds.contract import (
    LEVEL_CHECKS,
    NEEDED,
    BrokenContractError,
    check_declarations,
    check_solvable,
    require,
)
from mesascope.worlds.level import Level
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
        # The world is somebody else's code: whatever it does is a finding, not a crash.
        try:
            with code_of_others("The world", "here", error=WorldError):
                found, passed = check(*arguments), True
        except MesascopeError as error:
            broken = isinstance(error.__cause__, BrokenContractError)
            found, passed = str(error.__cause__ if broken else error), False
        results.append(CheckResult(name, passed, printable(found)))
        return passed

    # Compiled once for all distributions.
    see = jax.jit(jax.vmap(lambda level: world.observe_states(level)))
    with _compiled_quickly():
        if not attempt("declarations", check_declarations, world):
            return results
        attempt("distributions", _check_distributions, world)
        attempt("candidates", _check_candidates, world)
        attempt("options", _check_options, world)
        attempt("unknown distribution", _check_unknown_distribution, world, key)
        for distribution in world.distributions:
            _check_distribution(world, distribution, stream(distribution, key=key), levels, see, attempt)
    return results


@contextlib.contextmanager
def _compiled_quickly() -> Iterator[None]:
    """Leaves optimizing to others: every program here runs once or twice, and compiling them was most of the time."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)


def _check_distribution(world: World, distribution: str, key: RandomKey, count: int, see, attempt) -> None:
    sampled: list[Level] = []

    def sample() -> str:
        found = world.sample(key=key, distribution=distribution, count=count)
        require(isinstance(found, Level), f"sample() returned a {type(found).__name__}, not a Level.")
        sampled.append(found)
        return f"{found.count} levels"

    if not attempt(f"sample ({distribution})", sample):
        return
    level = jax.device_get(sampled[0])
    for name, check in LEVEL_CHECKS.items():
        if check is check_solvable and is_environment(world):
            # It is as it is: whoever made it is not asked to draw other levels.
            attempt(f"{name} ({distribution})", _noted, check, world, level)
            continue
        if not attempt(f"{name} ({distribution})", check, world, level) and check in NEEDED:
            return
    attempt(f"sampling repeats ({distribution})", _check_repeats, world, distribution, key, level)
    attempt(f"sampling compiles ({distribution})", _check_compiles, world, distribution, key, level)
    seen: list[np.ndarray] = []
    attempt(f"observations ({distribution})", _check_observations, world, see, level, seen)
    if seen:
        attempt(f"observations tell states apart ({distribution})", _check_distinct, level, seen[0])
    attempt(f"text form ({distribution})", _check_text, world, level)


def _noted(check: Callable[[World, Level], str], world: World, level: Level) -> str:
    """Returns what a check finds, as a note if that is a fault."""
    try:
        return check(world, level)
    except BrokenContractError as broken:
        return f"Note: {broken}"


def _check_distributions(world: World) -> str:
    names = list(world.distributions)
    if len(names) < 2:
        # Where every level is the same, a shift is another world or other options of this one.
        return (
            f"Note: only {quoted(names[0])}, so that a shift must be named, as another world or other options "
            "(--deploy, --deploy-option)."
        )
    return ", ".join(names)


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
        if not isinstance(value, bool | int | float | str) or (option == "environment_id" and is_environment(world)):
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


def _check_repeats(world: World, distribution: str, key: RandomKey, level: Level) -> str:
    same, other = (
        world.sample(key=chosen, distribution=distribution, count=level.count)
        for chosen in (key, stream("another", key=key))
    )
    check_repeats(level, same)
    if differing_field(level, other) is None:
        return "Note: another key gave the same levels."
    return "the same key gives the same levels"


def _check_compiles(world: World, distribution: str, key: RandomKey, level: Level) -> str:
    try:
        jax.eval_shape(lambda key: world.sample(key=key, distribution=distribution, count=level.count), key)
    except Exception as error:
        cause = error.__cause__ or error
        reason = shown(str(cause).strip().partition("\n")[0])
        return f"Note: sample() cannot be traced by jax.jit, so training is slower ({type(cause).__name__}: {reason})"
    return "sample() can be traced by jax.jit"


def _check_observations(world: World, see, level: Level, found: list[np.ndarray]) -> str:
    shape, some = tuple(world.observation_shape), level[: min(LOOKED_AT, level.count)]
    require(len(shape) in (1, 3), f"observation_shape must be [H, W, C] or [D], not {shape}.")
    require(
        shape[-1] == len(world.channels),
        f"The last axis of an observation is {shape[-1]}, but there are {len(world.channels)} channels.",
    )
    seen = np.asarray(see(some))
    require(
        seen.shape == (some.count, level.states, *shape),
        f"Observations have shape {seen.shape[2:]}, not observation_shape {shape}.",
    )
    require(seen.dtype == np.float32, f"Observations have type {seen.dtype}, not float32.")
    finite = np.isfinite(seen).reshape(*seen.shape[:2], -1).all(-1)
    if not finite.all():
        place = np.argwhere(~finite)[0].tolist()
        raise BrokenContractError(f"The observation of level {place[0]}, state {place[1]} is not finite.")
    found.append(seen)
    return f"float32 of shape {shape}"


def _check_distinct(level: Level, seen: np.ndarray) -> str:
    for index, observed in enumerate(seen):
        reachable = np.asarray(level.reachable[index] & ~level.terminal[index])
        shown = observed.reshape(level.states, -1)[reachable]
        different = len(np.unique(shown, axis=0))
        if different < len(shown):
            return (
                f"Note: in level {index} {len(shown)} states look like {different}; "
                "an agent without memory cannot tell all of them apart."
            )
    return "every reachable state looks different"


def _check_text(world: World, level: Level) -> str:
    hidden = {name for spec in world.objectives if spec.control for name in spec.weights}
    compared = [column for column, name in enumerate(world.attributes) if name not in hidden]
    for index in range(min(LOOKED_AT, level.count)):
        # Worlds work on JAX arrays, checks on those of numpy.
        one = jax.tree.map(jnp.asarray, level[index])
        text = world.format(one)
        if is_environment(world):
            return "Note: an environment's levels cannot be made from text, so they are not read back"
        unknown = sorted(set(text) - set(world.legend) - {"\n"})
        require(not unknown, f"The text form holds {unknown}, which legend does not explain.")
        try:
            again = world.parse(text)
        except MesascopeError as error:
            raise BrokenContractError(
                f"parse() refuses what format() wrote for level {index}: {error}\n{text}"
            ) from error
        require(not again.batched, "parse() must return one level, not a batch.")
        field = differing_field(one, again, compared)
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
