"""Replaying an enumeration on a fresh environment: what was cloned must behave like what was not."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool

from mesascope.core.errors import WorldError
from mesascope.core.text import quoted
from mesascope.worlds.gymnasium.encoding import Encoding
from mesascope.worlds.gymnasium.enumeration import Exploration, Request
from mesascope.worlds.gymnasium.stepping import checked_reset, checked_step

WALKS: int = 4
STEPS: int = 64


def check_replay(
    environment: Any,
    exploration: Exploration[Any],
    *,
    encoding: Encoding,
    seed: int,
    request: Request,
    rewards: bool = True,
    legal: Bool[np.ndarray, "S A"] | None = None,
) -> None:
    """Walks at random through the environment and through the table, side by side.

    **Arguments:**

    - `environment`: any instance of the environment that was enumerated.
    - `exploration`: what was found.
    - `encoding`: of observations.
    - `seed`: that the enumeration began with.
    - `request`: what the enumeration was for.
    - `rewards`: whether they must agree, too.
    - `legal`: actions that may be taken; by default all.

    **Raises:** `WorldError` at the first difference.
    """
    environment_id = request.environment_id
    generator = np.random.default_rng(seed)
    actions = exploration.successors.shape[1]
    first_action = int(environment.action_space.start)
    for _ in range(WALKS):
        observation, _ = checked_reset(environment, seed, environment_id=environment_id)
        if not np.array_equal(encoding.encode(observation), exploration.observations[0]):
            raise WorldError(
                f"{quoted(environment_id)} began in two different ways when it was reset with seed {seed} twice, so "
                "that a seed is no level. Let reset(seed=...) draw everything from self.np_random, after "
                "super().reset(seed=seed)."
            )
        state = 0
        for step in range(STEPS):
            action = int(
                generator.integers(actions) if legal is None else generator.choice(np.flatnonzero(legal[state]))
            )
            found = checked_step(environment, action + first_action, environment_id=environment_id)
            state, before = int(exploration.successors[state, action]), state
            differs = [
                what
                for what, same in (
                    (
                        "observation",
                        np.array_equal(encoding.encode(found.observation), exploration.observations[state]),
                    ),
                    ("end of the episode", found.terminated == exploration.terminal[state]),
                    ("reward", not rewards or np.float32(found.reward) == exploration.rewards[before, action]),
                )
                if not same
            ]
            if differs:
                raise WorldError(_difference(environment_id, differs[0], step + 1, seed, request.ignore))
            if found.terminated or found.truncated:
                break


def _difference(environment_id: str, what: str, steps: int, seed: int, ignored: frozenset[str]) -> str:
    difference = (
        f"{quoted(environment_id)} behaved differently when it was run than when it was cloned: after {steps} steps "
        f"from seed {seed} the {what} differs. "
    )
    if ignored:
        return f"{difference}What was ignored matters to it: {', '.join(sorted(ignored))}. Ignore less."
    return (
        f"{difference}It keeps state where copies do not reach (a simulator outside Python, a global generator, an "
        "attribute of its class), so that it cannot be enumerated."
    )
