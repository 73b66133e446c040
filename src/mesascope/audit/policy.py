"""The policy of an agent, as a table over every state of every level."""

from __future__ import annotations

import functools
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Bool, Float

from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import checked_probabilities
from mesascope.core.errors import AgentError, MesascopeError
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

BATCH: int = 16_384
"""Observations shown to the agent at once; bounds memory, not results."""

LEVELS_AT_ONCE: int = 64
"""Levels observed in one call, always as many, so that batches of any size share one compiled program."""


@functools.lru_cache(maxsize=16)
def _observer(world: World):
    return eqx.filter_jit(jax.vmap(world.observe_states))


def observations(world: World, levels: Level) -> Float[np.ndarray, "N S ..."]:
    """Returns what an agent sees in every state of every level, `[N, S, ...]`.

    **Arguments:**

    - `world`: which shows them.
    - `levels`: a batch of N levels.
    """
    observe, size = _observer(world), min(LEVELS_AT_ONCE, levels.count)
    parts = []
    for start in range(0, levels.count, size):
        rows = np.minimum(np.arange(start, start + size), levels.count - 1)
        parts.append(np.asarray(observe(levels[rows]))[: levels.count - start])
    return np.concatenate(parts)


def act_of(agent: Agent, seen: Float[np.ndarray, "B ..."], memory) -> tuple[Any, Any]:
    """Returns whatever an agent returns, unchecked, turning what it raises into an `AgentError`.

    **Arguments:** as of `ask`.
    """
    try:
        return agent.act(seen, memory)
    except MesascopeError:
        raise
    except Exception as error:
        raise AgentError(
            f"Agent '{agent.name}' raised {type(error).__name__} on observations of shape {list(seen.shape)}: {error}"
        ) from error


def ask(agent: Agent, seen: Float[np.ndarray, "B ..."], memory, *, actions: int):
    """Asks an agent for its action probabilities, turning whatever it raises into a message.

    **Arguments:**

    - `agent`: the agent.
    - `seen`: observations.
    - `memory`: its memory, `None` for a memoryless agent.
    - `actions`: how many actions the world has.

    **Returns:** checked probabilities `[B, A]` and the memory after acting.

    **Raises:** `AgentError` if it raises, or returns something that is not a policy.
    """
    returned, memory = act_of(agent, seen, memory)
    return checked_probabilities(returned, name=agent.name, rows=len(seen), actions=actions), memory


def policy_table(agent: Agent, seen: Float[np.ndarray, "N S ..."], wanted: Bool[np.ndarray, "N S"], *, actions: int):
    """Returns a memoryless agent's probabilities in every wanted state, and uniform ones elsewhere, `[N, S, A]`.

    **Arguments:**

    - `agent`: a memoryless agent.
    - `seen`: observations of every state.
    - `wanted`: the states to ask about, normally the reachable ones.
    - `actions`: how many actions the world has.

    **Raises:** `AgentError`, as `ask` does.
    """
    table = np.full((*wanted.shape, actions), 1 / actions)
    shown = seen[wanted]
    answers = [
        ask(
            agent, shown[start : start + BATCH], agent.initial_state(len(shown[start : start + BATCH])), actions=actions
        )[0]
        for start in range(0, len(shown), BATCH)
    ]
    if answers:
        table[wanted] = np.concatenate(answers)
    return table
