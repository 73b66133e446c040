"""What an agent is, and what it may be able to do besides: show itself untrained, be given other slots."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import AgentError
from mesascope.core.foreign_class import guard_class, is_foreign
from mesascope.core.random import RandomKey

SlotValue = bool | int | float

SLOTS: Mapping[str, str] = {
    "resolution": "how finely it sees what follows from its options; 0 is as finely as it is",
    "depth": "how many steps its plans have",
    "future": "how much later episodes count for it, in [0, 1]",
    "selection_model": "whether it knows that it is being selected",
}
"""Slots that assays know, and what they hold."""


class Agent(abc.ABC):
    """A learned algorithm, seen from outside.

    Numpy arrays go in and come out, so that agents of any framework look alike. Optional capabilities (activations,
    compute, objective slots) are protocols of their own; an agent that lacks one is still an agent.
    """

    name: str
    """For people: a file name, an organism's id, `module:function`."""
    kind: str
    """What sort of thing it is: `"network"`, `"function"`, `"Stable-Baselines3"`, …"""
    notes: tuple[str, ...] = ()
    """What a reader of a report must know about how it was loaded or is asked."""
    memoryless: bool
    """Whether the probabilities depend on the present observation alone. Memoryless agents are evaluated exactly."""
    foreign: bool = False
    """Whether code of others answers, so that it is asked twice before it is believed."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        guard_class(cls, "Agent", error=AgentError)
        if is_foreign(cls):
            cls.foreign = True

    @abc.abstractmethod
    def initial_state(self, batch: int) -> Any:
        """Returns the memory with which `batch` episodes begin; `None` for a memoryless agent."""

    @abc.abstractmethod
    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        """Returns action probabilities and the memory after acting.

        **Arguments:**

        - `observations`: one per episode, `[B, ...]`, in the shape of the world.
        - `state`: from `initial_state` or the last call. It may not be changed in place.
        """


@runtime_checkable
class Untrained(Protocol):
    """The capability to show what the agent was before training: a ruler for what training did."""

    def untrained(self, *, key: RandomKey) -> Agent:
        """Returns an agent of the same architecture with fresh weights.

        **Arguments:**

        - `key`: consumed.
        """
        ...


@runtime_checkable
class Slotted(Protocol):
    """The capability to be given another value in a declared slot, everything else as it was."""

    name: str

    def slots(self) -> Mapping[str, SlotValue]:
        """Returns the slots that it has, and what they hold."""
        ...

    def with_slots(self, values: Mapping[str, SlotValue]) -> Agent:
        """Returns the same agent with other values in some slots.

        **Arguments:**

        - `values`: by slot.

        **Raises:** `UnknownNameError` for a slot that it does not have, `UsageError` for a value that cannot be.
        """
        ...
