"""A network agent whose computation before each choice can be set: ticks or iterations of a repeated network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.network import Network, NetworkSpec, transplant
from mesascope.agents.networks.value_iteration_network import ValueIterationNetworkSpec
from mesascope.agents.slots import SlottedNetworkAgent, slots_of
from mesascope.core.errors import UsageError

REPEATED: dict[type[NetworkSpec], str] = {DRCSpec: "ticks", ValueIterationNetworkSpec: "iterations"}
"""The field of a spec that says how often its network repeats what it does; no parameter depends on it."""
BUDGETS: dict[str, tuple[int, ...]] = {"ticks": (1, 2, 3, 4, 6, 8, 12, 16), "iterations": (1, 2, 4, 8, 16, 32, 64)}
"""Repetitions per step that can be set, beside the agent's own. One is the least: without one nothing is chosen."""


class TickingAgent(NetworkAgent):
    """A `NetworkAgent` with the capability `VariableCompute`: its budget is the field in `REPEATED` of its spec."""

    @property
    def repeated(self) -> str:
        """What is repeated: `"ticks"` or `"iterations"`."""
        return REPEATED[type(self.spec)]

    @property
    def budget(self) -> int:
        """Repetitions per step."""
        return getattr(self.spec, self.repeated)

    def budgets(self) -> tuple[int, ...]:
        """Returns the repetitions per step that can be set, ascending."""
        return tuple(sorted({*BUDGETS[self.repeated], self.budget}))

    def with_budget(self, budget: int) -> TickingAgent:
        """Returns the agent of the same parameters that repeats itself so often per step; see `VariableCompute`.

        **Arguments:**

        - `budget`: one of `budgets()`.

        **Raises:** `UsageError` for any other.
        """
        if budget not in self.budgets():
            raise UsageError(
                f"Agent '{self.name}' can think for {self.budgets()} {self.repeated} per step, not {budget!r}."
            )
        spec: NetworkSpec = replace(self.spec, **{self.repeated: budget})
        network = transplant(self.network, spec, self.observation_shape, self.actions)
        name = f"{self.name} ({budget} {self.repeated})"
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
    kind = TickingAgent if type(spec) in REPEATED else SlottedNetworkAgent if slots_of(spec) else NetworkAgent
    return kind(name, network, spec, observation_shape, actions, origin=origin)
