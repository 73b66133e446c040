"""Agents with memory where each action has one outcome: every episode of a set side by side, each to its end."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jaxtyping import Bool

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask
from mesascope.proof.abstract_property import ActionProperty, possible_actions
from mesascope.proof.property import AlwaysHappens, NeverHappens
from mesascope.proof.state_set import Part

STEPS: int = 1024
"""Steps after which an episode that neither ends nor repeats itself is given up."""
CERTAIN: float = 1 - 1e-6


def deterministic(part: Part) -> bool:
    """Returns whether a part holds levels, in all states of which every action has one outcome."""
    return part.levels is not None and bool(
        (np.asarray(part.levels.probabilities).max(-1) >= CERTAIN)[part.there].all()
    )


def lock_step(
    agent: Agent, wanted: ActionProperty, part: Part, starts: Bool[np.ndarray, "N S"]
) -> tuple[Bool[np.ndarray, "N S"], Bool[np.ndarray, "N S"], list[np.ndarray]]:
    """Lets an agent take its likeliest actions from every start, with a fresh memory, until nothing new can follow.

    Nothing new follows where a level ends, where the property has no more to say, and where state and memory are those
    of an earlier step. Where actions tie, all of them must be allowed, and what follows is left open.

    **Arguments:**

    - `agent`: with a memory, which goes in and out of `act`.
    - `wanted`: what shall hold; one that is about actions or attributes.
    - `part`: levels in which each action has one outcome.
    - `starts`: where episodes begin.

    **Returns:** from which starts it is violated, from which it is open (`[N, S]` each), and the states of each step,
    `[B]`, starts in the order of `np.argwhere`.
    """
    levels = part.levels
    assert levels is not None
    level, state = np.nonzero(starts)
    successors, outcome = np.asarray(levels.successors), np.asarray(levels.probabilities).argmax(-1)
    always, event = (
        isinstance(wanted, AlwaysHappens),
        wanted.event(levels) if isinstance(wanted, NeverHappens) else None,
    )
    allowed, counted, ends = wanted.allowed(levels), wanted.counted(part), wanted.ends(levels)
    allowed = np.broadcast_to(allowed, (*part.there.shape, levels.actions))
    over, violated, tied = (np.zeros(len(level), bool) for _ in range(3))
    memory, kept = agent.initial_state(len(level)), None
    path: list[np.ndarray] = [state]
    for step in range(STEPS):
        if kept is not None:
            repeats = _same(kept, (state, memory)) & ~over
            # Whatever has not happened in a circle never does.
            violated, over = violated | (repeats & always), over | repeats
        if over.all():
            break
        if step & (step + 1) == 0:
            # Brent's way: whatever repeats comes back to a step whose number is one less than a power of two.
            kept = (state, memory)
        policy, memory = ask(agent, part.seen[level, state], memory, actions=levels.actions)
        possible, action = possible_actions(policy), policy.argmax(-1)
        taken = (level, state, action, outcome[level, state, action])
        if event is None:
            bad = (possible & ~allowed[level, state]).any(-1) & counted[level, state]
            done = bad | ends[taken]
        else:
            done = event[taken]
            bad = done & (not always)
        after = np.where(over, state, successors[taken])
        ended = np.asarray(levels.terminal)[level, after] & ~done
        tied |= ~over & (possible.sum(-1) > 1)
        violated |= ~over & (bad | (ended & always))
        over, state = over | done | ended, after
        path.append(state)
    false, unsure = np.zeros_like(starts), np.zeros_like(starts)
    false[starts], unsure[starts] = violated, (tied | ~over) & ~violated
    return false, unsure, path


def _same(before: tuple[np.ndarray, Any], now: tuple[np.ndarray, Any]) -> np.ndarray:
    """Returns in which rows state and memory are equal; nowhere if a memory does not say what belongs to which."""
    same, rows = before[0] == now[0], len(now[0])
    for one, other in zip(*(jax.tree.leaves(memory) for _, memory in (before, now)), strict=True):
        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and one.shape[:1] == (rows,)):
            return np.zeros(rows, bool)
        same = same & (one == other).reshape(rows, -1).all(-1)
    return same
