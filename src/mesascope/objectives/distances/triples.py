"""Rewards of any triple of state, action and next state, also of those that cannot happen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int

from mesascope.objectives.canonical import RewardHere


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
