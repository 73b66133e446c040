"""An agent that is shown a world through a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Captured, Inspectable
from mesascope.agents.agent import Agent
from mesascope.agents.view import View


class ViewedAgent(Agent):
    """An agent of whatever kind, shown a world otherwise than the world shows itself.

    **Arguments:**

    - `agent`: who is shown it.
    - `view`: how.
    """

    def __init__(self, agent: Agent, view: View):
        self.agent, self.view = agent, view
        self.name, self.kind, self.memoryless = agent.name, agent.kind, agent.memoryless
        self.notes = (*agent.notes, f"It is shown the world through the view: {view}.")

    def initial_state(self, batch: int) -> Any:
        return self.agent.initial_state(batch)

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        probabilities, state = self.agent.act(self.view.shown(observations), state)
        return self.view.meant(probabilities), state


class OpenViewedAgent(ViewedAgent):
    """The same for an agent that shows its activations; see `Inspectable`."""

    agent: Agent
    opened: Inspectable

    def __init__(self, agent: Agent, view: View):
        super().__init__(agent, view)
        assert isinstance(agent, Inspectable)
        self.opened = agent

    def sites(self) -> tuple[str, ...]:
        return self.opened.sites()

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        found = self.opened.step(self.view.shown(observations), state, patches)
        return replace(found, probabilities=self.view.meant(found.probabilities))


def viewed(agent: Agent, view: View) -> Agent:
    """Returns an agent that is shown the world through a view, with the capability to be opened if it has it.

    **Arguments:**

    - `agent`: as it is.
    - `view`: without steps the agent is returned as it is.
    """
    if not view.steps:
        return agent
    return (OpenViewedAgent if isinstance(agent, Inspectable) else ViewedAgent)(agent, view)
