"""The policy of an agent, as a table over every state of every level."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Bool, Float

from mesascope.agents.agent import Agent
from mesascope.core.errors import AgentError, MesascopeError
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

BATCH: int = 16_384
"""Observations shown to the agent at once; bounds memory, not results."""

SUM_TOLERANCE: float = 1e-4
"""Probabilities that miss one by more than this are an error, by less are rescaled."""


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


def checked_probabilities(agent: Agent, returned, *, rows: int, actions: int) -> Float[np.ndarray, "rows actions"]:
    """Returns what an agent answered as probabilities in double precision, each row summing to one exactly.

    **Arguments:**

    - `agent`: for the message.
    - `returned`: what `act` gave.
    - `rows`: how many observations it was shown.
    - `actions`: how many actions the world has.

    **Raises:** `AgentError` for another shape, numbers that are not finite or negative, and rows that do not
    sum to one.
    """
    try:
        probabilities = np.asarray(returned, np.float64)
    except (TypeError, ValueError) as error:
        raise AgentError(
            f"Agent '{agent.name}' returned {type(returned).__name__}, not an array of probabilities."
        ) from error
    if probabilities.shape != (rows, actions):
        raise AgentError(
            f"Agent '{agent.name}' returned probabilities of shape {list(probabilities.shape)} for {rows} "
            f"observations; this world has {actions} actions, so the shape must be [{rows}, {actions}]."
        )
    for wrong, fault in (
        (~np.isfinite(probabilities).all(-1), "are not finite"),
        ((probabilities < -SUM_TOLERANCE).any(-1), "are negative"),
        (np.abs(probabilities.sum(-1) - 1) > SUM_TOLERANCE, "do not sum to one"),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            shown = np.array2string(probabilities[row], precision=4, max_line_width=1000)
            raise AgentError(
                f"Agent '{agent.name}' returned probabilities that {fault} for {int(wrong.sum())} of {rows} "
                f"observations; the first is {shown}. Return a softmax of logits, or one-hot rows for a fixed choice."
            )
    probabilities = probabilities.clip(min=0)
    return probabilities / probabilities.sum(-1, keepdims=True)


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
    try:
        returned, memory = agent.act(seen, memory)
    except MesascopeError:
        raise
    except Exception as error:
        raise AgentError(
            f"Agent '{agent.name}' raised {type(error).__name__} on observations of shape {list(seen.shape)}: {error}"
        ) from error
    return checked_probabilities(agent, returned, rows=len(seen), actions=actions), memory


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
