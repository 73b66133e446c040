"""EPIC: the Pearson distance of rewards made independent of shaping by averages that ignore the dynamics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from mesascope.objectives.canonical import RewardHere
from mesascope.objectives.distances.triples import triples

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


def epic_sampled(
    first: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    second: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    transitions: tuple[np.ndarray, np.ndarray, np.ndarray],
    averaged: tuple[np.ndarray, np.ndarray],
    discount: float,
) -> float:
    """Returns the EPIC distance of two reward functions from samples, in [0, 1] (Gleave et al. 2021, §A.1.1).

    **Arguments:**

    - `first`, `second`: take arrays of n states, actions and next states, of any kind, and return n rewards.
    - `transitions`: the n triples over which they are compared.
    - `averaged`: m actions and m next states, over which both average; n x m calls of each function, in n batches.
    - `discount`: in [0, 1].

    **Raises:** `UndefinedDistance` if one of the rewards is constant on the sample up to shaping.
    """
    states, actions, following = (np.asarray(array) for array in transitions)
    others, nexts = (np.asarray(array) for array in averaged)

    def mean_from(reward, origin) -> np.ndarray:
        return np.array([reward(np.repeat(one[None], len(others), 0), others, nexts).mean() for one in origin])

    forms = []
    for reward in (first, second):
        shift = discount * mean_from(reward, nexts).mean()
        form = reward(states, actions, following) + discount * mean_from(reward, following)
        form = form - mean_from(reward, states) - shift
        forms.append(form - form.mean())
    one, other = forms
    return pearson_distance(float((one * other).mean()), (0.0, 0.0), (float((one**2).mean()), float((other**2).mean())))
