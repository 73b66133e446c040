"""What can become of an agent in a level: exact statements about all of its trajectories, whatever their length."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from mesascope.core.linear_solve import solve
from mesascope.worlds.level import Level


def reached(
    levels: Level, possible: Bool[np.ndarray, "N S A"], ends: Bool[np.ndarray, "N S A K"]
) -> Bool[np.ndarray, "N S"]:
    """Returns the states that an agent can come to from where episodes begin.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `possible`: the actions that it may take, any of them.
    - `ends`: transitions after which an episode is over.
    """
    goes, (row, after) = _outcomes(levels, possible) & ~ends, _after(levels)
    seen = np.asarray(levels.initial) > 0
    while True:
        grown = seen.copy()
        # Several transitions lead to one state: all of them count.
        np.logical_or.at(grown, (np.broadcast_to(row, goes.shape), after), goes & seen[..., None, None])
        if (grown == seen).all():
            return seen
        seen = grown


def can_happen(
    levels: Level, possible: Bool[np.ndarray, "N S A"], event: Bool[np.ndarray, "N S A K"]
) -> Bool[np.ndarray, "N S"]:
    """Returns from which states an event has a chance, however small and however late.

    **Arguments:**

    - `levels`, `possible`: as of `reached`.
    - `event`: the transitions that bring it about.
    """
    goes = _outcomes(levels, possible)
    return _leading_to(np.asarray((goes & event).any((-1, -2))), levels, goes)


def can_be_avoided(
    levels: Level, possible: Bool[np.ndarray, "N S A"], event: Bool[np.ndarray, "N S A K"]
) -> Bool[np.ndarray, "N S"]:
    """Returns from which states there is a chance that an event never happens.

    There is one exactly where the agent can come, the event not having happened, to states from which its possible
    actions can surely keep away from it for ever (the end components of a Markov decision process; de Alfaro 1997).

    **Arguments:** as of `can_happen`.
    """
    goes, place = _outcomes(levels, possible), _after(levels)
    safe = np.asarray(levels.reachable)
    while True:
        kept = (~goes | (~event & safe[place])).all(-1) & possible
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
    # With the states left out that have no chance at all, the system has one solution: all others are left for good.
    chancy = can_happen(levels, policy > 0, event)
    chosen = np.where(chancy[..., None], policy, 0.0)[..., None] * np.asarray(levels.probabilities, np.float64)
    onward = np.where(event | ~chancy[_after(levels)], 0.0, chosen)
    return solve(np.asarray(levels.successors), onward, (chosen * event).sum((-1, -2))[..., None])[..., 0]


def _outcomes(levels: Level, possible: np.ndarray) -> np.ndarray:
    """Returns which transitions can happen where the agent takes any of its possible actions."""
    acting = np.asarray(levels.reachable & ~levels.terminal)[..., None, None]
    return possible[..., None] & (np.asarray(levels.probabilities) > 0) & acting


def _after(levels: Level) -> tuple[np.ndarray, np.ndarray]:
    """Returns level and state after each transition, as an index."""
    return np.arange(levels.count)[:, None, None, None], np.asarray(levels.successors)


def _leading_to(states: np.ndarray, levels: Level, goes: np.ndarray) -> np.ndarray:
    """Returns the states themselves and those from which transitions lead there."""
    while True:
        grown = states | (goes & states[_after(levels)]).any((-1, -2))
        if (grown == states).all():
            return states
        states = grown
