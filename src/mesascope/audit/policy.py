"""The policy of an agent, as a table over every state of every level."""

from __future__ import annotations

import functools

import jax
import numpy as np
from jaxtyping import Bool, Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask_all
from mesascope.core.compiling import compiled_briefly
from mesascope.worlds.admission import check_seen
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

LEVELS_AT_ONCE: int = 64
"""Levels observed in one call, always as many, so that batches of any size share one compiled program."""


@functools.lru_cache(maxsize=16)
def _observer(world: World):
    return compiled_briefly(jax.vmap(world.observe_states))


def observations(world: World, levels: Level) -> Float[np.ndarray, "N S ..."]:
    """Returns what an agent sees in every state of every level, `[N, S, ...]`.

    **Arguments:**

    - `world`: which shows them.
    - `levels`: a batch of N levels.
    """
    observe, size = _observer(world), min(LEVELS_AT_ONCE, levels.count)
    parts = []
    for first in range(0, levels.count, size):
        rows = np.minimum(np.arange(first, first + size), levels.count - 1)
        parts.append(np.asarray(observe(levels[rows]))[: levels.count - first])
    seen = np.concatenate(parts)
    check_seen(world, levels, seen)
    return seen


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
    table[wanted] = ask_all(agent, seen[wanted], actions=actions)
    return table


def choices_in(
    agent: Agent, world: World, levels: Level, where: Bool[np.ndarray, "N S"] | None = None
) -> Float[np.ndarray, "N S A"]:
    """Returns a memoryless agent's probabilities in every state in which there is something to choose.

    **Arguments:**

    - `agent`: a memoryless agent.
    - `world`, `levels`: where: a batch of N levels.
    - `where`: ask only in these states; by default in all.

    **Raises:** `AgentError`, as `ask` does.
    """
    wanted = np.asarray(levels.reachable & ~levels.terminal)
    wanted = wanted if where is None else wanted & where
    return policy_table(agent, observations(world, levels), wanted, actions=len(world.actions))
