"""Reading and replacing activations of agents that are written out in numpy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mesascope.agents.activations import check_fits


class Recorder:
    """Called with every activation of one step; returns it, or what takes its place.

    **Arguments:**

    - `agent`: its name, for messages.
    - `patches`: activations by site, checked by `checked_patches`.
    """

    def __init__(self, agent: str, patches: Mapping[str, np.ndarray]):
        self.agent, self.patches = agent, patches
        self.seen: dict[str, np.ndarray] = {}

    def __call__(self, site: str, own: np.ndarray) -> np.ndarray:
        """Returns what the agent goes on with.

        **Arguments:**

        - `site`: name of the place, unique within a step.
        - `own`: what the agent computed there.

        **Raises:** `AgentError` for a patch of another shape.
        """
        value = own
        if site in self.patches:
            value = self.patches[site]
            check_fits(value, own.shape, site=site, agent=self.agent)
        value = value.astype(own.dtype, copy=False)
        # A copy, because layers that hand on their input would show one array under two names.
        self.seen[site] = value.copy()
        return value
