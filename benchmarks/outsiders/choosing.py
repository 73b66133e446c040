"""From what actions are worth to a policy, and what is laid over a policy: slips, fixed errors, mixtures, contexts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float

from outsiders.boards import marks
from outsiders.outsider import Policy

Values = Callable[[np.ndarray], np.ndarray]
"""Observations `[B, ...]` to the worth of each action, `[B, A]`."""
Condition = Callable[[np.ndarray], np.ndarray]
"""Observations `[B, ...]` to true or false, `[B]`."""

SAME: float = 1e-9
"""Worths that differ by less are equal."""


def best(worth: Float[np.ndarray, "B A"]) -> Bool[np.ndarray, "B A"]:
    """Returns which actions are worth most."""
    return worth >= worth.max(-1, keepdims=True) - SAME


def one_of(chosen: Bool[np.ndarray, "B A"]) -> Float[np.ndarray, "B A"]:
    """Returns even chances over the actions that are true."""
    return chosen / chosen.sum(-1, keepdims=True)


def greedy(values: Values, ties: str = "even") -> Policy:
    """Returns the policy that takes the best action.

    **Arguments:**

    - `values`: of actions.
    - `ties`: `even`, `first` or `last`: which of equally good actions is taken.
    """

    def policy(observations: np.ndarray) -> np.ndarray:
        chosen = best(values(observations))
        if ties == "even":
            return one_of(chosen)
        actions = chosen.shape[1]
        taken = chosen.argmax(-1) if ties == "first" else actions - 1 - chosen[:, ::-1].argmax(-1)
        return np.eye(actions)[taken]

    return policy


def soft(values: Values, temperature: float) -> Policy:
    """Returns the policy proportional to `exp(value / temperature)`."""

    def policy(observations: np.ndarray) -> np.ndarray:
        worth = values(observations)
        weight = np.exp((worth - worth.max(-1, keepdims=True)) / temperature)
        return weight / weight.sum(-1, keepdims=True)

    return policy


def good_enough(values: Values, share: float) -> Policy:
    """Returns the policy that takes any action worth at least a share of the way from the worst to the best one."""

    def policy(observations: np.ndarray) -> np.ndarray:
        worth = values(observations)
        low, high = worth.min(-1, keepdims=True), worth.max(-1, keepdims=True)
        return one_of(worth >= low + share * (high - low) - SAME)

    return policy


def constant(chances: Sequence[float]) -> Policy:
    """Returns the policy that has the same chances everywhere."""
    row = np.asarray(chances, float)
    return lambda observations: np.tile(row / row.sum(), (len(observations), 1))


def slipping(policy: Policy, share: float) -> Policy:
    """Returns a policy of which a share of all choices is drawn anew, evenly over all actions."""
    if not share:
        return policy

    def slipped(observations: np.ndarray) -> np.ndarray:
        chances = policy(observations)
        return (1 - share) * chances + share / chances.shape[1]

    return slipped


def slipping_among(policy: Policy, share: float, movable: Condition) -> Policy:
    """Returns a policy that slips only to actions which change something, `movable`: `[B, A]`."""

    def slipped(observations: np.ndarray) -> np.ndarray:
        allowed = movable(observations)
        allowed = np.where(allowed.any(-1, keepdims=True), allowed, True)
        return (1 - share) * policy(observations) + share * one_of(allowed)

    return slipped


def frozen(policy: Policy, share: float, seed: int) -> Policy:
    """Returns a policy that does one fixed thing in a share of all states, whatever is best there.

    Which states and which actions follow from the observation alone.
    """

    def with_errors(observations: np.ndarray) -> np.ndarray:
        chances = policy(observations)
        actions = chances.shape[1]
        taken = np.minimum((marks(observations, seed + 1) * actions).astype(int), actions - 1)
        broken = marks(observations, seed) < share
        return np.where(broken[:, None], np.eye(actions)[taken], chances)

    return with_errors


def mixed(policies: Sequence[Policy], weights: Sequence[float]) -> Policy:
    """Returns the policy that tosses a coin for each choice."""
    return lambda observations: sum(
        weight * policy(observations) for policy, weight in zip(policies, weights, strict=True)
    )


def switched(policies: Sequence[Policy], which: Condition) -> Policy:
    """Returns the policy that follows one of several, by number, as a condition says."""

    def policy(observations: np.ndarray) -> np.ndarray:
        place = np.asarray(which(observations)).astype(int)
        options = np.stack([one(observations) for one in policies])
        return options[place, np.arange(len(observations))]

    return policy


def coin(weights: Sequence[float], seed: int, seen: Callable[[np.ndarray], np.ndarray] = lambda shown: shown):
    """Returns the condition that draws a number for each different view, once and for all.

    **Arguments:**

    - `weights`: the chance of each number.
    - `seed`: of the draw.
    - `seen`: what of an observation it depends on; by default all of it.
    """
    ends = np.cumsum(weights)[:-1]
    return lambda observations: np.searchsorted(ends, marks(seen(observations), seed), side="right")
