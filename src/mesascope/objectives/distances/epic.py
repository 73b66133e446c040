"""EPIC: the Pearson distance of rewards made independent of shaping by averages that ignore the dynamics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int

from mesascope.objectives.canonical import RewardHere

ROUNDING: float = 1e-7
"""Distances below this are roots of rounding errors, and reported as 0."""


class UndefinedDistance(ValueError):
    """A distance that has no value for these rewards; the message says why."""


def pearson_distance(mean_product: float, means: tuple[float, float], mean_squares: tuple[float, float]) -> float:
    """Returns `sqrt((1 - correlation) / 2)`, in [0, 1], from moments.

    **Raises:** `UndefinedDistance` if one of the two never varies.
    """
    variances = [max(0.0, square - mean**2) for square, mean in zip(mean_squares, means, strict=True)]
    for variance, square in zip(variances, mean_squares, strict=True):
        if variance <= 1e-14 * max(square, 1e-300):
            raise UndefinedDistance("one of the rewards is constant once shaping is taken out")
    correlation = (mean_product - means[0] * means[1]) / np.sqrt(variances[0] * variances[1])
    distance = float(np.sqrt(max(0.0, (1 - correlation) / 2)))
    return 0.0 if distance < ROUNDING else min(distance, 1.0)


@dataclass(frozen=True)
class Triples:
    """The reward of every triple, kept as what differs from the expected reward of its state and action.

    EPIC and DARD ask for rewards of transitions that never happen, which a level does not define; there the expected
    reward of the state and action stands in. Nothing of size S x A x S is ever held.

    **Arguments:**

    - `states`: the C acting states, in whose order everything else is.
    - `expected`: `[C, A]`.
    - `surplus`: reward less expected reward of the triples that can happen, `[C * A, C + 1]`; the last column gathers
      all states in which nobody acts.
    """

    states: Int[np.ndarray, " C"]
    expected: Float[np.ndarray, "C A"]
    surplus: scipy.sparse.csr_matrix

    @property
    def actions(self) -> int:
        """The number of actions."""
        return self.expected.shape[1]

    def at(self, state, action, following) -> np.ndarray:
        """Returns the rewards of triples, by index among the acting states (C for any other next state)."""
        state, action, following = np.broadcast_arrays(state, action, following)
        surplus = np.asarray(self.surplus[(state * self.actions + action).ravel(), following.ravel()])
        return self.expected[state, action] + surplus.reshape(state.shape)


def triples(reward: RewardHere) -> Triples:
    """Returns a reward as triples; outcomes with the same next state are averaged by their probabilities."""
    states = np.flatnonzero(reward.acting)
    count, actions = len(states), reward.expected.shape[1]
    place = np.full(len(reward.acting), count, np.int64)
    place[states] = np.arange(count)
    probability = reward.probabilities[states]
    expected = reward.expected[states]
    row = np.broadcast_to(np.arange(count * actions).reshape(count, actions, 1), probability.shape)
    column = place[reward.successors[states]]
    used = probability > 0
    where = (row[used], column[used])
    shape = (count * actions, count + 1)
    paid = scipy.sparse.csr_matrix((probability[used] * reward.outcomes[states][used], where), shape=shape)
    chance = scipy.sparse.csr_matrix((probability[used], where), shape=shape)
    paid.sort_indices()
    chance.sort_indices()
    mean = chance.copy()
    # Entries that are 0 by cancellation stay in place: both matrices were built from the same positions.
    mean.data = (
        np.divide(paid.data, chance.data) - expected.reshape(-1)[np.repeat(np.arange(shape[0]), np.diff(chance.indptr))]
    )
    return Triples(states, expected, mean)


def epic(first: RewardHere, second: RewardHere) -> float:
    """Returns the EPIC distance in one level, exactly, over uniform triples of acting states and actions, in [0, 1].

    Rewards of impossible triples: see `Triples`. Computed from moments, without a table of triples.

    **Raises:** `UndefinedDistance` if one of the rewards is constant up to shaping.
    """
    discount = float(max(first.onward.max(initial=0.0), second.onward.max(initial=0.0)))
    parts = []
    for reward in (first, second):
        table = triples(reward)
        count, actions = table.expected.shape
        surplus = table.surplus[:, :count]
        mean = table.expected.mean(1)
        mean = mean + np.asarray(surplus.sum(1)).reshape(count, actions).sum(1) / (count * actions)
        own = table.expected - mean[:, None] - discount * mean.mean()
        total = own.mean() + discount * mean.mean() + surplus.sum() / (count * actions * count)
        # Centred, so that the product of moments below is a covariance.
        parts.append((own - total, discount * mean, surplus))
    size = parts[0][0].size * parts[0][0].shape[0]

    def product(one, other) -> float:
        own, onward, surplus = one
        own_other, onward_other, surplus_other = other
        value = (own * own_other).mean() + (onward * onward_other).mean()
        value += own.mean() * onward_other.mean() + onward.mean() * own_other.mean()
        crossed = surplus.multiply(own_other.reshape(-1, 1)).sum() + (surplus @ onward_other).sum()
        crossed += surplus_other.multiply(own.reshape(-1, 1)).sum() + (surplus_other @ onward).sum()
        crossed += surplus.multiply(surplus_other).sum()
        return float(value + crossed / size)

    squares = (product(parts[0], parts[0]), product(parts[1], parts[1]))
    return pearson_distance(product(*parts), (0.0, 0.0), squares)
