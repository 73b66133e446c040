"""The capability to be changed inside: declared slots for resolution, planning depth and outlook on the future."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol, cast, runtime_checkable

from mesascope.agents.agent import Agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.network import NetworkSpec, transplant
from mesascope.core.errors import UnknownNameError

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


class SlottedNetworkAgent(NetworkAgent):
    """A network agent whose spec declares slots; its network has `respecified(spec)`, which fills them anew."""

    def slots(self) -> dict[str, SlotValue]:
        """Returns the slots that it has, and what they hold."""
        return {slot: getattr(self.spec, slot) for slot in slots_of(self.spec)}

    def with_slots(self, values: Mapping[str, SlotValue]) -> SlottedNetworkAgent:
        """Returns the same agent with other values in some slots; see `Slotted`."""
        known = slots_of(self.spec)
        for slot in values:
            if slot not in known:
                raise UnknownNameError(f"slot of agent '{self.name}'", slot, known)
        spec = dataclasses.replace(self.spec, **values)
        network = cast(Any, self.network).respecified(spec)
        # What decides the shape of the computation is no number and comes with the spec.
        network = transplant(network, spec, self.observation_shape, self.actions)
        changed = ", ".join(f"{slot}={value}" for slot, value in values.items())
        name = f"{self.name} ({changed})"
        return SlottedNetworkAgent(name, network, spec, self.observation_shape, self.actions, origin=self.origin)


def slots_of(spec: NetworkSpec) -> tuple[str, ...]:
    """Returns the slots that a spec declares."""
    return getattr(spec, "slots", ())
