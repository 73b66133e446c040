"""A world around another one: whatever a wrapper does not change is the inner world's, capabilities first of all."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, TypeVar

from jaxtyping import Array, Bool, Float, Int

from mesascope.core.random import RandomKey
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

Wrapper = TypeVar("Wrapper", bound="WrappedWorld")


class WrappedWorld(World):
    """What wrappers of worlds share; each overrides what it changes, and forgets nothing else.

    **Arguments:**

    - `world`: the inner one.
    """

    def __init__(self, world: World):
        self.world = world
        # Whatever worlds declare, now and later: a list of names kept here would fall behind.
        for declared in World.__annotations__:
            setattr(self, declared, getattr(world, declared))

    @abc.abstractmethod
    def around(self: Wrapper, world: World) -> Wrapper:
        """Returns the same around another world, such as the inner one with other options."""

    @property
    def unwrapped(self) -> World:
        return self.world.unwrapped

    def __getattr__(self, name: str) -> Any:
        # Only what a World does not define ends up here: options and helpers of the wrapped world.
        if name.startswith("__") or "world" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.world, name)

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return self.world.observation_shape

    @property
    def notes(self) -> tuple[str, ...]:
        return self.world.notes

    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        return self.world.sample(key=key, distribution=distribution, count=count)

    def observe(self, level: Level, state: Int[Array, ""]) -> Float[Array, "..."]:
        return self.world.observe(level, state)

    def observe_states(self, level: Level) -> Float[Array, "S ..."]:
        return self.world.observe_states(level)

    def parse(self, text: str) -> Level:
        return self.world.parse(text)

    def format(self, level: Level, state: int | None = None) -> str:
        return self.world.format(level, state)

    def position(self, level: Level, state: int) -> tuple[int, int] | None:
        return self.world.position(level, state)

    def legal(self, level: Level) -> Bool[Array, "*batch S A"] | None:
        return self.world.legal(level)

    def distinct_levels(self, distribution: str) -> int | None:
        return self.world.distinct_levels(distribution)

    def edit(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        return self.world.edit(level, key=key)

    def rearrange(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        return self.world.rearrange(level, key=key)

    def check_distribution(self, distribution: str) -> None:
        self.world.check_distribution(distribution)

    def options(self) -> dict[str, bool | int | float | str]:
        return self.world.options()

    def with_options(self: Wrapper, options: Mapping[str, str]) -> Wrapper:
        return self.around(self.world.with_options(options))

    def under(self: Wrapper, condition: Any) -> Wrapper:
        """Returns the same around the inner world in one of its conditions (`SwitchedWorld.under`)."""
        return self.around(getattr(self.world, "under")(condition))  # noqa: B009
