"""DARD: like EPIC, with averages over what the dynamics allow (Wulfe et al. 2022)."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Float

from mesascope.objectives.canonical import RewardHere
from mesascope.objectives.distances.epic import Triples, pearson_distance, triples


def dard(first: RewardHere, second: RewardHere) -> float:
    """Returns the DARD distance in one level over the transitions that can happen, each counted once, in [0, 1].

    Averages are over uniform actions and the level's own next states. Its third term pairs next states of `s` with
    next states of `s'`, so that it still asks for rewards of some impossible triples; see `Triples` for those.

    **Raises:** `UndefinedDistance` if one of the rewards is constant up to shaping.
    """
    forms = [_canonical(reward, triples(reward)) for reward in (first, second)]
    one, other = (form - form.mean() for form in forms)
    return pearson_distance(float((one * other).mean()), (0.0, 0.0), (float((one**2).mean()), float((other**2).mean())))


def _canonical(reward: RewardHere, table: Triples) -> Float[np.ndarray, " T"]:
    """Returns the canonical reward of each possible transition (Wulfe et al. 2022, definition 4.1).

    `R + E[discount R(s', A, S'') - R(s, A, S') - discount R(S', A, S'')]`, where `A` is uniform, `S''` follows `s'`
    under it, and `S'` follows `s` under an action of its own.
    """
    count, actions = table.expected.shape
    states = table.states
    place = np.full(len(reward.acting), count, np.int64)
    place[states] = np.arange(count)
    following = place[reward.successors[states]]
    probability = reward.probabilities[states]
    discount = float(reward.onward.max(initial=0.0))
    pairs = np.argwhere(probability > 0)
    origin, action = pairs[:, 0], pairs[:, 1]
    reached = following[tuple(pairs.T)]
    # Different outcomes with the same next state are one transition.
    _, first = np.unique((origin * actions + action) * (count + 1) + reached, return_index=True)
    origin, action, reached = origin[first], action[first], reached[first]
    mean = np.append(table.expected.mean(1), 0.0)
    third = np.zeros(len(origin))
    goes_on = np.flatnonzero(reached < count)
    source, target = origin[goes_on], reached[goes_on]
    for taken, choice in itertools.product(range(actions), repeat=2):
        # Next states of the origin beside next states of the state that was reached: [transitions, K, K].
        begin, then = following[source, taken], following[target, choice]
        weight = probability[source, taken][:, :, None] * probability[target, choice][:, None, :]
        # Nobody acts in the state that gathers the ends of episodes: nothing is paid from there.
        weight = np.where(begin[:, :, None] < count, weight, 0.0)
        asked = table.at(np.minimum(begin, count - 1)[:, :, None], choice, then[:, None, :])
        third[goes_on] += (weight * asked).sum((1, 2)) / actions**2
    return table.at(origin, action, reached) + discount * mean[reached] - mean[origin] - discount * third
