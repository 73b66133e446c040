"""Objectives from a function of what is seen: (observation, action, next observation) to a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from mesascope.core.asked_twice import why_not_the_same
from mesascope.core.boundary import code_of_others, hold
from mesascope.core.errors import MesascopeError, UnknownNameError, UsageError, WorldError
from mesascope.core.random import RandomKey
from mesascope.core.registry import load_named_by_user
from mesascope.core.text import quoted, shown
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, World
from mesascope.worlds.wrapped_world import WrappedWorld

CHUNK: int = 4096
"""Transitions handed to the function at once; always as many, so that a jitted function compiles once."""

TransitionFunction = Callable[[np.ndarray, np.ndarray, np.ndarray], Any]


def with_function_objective(
    world: World, name: str, function: TransitionFunction, *, stops: tuple[str, ...] = ()
) -> World:
    """Returns a world with one more attribute, computed from observations, and the objective of making it large.

    **Arguments:**

    - `world`: everything else is its own.
    - `name`: of the attribute and of the objective; must be new to the world.
    - `function`: called as `function(observations, actions, next_observations)` with arrays `[B, ...]`, `[B]` (indices
      into `world.actions`) and `[B, ...]`; returns one finite number each, `[B]`. It is asked about every transition
      that can happen, and about nothing else.
    - `stops`: attributes whose occurrence (a value above 0) ends the episode for the objective; may hold `name` itself.

    **Raises:** `WorldError` if the name is taken, and, when levels are made, if the function raises or returns the
    wrong shape or a number that is not finite; `UnknownNameError` if `stops` names an attribute that there is not.
    """
    return FunctionObjectiveWorld(world, name, function, stops)


def with_candidate(world: World, objective: Callable[..., Any] | str | None) -> World:
    """Returns a world with one more candidate objective, or as it is for `None`.

    **Arguments:**

    - `world`: everything else is its own.
    - `objective`: a function as of `with_function_objective`, or where one is found, `"module:function"`; the last part
      of its name becomes the objective's.

    **Raises:** `UsageError` for something that is no function, and as `with_function_objective`.
    """
    if objective is None:
        return world
    given = quoted(objective)
    if isinstance(objective, str):
        name = objective.partition(":")[2]
        objective = load_named_by_user(objective)  # pyright: ignore[reportAssignmentType]
    else:
        name = getattr(objective, "__name__", type(objective).__name__)
    if not callable(objective):
        raise UsageError(f"The objective {given} is a {type(objective).__name__}, not a function.")
    return with_function_objective(world, name, objective)


class FunctionObjectiveWorld(WrappedWorld):
    """A world with an attribute and an objective computed from observations; see `with_function_objective`."""

    def __init__(self, world: World, name: str, function: TransitionFunction, stops: tuple[str, ...] = ()):
        if name in world.attributes or name in (spec.name for spec in world.objectives):
            raise WorldError(
                f"World '{world.name}' has an attribute or objective named '{name}' already; choose another."
            )
        super().__init__(world)
        self.function, self.stops = function, tuple(stops)
        self._believed = False
        self.attributes = (*world.attributes, name)
        for stop in self.stops:
            if stop not in self.attributes:
                raise UnknownNameError(f"attribute (of objective '{name}')", stop, self.attributes)
        summary = f"as {getattr(function, '__qualname__', type(function).__name__)} says"
        self.objectives = (*world.objectives, ObjectiveSpec(name, {name: 1.0}, self.stops, summary))

    def around(self, world: World) -> FunctionObjectiveWorld:
        return FunctionObjectiveWorld(world, self.attributes[-1], self.function, self.stops)

    def _identity(self) -> tuple:
        return self.world, self.attributes[-1], self.function, self.stops

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionObjectiveWorld) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"with_function_objective({self.world!r}, {self.attributes[-1]!r})"

    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        return self._extended(self.world.sample(key=key, distribution=distribution, count=count))

    def parse(self, text: str) -> Level:
        return self._again(self.world.parse(text))

    def level(self, layout: Any) -> Level:
        """Returns the level of one layout, where the wrapped world makes levels of layouts (`GridWorld.level`)."""
        return self._again(self.world.level(layout))  # pyright: ignore[reportAttributeAccessIssue]

    def edit(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        changed, place = self.world.edit(self._bare(level), key=key)
        return self._again(changed), place

    def rearrange(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        changed, place = self.world.rearrange(self._bare(level), key=key)
        return self._again(changed), place

    def _bare(self, level: Level) -> Level:
        """Returns a level as the wrapped world made it, without the attribute."""
        return eqx.tree_at(lambda one: one.attributes, level, level.attributes[..., : len(self.world.attributes)])

    def _again(self, changed: Level) -> Level:
        return jax.tree.map(lambda array: array[0], self._extended(changed.batch()))

    def _extended(self, levels: Level) -> Level:
        observations = jax.vmap(self.world.observe_states)(levels)
        possible = levels.probabilities > 0
        possible &= (levels.reachable & ~levels.terminal)[..., None, None]
        arguments = (observations, levels.successors, possible)
        if any(isinstance(array, jax.core.Tracer) for array in arguments):
            # Inside `jit` the function is called back.
            like = jax.ShapeDtypeStruct(possible.shape, jnp.float32)
            value = jax.pure_callback(self._called_back, like, *arguments, vmap_method="sequential")
        else:
            value = jnp.asarray(self._evaluate(*arguments))
        attributes = jnp.concatenate([levels.attributes, value[..., None].astype(levels.attributes.dtype)], axis=-1)
        return eqx.tree_at(lambda level: level.attributes, levels, attributes)

    def _evaluate(self, observations, successors, possible) -> np.ndarray:
        """Asks the function about every possible transition of a batch of levels, `[N, S, A, K]`."""
        observations, successors, possible = (np.asarray(one) for one in (observations, successors, possible))
        value = np.zeros(possible.shape, np.float32)
        index = np.argwhere(possible)

        def ask(asked: np.ndarray) -> np.ndarray:
            level, state, action, outcome = asked.T
            following = successors[level, state, action, outcome]
            return self._ask(observations[level, state], action, observations[level, following])

        for start in range(0, len(index), CHUNK):
            asked = index[start : start + CHUNK]
            answer = ask(np.pad(asked, ((0, CHUNK - len(asked)), (0, 0)), mode="edge"))[: len(asked)]
            value[tuple(asked.T)] = answer
            if not self._believed:
                self._believed = True
                if why := why_not_the_same(lambda rows, asked=asked: ask(asked[rows]), answer):
                    raise WorldError(
                        f"The function of objective {quoted(self.attributes[-1])} gives the same transitions different "
                        f"numbers: {why}. A number must follow from observation, action and next observation alone."
                    )
        return value

    def _called_back(self, observations, successors, possible) -> np.ndarray:
        try:
            return self._evaluate(observations, successors, possible)
        except MesascopeError as error:
            # Out of a compiled program it would come as an error of JAX, with its traceback on the screen.
            hold(error)
            return np.full(np.shape(possible), np.nan, np.float32)

    def _ask(self, observations: np.ndarray, actions: np.ndarray, following: np.ndarray) -> np.ndarray:
        who = f"The function of objective {quoted(self.attributes[-1])}"
        doing = f"when asked about {len(actions)} transitions"
        with code_of_others(who, doing, error=WorldError):
            # Copies, so that a function which writes into its arguments changes nothing for others.
            answer = np.asarray(self.function(observations.copy(), actions.copy(), following.copy()))
        if answer.dtype.kind not in "fiub":
            raise WorldError(
                f"{who} returned {shown(answer.dtype)}, not numbers; it must return one number per transition, shape "
                f"{actions.shape}."
            )
        if answer.shape != actions.shape:
            raise WorldError(
                f"{who} returned shape {answer.shape} for observations of shape {observations.shape}; "
                f"it must return one number per transition, shape {actions.shape}."
            )
        answer = answer.astype(np.float64)
        if not np.isfinite(answer).all():
            kind = "NaN" if np.isnan(answer).any() else "infinite"
            raise WorldError(
                f"{who} returned {int((~np.isfinite(answer)).sum())} numbers of {answer.size} that are not finite "
                f"({kind})."
            )
        if np.abs(answer).max(initial=0.0) > np.finfo(np.float32).max:
            raise WorldError(f"{who} returned a number too large for single precision: {np.abs(answer).max():g}.")
        return answer
