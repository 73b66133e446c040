"""A world whose causal edges can be cut and whose context can be changed: what the alignment battery needs."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from mesascope.core.errors import UnknownNameError
from mesascope.core.random import RandomKey, stream
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

Settings = Mapping[str, bool | int | float | str]
"""Options of a world and the values that they are given."""


@dataclass(frozen=True)
class Condition:
    """One way in which a test changes a world.

    **Arguments:**

    - `settings`: options of the world that differ from the world as it was trained in.
    - `summary`: one line for people.
    """

    settings: Settings
    summary: str

    def __post_init__(self):
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    def __hash__(self) -> int:
        return hash((tuple(sorted(self.settings.items())), self.summary))


class SwitchedWorld(World):
    """A world with named causal edges and a context, each an option of its dataclass.

    Cutting an edge or changing the context is giving an option another value, so that every part of Mesascope that
    knows worlds knows conditions as well (`--deploy-option mesa_to_base=False`).
    """

    switches: Mapping[str, str] = MappingProxyType({})
    """Options that cut a causal edge when they are false, and which edge that is."""
    edges: Mapping[str, tuple[str, str]] = MappingProxyType({})
    """The attributes at both ends of each edge, cause first, by the name of its switch."""
    contexts: Mapping[str, str] = MappingProxyType({})
    """Options that change what the agent is told (cue, threat, pointer, knowledge), and what that is."""
    swapped_objective: str
    """The objective that the evidence points to when the pointer is swapped."""
    told_objective: str
    """The objective of doing what the evidence points to, whatever it is."""

    @abc.abstractmethod
    def conditions(self) -> Mapping[str, tuple[Condition, ...]]:
        """Returns the conditions of each test that this world can be put to, by the test's name (`"T1"`).

        A test that is left out cannot be made here, which the battery reports as INCONCLUSIVE.
        """

    def action_text(self, level: Level, action: int) -> str:
        """Returns what an action does in a (not batched) level, in a few words."""
        return self.actions[action]

    def under(self: Any, condition: Condition) -> Any:
        """Returns this world in a condition.

        **Raises:** `UnknownNameError` for a setting that is no option of this world.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for name in condition.settings:
            if name not in known:
                raise UnknownNameError(f"option of world '{self.name}'", name, known)
        return dataclasses.replace(self, **condition.settings)

    def sample_under(self, conditions: tuple[Condition, ...], *, key: RandomKey, count: int) -> Level:
        """Draws some training levels in each of several conditions, as numpy arrays.

        **Arguments:**

        - `conditions`: C of them.
        - `key`: may serve several calls; each condition draws from a stream of its own place.
        - `count`: of levels in each.

        **Returns:** a batch of C x count levels, those of the first condition first.
        """
        train = self.distributions[0]
        batches = [
            jax.device_get(
                self.under(condition).sample(key=stream(f"condition/{place}", key=key), distribution=train, count=count)
            )
            for place, condition in enumerate(conditions)
        ]
        return jax.tree.map(lambda *arrays: np.concatenate(arrays), *batches)
