"""EPIC and DARD of small tables by their definitions: what the distances in levels are checked against."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesascope.objectives.distances.epic import pearson_distance


def epic_canonical(
    reward: Float[np.ndarray, "S A S"],
    discount: float,
    *,
    states: Float[np.ndarray, " S"] | None = None,
    actions: Float[np.ndarray, " A"] | None = None,
) -> Float[np.ndarray, "S A S"]:
    """Returns `R + discount m(s') - m(s) - discount mean(m)`, where `m` averages over actions and next states.

    For small tables; Gleave et al. 2021, definition 4.1.

    **Arguments:**

    - `reward`: of every triple, possible or not.
    - `discount`: in [0, 1].
    - `states`, `actions`: laws that are averaged over; by default uniform.
    """
    count, choices, _ = reward.shape
    states = np.full(count, 1 / count) if states is None else states
    actions = np.full(choices, 1 / choices) if actions is None else actions
    mean = np.einsum("sat,a,t->s", reward, actions, states)
    return reward + discount * mean[None, None, :] - mean[:, None, None] - discount * float(mean @ states)


def epic_tables(
    first: Float[np.ndarray, "S A S"],
    second: Float[np.ndarray, "S A S"],
    discount: float,
    *,
    coverage: Float[np.ndarray, "S A S"] | None = None,
) -> float:
    """Returns the EPIC distance of two small tables, in [0, 1].

    **Arguments:**

    - `first`, `second`: rewards of every triple.
    - `discount`: in [0, 1].
    - `coverage`: law of triples over which they are compared; by default uniform.

    **Raises:** `UndefinedDistance` if one of the rewards is constant up to shaping.
    """
    one, other = epic_canonical(first, discount), epic_canonical(second, discount)
    law = np.full(one.shape, 1 / one.size) if coverage is None else coverage
    means = (float((law * one).sum()), float((law * other).sum()))
    # Centred beforehand: differences of large moments would lose the last digits.
    one, other = one - means[0], other - means[1]
    return pearson_distance(
        float((law * one * other).sum()), (0.0, 0.0), (float((law * one**2).sum()), float((law * other**2).sum()))
    )


def dard_canonical(
    reward: Float[np.ndarray, "S A S"], transitions: Float[np.ndarray, "S A S"], discount: float
) -> Float[np.ndarray, "S A S"]:
    """Returns `R + E[discount R(s', A, S'') - R(s, A, S') - discount R(S', A, S'')]` for small tables.

    `A` is uniform and `S''` follows `s'` under it; `S'` follows `s` under an action of its own (Wulfe et al. 2022,
    definition 4.1).

    **Arguments:**

    - `reward`: of every triple, possible or not.
    - `transitions`: probability of each next state.
    - `discount`: in [0, 1].
    """
    mean = np.einsum("sat,sat->s", transitions, reward) / reward.shape[1]
    onward = transitions.mean(1)
    third = np.einsum("su,tav,uav->st", onward, transitions, reward) / reward.shape[1]
    return reward + discount * mean - mean[:, None, None] - discount * third[:, None, :]


def dard_tables(
    first: Float[np.ndarray, "S A S"],
    second: Float[np.ndarray, "S A S"],
    transitions: Float[np.ndarray, "S A S"],
    discount: float,
) -> float:
    """Returns the DARD distance of two small tables over the transitions that can happen, in [0, 1].

    **Arguments:** as of `dard_canonical`.

    **Raises:** `UndefinedDistance` if one of the rewards is constant up to shaping.
    """
    happens = transitions > 0
    one, other = (dard_canonical(reward, transitions, discount)[happens] for reward in (first, second))
    one, other = one - one.mean(), other - other.mean()
    return pearson_distance(float((one * other).mean()), (0.0, 0.0), (float((one**2).mean()), float((other**2).mean())))
