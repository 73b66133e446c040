"""What can become of an agent in a level: exact statements about all of its trajectories, whatever their length."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.linear_solve import solve
from mesascope.worlds.level import Level


def possible_outcomes(levels: Level, possible: Bool[np.ndarray, "N S A"]) -> Bool[np.ndarray, "N S A K"]:
    """Returns which transitions can happen where the agent takes any of its possible actions.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `possible`: which actions.
    """
    acting = np.asarray(levels.reachable & ~levels.terminal)[..., None, None]
    return possible[..., None] & (np.asarray(levels.probabilities) > 0) & acting


def reached(
    levels: Level, possible: Bool[np.ndarray, "N S A"], ends: Bool[np.ndarray, "N S A K"] | None = None
) -> Bool[np.ndarray, "N S"]:
    """Returns the states that an agent can come to from where episodes begin.

    **Arguments:**

    - `levels`, `possible`: as of `possible_outcomes`.
    - `ends`: transitions after which an episode is over.
    """
    goes = possible_outcomes(levels, possible) & (True if ends is None else ~ends)
    row = np.arange(levels.count)[:, None, None, None]
    successors, seen = np.asarray(levels.successors), np.asarray(levels.initial) > 0
    while True:
        grown = seen.copy()
        # Several transitions lead to one state: all of them count.
        np.logical_or.at(grown, (np.broadcast_to(row, goes.shape), successors), goes & seen[..., None, None])
        if (grown == seen).all():
            return seen
        seen = grown


def can_happen(
    levels: Level, possible: Bool[np.ndarray, "N S A"], event: Bool[np.ndarray, "N S A K"]
) -> Bool[np.ndarray, "N S"]:
    """Returns from which states an event has a chance, however small and however late.

    **Arguments:**

    - `levels`, `possible`: as of `possible_outcomes`.
    - `event`: the transitions that bring it about.
    """
    goes = possible_outcomes(levels, possible)
    return _leading_to(np.asarray((goes & event).any((-1, -2))), levels, goes)


def can_be_avoided(
    levels: Level, possible: Bool[np.ndarray, "N S A"], event: Bool[np.ndarray, "N S A K"]
) -> Bool[np.ndarray, "N S"]:
    """Returns from which states there is a chance that an event never happens.

    There is one exactly where the agent can come, the event not having happened, to states from which its possible
    actions can surely keep away from it for ever (the end components of a Markov decision process; de Alfaro 1997).

    **Arguments:** as of `can_happen`.
    """
    goes = possible_outcomes(levels, possible)
    row = np.arange(levels.count)[:, None, None, None]
    may = possible & np.asarray(levels.reachable)[..., None]
    safe = np.asarray(levels.reachable)
    while True:
        kept = (~goes | (~event & safe[row, np.asarray(levels.successors)])).all(-1) & may
        smaller = safe & (kept.any(-1) | np.asarray(levels.terminal))
        if (smaller == safe).all():
            return _leading_to(safe, levels, goes & ~event)
        safe = smaller


def chance_of(
    levels: Level, policy: Float[np.ndarray, "N S A"], event: Bool[np.ndarray, "N S A K"]
) -> Float[np.ndarray, "N S"]:
    """Returns the probability that an event ever happens, from each state, without discount.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `policy`: action probabilities.
    - `event`: the transitions that bring it about.
    """
    open_states = can_happen(levels, policy > 0, event)
    # Of states without any chance the system says nothing; without them it has one solution, since the others are left.
    chosen = np.where(open_states[..., None], policy, 0.0)[..., None] * np.asarray(levels.probabilities, np.float64)
    row = np.arange(levels.count)[:, None, None, None]
    onward = np.where(event | ~open_states[row, np.asarray(levels.successors)], 0.0, chosen)
    return solve(np.asarray(levels.successors), onward, (chosen * event).sum((-1, -2))[..., None])[..., 0]


def _leading_to(states: np.ndarray, levels: Level, goes: np.ndarray) -> np.ndarray:
    """Returns the states themselves and those from which transitions lead there."""
    row = np.arange(levels.count)[:, None, None, None]
    while True:
        grown = states | (goes & states[row, np.asarray(levels.successors)]).any((-1, -2))
        if (grown == states).all():
            return states
        states = grown
