"""What every site of an agent holds at each step of its reference episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mesascope.agents.activations import Captured, Inspectable
from mesascope.audit.learning.context import LearningContext
from mesascope.core.errors import AgentError
from mesascope.core.foreign_class import asked_of_others
from mesascope.core.text import quoted


@dataclass(frozen=True)
class WatchedSteps:
    """Activations and memories of the reference episodes.

    **Arguments:**

    - `activations`: by site, `[B, T, ...]`.
    - `memories`: before each step.
    """

    activations: dict[str, np.ndarray]
    memories: tuple[Any, ...]


def watchable_sites(context: LearningContext) -> tuple[str, ...]:
    """Returns the sites of an agent; none if it shows no activations."""
    agent = context.agent
    if not isinstance(agent, Inspectable):
        return ()
    with asked_of_others(f"Agent {quoted(agent.name)}", "asked for its sites", error=AgentError):
        return tuple(agent.sites())


def watched_steps(context: LearningContext) -> WatchedSteps:
    """Returns what every site held at each step of the reference episodes, looked at once.

    **Raises:** `AgentError` if the agent fails.
    """
    return context.once("watched steps", lambda: _watched(context))


def step_again(
    context: LearningContext, step: int, memory: Any, patches: dict[str, np.ndarray] | None = None
) -> Captured:
    """Returns one step of the reference episodes, acted once more.

    **Arguments:**

    - `context`: the agent and its episodes.
    - `step`: from 0.
    - `memory`: before it.
    - `patches`: activations by site that replace the agent's own.

    **Raises:** `AgentError` if the agent fails.
    """
    agent = context.agent
    assert isinstance(agent, Inspectable)
    with asked_of_others(f"Agent {quoted(agent.name)}", f"in step {step + 1}", error=AgentError):
        return agent.step(np.array(context.reference.observations[:, step]), memory, patches)


def _watched(context: LearningContext) -> WatchedSteps:
    memory, memories, found = context.agent.initial_state(context.episodes), [], []
    for step in range(context.stream.steps):
        memories.append(memory)
        one = step_again(context, step, memory)
        memory = one.memory
        found.append(one.activations)
    return WatchedSteps({site: np.stack([one[site] for one in found], 1) for site in found[0]}, tuple(memories))
