"""A network agent whose computation before each choice can be set: the ticks of a repeated network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.network import Network, NetworkSpec, transplant
from mesascope.core.errors import UsageError

BUDGETS: tuple[int, ...] = (1, 2, 3, 4, 6, 8, 12, 16)
"""Ticks per step that can be set, beside the agent's own. A tick is the least: without one nothing is chosen."""


class TickingAgent(NetworkAgent):
    """A `NetworkAgent` of a DRC with the capability `VariableCompute`: its budget is the number of ticks per step."""

    spec: DRCSpec  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def budget(self) -> int:
        """Ticks per step."""
        return self.spec.ticks

    def budgets(self) -> tuple[int, ...]:
        """Returns the ticks per step that can be set, ascending."""
        return tuple(sorted({*BUDGETS, self.spec.ticks}))

    def with_budget(self, budget: int) -> TickingAgent:
        """Returns the agent of the same parameters that thinks for so many ticks per step; see `VariableCompute`.

        **Arguments:**

        - `budget`: one of `budgets()`.

        **Raises:** `UsageError` for any other.
        """
        if budget not in self.budgets():
            raise UsageError(f"Agent '{self.name}' can think for {self.budgets()} ticks per step, not {budget!r}.")
        spec = replace(self.spec, ticks=budget)
        network = transplant(self.network, spec, self.observation_shape, self.actions)
        name = f"{self.name} ({budget} ticks)"
        return TickingAgent(name, network, spec, self.observation_shape, self.actions, origin=self.origin)


def network_agent(
    name: str,
    network: Network,
    spec: NetworkSpec,
    observation_shape: tuple[int, ...],
    actions: int,
    *,
    origin: dict[str, Any] | None = None,
) -> NetworkAgent:
    """Returns a network as an agent with all the capabilities that its architecture allows.

    **Arguments:** as of `NetworkAgent`.
    """
    kind = TickingAgent if isinstance(spec, DRCSpec) else NetworkAgent
    return kind(name, network, spec, observation_shape, actions, origin=origin)
