"""Agents with memory where each action has one outcome: every episode of a set side by side, each to its end."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jaxtyping import Bool

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask
from mesascope.proof.property import ActionProperty, AlwaysHappens, NeverHappens, possible_actions
from mesascope.proof.state_set import Part

STEPS: int = 1024
"""Steps after which an episode that neither ends nor repeats itself is given up."""
CERTAIN: float = 1 - 1e-6


def deterministic(part: Part) -> bool:
    """Returns whether every action has one outcome in all states of a part."""
    assert part.levels is not None
    return bool((np.asarray(part.levels.probabilities).max(-1) >= CERTAIN)[part.there].all())


def lock_step(
    agent: Agent, wanted: ActionProperty, part: Part, starts: Bool[np.ndarray, "N S"], *, steps: int = STEPS
) -> tuple[Bool[np.ndarray, "N S"], Bool[np.ndarray, "N S"], list[np.ndarray]]:
    """Lets an agent take its likeliest actions from every start, with a fresh memory, until nothing new can follow.

    Nothing new follows where a level ends, where the property has no more to say, and where state and memory are those
    of an earlier step. Where actions tie, all of them must be allowed, and what follows is left open.

    **Arguments:**

    - `agent`: with a memory, which goes in and out of `act`.
    - `wanted`: what shall hold; one that is about actions or attributes.
    - `part`: levels in which each action has one outcome.
    - `starts`: where episodes begin.
    - `steps`: after which an episode is given up.

    **Returns:** from which starts it is violated, from which it is open (`[N, S]` each), and the states of each step,
    `[B]`, starts in the order of `np.argwhere`.
    """
    levels = part.levels
    assert levels is not None
    level, state = np.nonzero(starts)
    successors, outcome = np.asarray(levels.successors), np.asarray(levels.probabilities).argmax(-1)
    event = wanted.event(levels) if isinstance(wanted, NeverHappens) else None
    # What happens later says nothing about single choices then.
    allowed, counted, ends = wanted.allowed(levels), wanted.counted(part), wanted.ends(levels)
    allowed = np.broadcast_to(allowed, (*part.there.shape, levels.actions))
    over, violated, open_ = (np.zeros(len(level), bool) for _ in range(3))
    memory, kept = agent.initial_state(len(level)), None
    path: list[np.ndarray] = [state]
    for step in range(steps):
        if kept is not None and not over.all():
            repeats = _same(kept, (state, memory)) & ~over
            violated |= repeats & isinstance(wanted, AlwaysHappens)
            over |= repeats
        if over.all():
            break
        if step & (step + 1) == 0:
            # Brent's way: whatever repeats comes back to a step whose number is one less than a power of two.
            kept = (state, memory)
        policy, memory = ask(agent, part.seen[level, state], memory, actions=levels.actions)
        possible, action = possible_actions(policy), policy.argmax(-1)
        if event is None:
            bad = (possible & ~allowed[level, state]).any(-1) & counted[level, state]
            done = bad if ends is None else bad | ends[level, state, action, outcome[level, state, action]]
        else:
            bad = event[level, state, action, outcome[level, state, action]]
            done = bad
        open_ |= ~over & (possible.sum(-1) > 1)
        violated |= ~over & bad & (not isinstance(wanted, AlwaysHappens))
        after = np.where(over, state, successors[level, state, action, outcome[level, state, action]])
        ended = np.asarray(levels.terminal)[level, after] & ~over
        violated |= ended & ~done & isinstance(wanted, AlwaysHappens)
        over, state = over | done | ended, after
        path.append(state)
    false, unsure = np.zeros_like(starts), np.zeros_like(starts)
    false[starts], unsure[starts] = violated, (open_ | ~over) & ~violated
    return false, unsure, path


def _same(before: tuple[np.ndarray, Any], now: tuple[np.ndarray, Any]) -> np.ndarray:
    """Returns in which rows state and memory are equal; nowhere if a memory does not say what belongs to which."""
    same, rows = before[0] == now[0], len(now[0])
    for one, other in zip(*(jax.tree.leaves(memory) for _, memory in (before, now)), strict=True):
        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray) and one.shape[:1] == (rows,)):
            return np.zeros(rows, bool)
        same = same & (one == other).reshape(rows, -1).all(-1)
    return same
