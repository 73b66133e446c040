"""Gymnasium environments as worlds: every reachable state enumerated, every seed a level."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import UsageError, WorldError
from mesascope.core.random import RandomKey
from mesascope.core.text import quoted, shown
from mesascope.worlds.gymnasium.assembly import assemble
from mesascope.worlds.gymnasium.clones import CloneSource
from mesascope.worlds.gymnasium.common_attributes import motion_attributes
from mesascope.worlds.gymnasium.encoding import check_encoding
from mesascope.worlds.gymnasium.enumeration import Enumeration, Request, Source
from mesascope.worlds.gymnasium.making import constructor_options, import_gymnasium, make_environment
from mesascope.worlds.gymnasium.minigrid import MinigridSource, is_minigrid
from mesascope.worlds.gymnasium.stepping import environment_code
from mesascope.worlds.gymnasium.tables import TableSource, is_table
from mesascope.worlds.level import Level
from mesascope.worlds.world import World, parse_option

PLAIN_WRAPPERS: frozenset[str] = frozenset({"OrderEnforcing", "PassiveEnvChecker"})
"""Wrappers that change nothing about what happens."""

MOST_LEVELS: int = 4096
MOST_ACTIONS: int = 1024

_NOT_OPTIONS = ("environment_id", "settings", "id", "render_mode", "max_episode_steps", "disable_env_checker")


@dataclass(frozen=True)
class GymnasiumWorld(World):
    """A Gymnasium environment with discrete actions and few enough states that can be reached.

    Limits of time are not part of a level: an episode ends when the environment terminates it, and the discount says
    what later is worth. Where different seeds give different levels there are two distributions, `train` from the seeds
    `first_seed, first_seed + 1, ...` and `deploy` from as many seeds after them; else `train` is all there is, and
    a shift is for the user to name with another environment or other options.

    **Arguments:**

    - `environment_id`: as for `gymnasium.make`.
    - `levels`: how many seeds each distribution has.
    - `first_seed`: of training.
    - `max_states`: the most reachable states that a level may have.
    - `discount`: in (0, 1).
    - `observation`: what agents see, one of `encoding.ENCODINGS`.
    - `action_masks`: whether an observation is laid out flat and followed by one number for each action, 1 where the
      environment allows it and 0 where it does not, as agents of MaskablePPO need it.
    - `ignore`: attributes of the environment that are not part of its state, separated by commas.
    - `settings`: the environment's own options, each as text: a JSON object, so that they are part of any record.

    **Raises:** `UnknownNameError`, `UsageError`, `MissingExtraError` or `WorldError`, each saying what to change.
    """

    environment_id: str
    levels: int = 16
    first_seed: int = 0
    max_states: int = 200_000
    discount: float = 0.99
    observation: str = "auto"
    action_masks: bool = False
    ignore: str = ""
    settings: str = "{}"

    base_objective = "return"

    def __post_init__(self):
        check_encoding(self.observation)
        if not (
            0 < self.discount < 1
            and 1 <= self.levels <= MOST_LEVELS
            and 0 <= self.first_seed < 2**30
            and 1 <= self.max_states <= 2**30
        ):
            raise WorldError(
                f"discount must be in (0, 1), levels in 1 to {MOST_LEVELS:,}, max_states in 1 to 2^30, first_seed in "
                f"0 to 2^30; given are discount={self.discount}, levels={shown(self.levels, limit=40)}, "
                f"max_states={shown(self.max_states, limit=40)}, first_seed={shown(self.first_seed, limit=40)}."
            )
        source = self._source
        found = {
            "name": f"gym:{self.environment_id}",
            "attributes": source.attributes,
            "motion": motion_attributes(source.attributes),
            "actions": source.actions,
            "channels": self._channels(),
            "objectives": source.objectives,
            "also_called": source.also_called,
            "distributions": ("train", "deploy") if source.seeds_matter else ("train",),
            "legend": {"#": "wall", **source.legend},
        }
        for attribute, value in found.items():
            object.__setattr__(self, attribute, value)

    def _make(self) -> Any:
        return make_environment(self.environment_id, json.loads(self.settings), own_options=_own_options())

    @functools.cached_property
    def _enumerations(self) -> dict[int, Enumeration]:
        return {}

    @functools.cached_property
    def _stacks(self) -> dict[str, Level]:
        return {}

    @functools.cached_property
    def _source(self) -> Source:
        environment = self._make()
        spaces = import_gymnasium().spaces
        with environment_code(self.environment_id, "when it was asked for its spaces"):
            actions, _ = environment.action_space, environment.observation_space
        if not isinstance(actions, spaces.Discrete):
            options = constructor_options(environment.unwrapped)
            ways = {"continuous": "continuous=False", "discrete": "discrete=True"}
            found = [text for name, text in ways.items() if name in options]
            advice = f" It has an option for that: --world-option {found[0]}." if found else ""
            raise WorldError(
                f"The actions of {quoted(self.environment_id)} are a {type(actions).__name__} "
                f"({shown(actions, limit=120)}); a finite level needs a Discrete space.{advice}"
            )
        if int(actions.n) > MOST_ACTIONS:
            raise WorldError(
                f"{quoted(self.environment_id)} has {int(actions.n):,} actions; at most {MOST_ACTIONS:,} are tried "
                "in each state."
            )
        request = Request(
            self.environment_id,
            self._make,
            self.observation,
            self.max_states,
            frozenset(name.strip() for name in self.ignore.split(",") if name.strip()),
            range(self.first_seed, self.first_seed + 2 * self.levels),
        )
        if not _plainly_wrapped(environment):
            return CloneSource(request)
        bare = environment.unwrapped
        return (TableSource if is_table(bare) else MinigridSource if is_minigrid(bare) else CloneSource)(request)

    @property
    def observation_shape(self) -> tuple[int, ...]:
        shown = self._source.encoding.shape
        return (math.prod(shown) + len(self._source.actions),) if self.action_masks else shown

    def _channels(self) -> tuple[str, ...]:
        encoding = self._source.encoding
        if not self.action_masks:
            return encoding.channels
        size = math.prod(encoding.shape)
        flat = encoding.channels if len(encoding.shape) == 1 else tuple(f"feature-{index}" for index in range(size))
        return (*flat, *(f"allows-{action}" for action in self._source.actions))

    def seeds(self, distribution: str) -> range:
        """Returns the seeds that the levels of a distribution are made from."""
        self.check_distribution(distribution)
        if not self._source.seeds_matter:
            return range(self.first_seed, self.first_seed + 1)
        start = self.first_seed + (self.levels if distribution == "deploy" else 0)
        return range(start, start + self.levels)

    def distinct_levels(self, distribution: str) -> int:
        return len(self.seeds(distribution))

    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        return _draw(self._stack(distribution), key, count)

    def level(self, seed: int) -> Level:
        """Returns the (not batched) level of one seed, whether or not it belongs to a distribution."""
        return assemble([seed], [self._enumeration(seed)], self.discount, lambda arrays: jnp.asarray(arrays[0]))

    def observe(self, level: Level, state: Int[Array, ""]) -> Float[Array, "..."]:
        shown = self._source.encoding.show(level.layout.observations[state])
        if not self.action_masks:
            return shown
        legal = level.layout.legal
        allowed = jnp.ones(level.actions) if legal is None else jnp.asarray(legal)[state]
        return jnp.concatenate([shown.ravel(), allowed.astype(shown.dtype)])

    def legal(self, level: Level) -> Bool[Array, "*batch S A"] | None:
        return level.layout.legal

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(sorted({found.unused for found in self._enumerations.values() if found.unused}))

    def parse(self, text: str) -> Level:
        raise WorldError(
            f"A level of '{self.name}' cannot be made from text: the text form does not hold everything that a state "
            "of the environment does. Choose levels by their seeds, with first_seed=N and levels=N."
        )

    def format(self, level: Level, state: int | None = None) -> str:
        return self._enumeration(int(level.layout.seed)).text(state)

    def position(self, level: Level, state: int) -> tuple[int, int] | None:
        row, column = np.asarray(level.layout.positions[state]).tolist()
        return None if row < 0 else (row, column)

    def with_options(self, options: Mapping[str, str]) -> GymnasiumWorld:
        values, settings = _sort_options(options)
        return replace(self, **values, settings=_as_text(json.loads(self.settings) | settings))

    def _enumeration(self, seed: int) -> Enumeration:
        if seed not in self._enumerations:
            self._enumerations[seed] = self._source.enumerate(seed)
        return self._enumerations[seed]

    def _stack(self, distribution: str) -> Level:
        seeds = self.seeds(distribution)
        if distribution not in self._stacks:
            # Also when the first call comes from inside `jit`, the levels are constants and no part of its program.
            with jax.ensure_compile_time_eval():
                found = [self._enumeration(seed) for seed in seeds]
                self._stacks[distribution] = assemble(
                    list(seeds), found, self.discount, lambda arrays: jnp.asarray(np.stack(arrays))
                )
        return self._stacks[distribution]


def gymnasium_world(environment_id: str, options: Mapping[str, str]) -> GymnasiumWorld:
    """Returns a Gymnasium environment as a world.

    **Arguments:**

    - `environment_id`: what stands after `gym:`.
    - `options`: of `GymnasiumWorld`; all others are passed to the environment as literals.

    **Raises:** as `GymnasiumWorld`.
    """
    values, settings = _sort_options(options)
    return GymnasiumWorld(environment_id, **values, settings=_as_text(settings))


def _as_text(settings: Mapping[str, str]) -> str:
    return json.dumps(dict(settings), sort_keys=True)


def _own_options() -> dict[str, type]:
    """Returns Mesascope's own options and their types."""
    return {field.name: type(field.default) for field in fields(GymnasiumWorld) if field.name not in _NOT_OPTIONS}


def _sort_options(options: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns Mesascope's own options as values, and the environment's as text."""
    own = _own_options()
    values: dict[str, Any] = {}
    settings: dict[str, str] = {}
    for option, text in options.items():
        if option in _NOT_OPTIONS:
            raise UsageError(f"Option {option}={text} is set by Mesascope itself and cannot be given.")
        if option in own:
            values[option] = parse_option(option, text, own[option])
        else:
            settings[option] = text
    return values, settings


@functools.partial(jax.jit, static_argnames="count")
def _draw(levels: Level, key: RandomKey, count: int) -> Level:
    # Each level comes once before any comes twice: drawing as many as there are gives the whole distribution.
    order = jax.random.permutation(key, levels.count)[jnp.arange(count) % levels.count]
    return levels[order]


def _plainly_wrapped(environment: Any) -> bool:
    layer = environment
    while layer is not layer.unwrapped:
        if type(layer).__name__ not in PLAIN_WRAPPERS:
            return False
        layer = layer.env
    return True
