"""An agent asked about many views of the same observations, many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.view import View, parse_view
from mesascope.audit.fit.changes import Steps
from mesascope.audit.policy import BATCH, ask
from mesascope.core.errors import AgentError
from mesascope.worlds.world import World


class Asked:
    """An agent's first choices under views.

    **Arguments:**

    - `agent`: without any view.
    - `world`: whose observations are turned.
    """

    def __init__(self, agent: Agent, world: World):
        self._agent, self._world = agent, world
        self._views: dict[Steps, View] = {}

    def __call__(self, views: Sequence[Steps], seen: Float[np.ndarray, "M ..."]) -> list:
        """Returns choices `[M, A]` for each view, `None` where the agent cannot act under it.

        **Arguments:**

        - `views`: lists of steps.
        - `seen`: observations of the world.
        """
        found: list[np.ndarray | None] = []
        at_once = max(1, BATCH // len(seen))
        shapes = [self._view(steps).shape for steps in views]
        start = 0
        while start < len(views):
            end = start + 1
            while end < len(views) and end - start < at_once and shapes[end] == shapes[start]:
                end += 1
            found += self._together(views[start:end], seen)
            start = end
        return found

    def _view(self, steps: Steps) -> View:
        if steps not in self._views:
            self._views[steps] = parse_view(steps, self._world)
        return self._views[steps]

    def _together(self, views: Sequence[Steps], seen: Float[np.ndarray, "M ..."]) -> list[np.ndarray | None]:
        shown = np.concatenate([self._view(steps).shown(seen) for steps in views])
        try:
            chosen, _ = ask(self._agent, shown, self._agent.initial_state(len(shown)), actions=len(self._world.actions))
        except AgentError:
            # One view that it cannot stand must not speak for the others.
            return [None] if len(views) == 1 else [self._together([steps], seen)[0] for steps in views]
        return list(chosen.reshape(len(views), len(seen), -1))
