"""The capability to think longer or shorter: an agent whose computation before each choice can be set."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mesascope.agents.agent import Agent


@runtime_checkable
class VariableCompute(Protocol):
    """The capability to be given more or less computation: simulations, sweeps, plies or ticks."""

    name: str

    @property
    def budget(self) -> int:
        """How much it uses now."""
        ...

    def budgets(self) -> tuple[int, ...]:
        """Returns what can be set, ascending: the least first, which is no search where that is possible."""
        ...

    def with_budget(self, budget: int) -> Agent:
        """Returns the same agent with another budget.

        **Arguments:**

        - `budget`: one of `budgets()`.

        **Raises:** `UsageError` for any other.
        """
        ...
