"""Replaying an enumeration on a fresh environment: what was cloned must behave like what was not."""

from __future__ import annotations

from typing import Any

import numpy as np

from mesascope.core.errors import WorldError
from mesascope.worlds.gymnasium.encoding import Encoding
from mesascope.worlds.gymnasium.enumeration import Exploration

WALKS: int = 4
STEPS: int = 64


def check_replay(
    environment: Any, exploration: Exploration[Any], *, encoding: Encoding, seed: int, environment_id: str
) -> None:
    """Walks at random through the environment and through the table, side by side.

    **Arguments:**

    - `environment`: any instance of the environment that was enumerated.
    - `exploration`: what was found.
    - `encoding`: of observations.
    - `seed`: that the enumeration began with.
    - `environment_id`: for messages.

    **Raises:** `WorldError` at the first difference.
    """
    generator = np.random.default_rng(seed)
    actions = exploration.successors.shape[1]
    first_action = int(environment.action_space.start)
    for _ in range(WALKS):
        environment.reset(seed=seed)
        state = 0
        for step in range(STEPS):
            action = int(generator.integers(actions))
            observation, _, terminated, truncated, _ = environment.step(action + first_action)
            state = int(exploration.successors[state, action])
            same = np.array_equal(encoding.encode(observation), exploration.observations[state])
            if not same or bool(terminated) != exploration.terminal[state]:
                raise WorldError(
                    f"'{environment_id}' behaved differently when it was run than when it was cloned: after {step + 1} "
                    f"steps from seed {seed} the {'end of the episode' if same else 'observation'} differs. It keeps "
                    "state where copies do not reach (a simulator outside Python, a global generator, an ignored "
                    "attribute), so that it cannot be enumerated."
                )
            if terminated or truncated:
                break
