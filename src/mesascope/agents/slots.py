"""The capability to be changed inside: declared slots for resolution, planning depth and outlook on the future."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from mesascope.agents.agent import Agent

SlotValue = bool | int | float

SLOTS: Mapping[str, str] = {
    "resolution": "how finely it sees what follows from its options; 0 is as finely as it is",
    "depth": "how many steps its plans have",
    "future": "how much later episodes count for it, in [0, 1]",
    "selection_model": "whether it knows that it is being selected",
}
"""Slots that assays know, and what they hold."""


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
