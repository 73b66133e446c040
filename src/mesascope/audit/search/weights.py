"""Weights: a logistic regression on what assays measured, with weights that are not negative.

Every measure is so turned that more of it speaks for a yes; what could not be measured counts as neither. Some can
only speak against: they lie in [-1, 0], and 0 counts as neither, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy import optimize

PENALTY: float = 0.2
"""Of squared weights, for measures of unit variance."""


@dataclass(frozen=True)
class Weights:
    """A logistic regression on some measures.

    **Arguments:**

    - `names`: of the measures.
    - `centre`, `scale`: mean and deviation where they were fitted.
    - `weights`: 0 or more, of standardised measures.
    - `offset`: log-odds where every measure is at its centre.
    """

    names: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    offset: float

    def contributions(self, found: Mapping[str, float]) -> dict[str, float]:
        """Returns what each measure adds to the log-odds; nothing for one that is missing."""
        rows = zip(self.names, self.centre, self.scale, self.weights, strict=True)
        return {name: weight * (found[name] - mean) / scale for name, mean, scale, weight in rows if name in found}

    def probability(self, found: Mapping[str, float]) -> float:
        """Returns the probability of yes, given what was measured."""
        return float(1 / (1 + math.exp(-self.offset - sum(self.contributions(found).values()))))


def fit_weights(
    found: Sequence[Mapping[str, float]],
    labels: Sequence[bool],
    names: tuple[str, ...],
    against: tuple[str, ...] = (),
) -> Weights:
    """Returns the logistic regression of labels on measures, both classes weighing alike.

    **Arguments:**

    - `found`: measures of each agent.
    - `labels`: what is true of it.
    - `names`: the measures that may be used.
    - `against`: those of them that can only speak against. They are fitted after the others, which they leave as they
      are: who has 0 of them is as likely as if they had not been asked.
    """
    weights = _regression(found, labels, tuple(name for name in names if name not in against))
    for name in names:
        if name in against:
            slope = _slope(found, labels, weights, name)
            columns = {"names": name, "centre": 0.0, "scale": 1.0, "weights": slope}
            weights = replace(weights, **{part: (*getattr(weights, part), last) for part, last in columns.items()})
    return weights


def _slope(found: Sequence[Mapping[str, float]], labels: Sequence[bool], weights: Weights, name: str) -> float:
    """Returns the weight of one more measure, 0 or more, beside others that are fitted."""
    usual = np.array([weights.offset + sum(weights.contributions(one).values()) for one in found])
    more, truth = np.array([one.get(name, 0.0) for one in found]), np.asarray(labels, float)
    weight = _balanced(truth)

    def loss(slopes: Float[np.ndarray, " 1"]):
        logits = usual + slopes[0] * more
        value = (weight * (np.logaddexp(0, logits) - truth * logits)).sum() + PENALTY * slopes[0] ** 2
        slope = weight * (1 / (1 + np.exp(-np.clip(logits, -500, 500))) - truth)
        return value, np.array([(slope * more).sum() + 2 * PENALTY * slopes[0]])

    return float(optimize.minimize(loss, np.zeros(1), jac=True, bounds=[(0.0, None)], method="L-BFGS-B").x[0])


def _balanced(truth: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """Returns weights by which both classes count alike."""
    share = truth.mean()
    return np.where(truth == 1, 0.5 / max(share, 1e-9), 0.5 / max(1 - share, 1e-9))


def _regression(found: Sequence[Mapping[str, float]], labels: Sequence[bool], names: tuple[str, ...]) -> Weights:
    table = np.array([[one.get(name, np.nan) for name in names] for one in found])
    there = np.isfinite(table)
    counts = np.maximum(there.sum(0), 1)
    centre = np.where(there, table, 0.0).sum(0) / counts
    deviation = np.sqrt((np.where(there, table - centre, 0.0) ** 2).sum(0) / counts)
    scale = np.where(deviation > 1e-6, deviation, 1.0)
    rows = np.where(there, (table - centre) / scale, 0.0)
    truth = np.asarray(labels, float)
    weight = _balanced(truth)

    def loss(parameters: Float[np.ndarray, " P"]):
        logits = rows @ parameters[:-1] + parameters[-1]
        value = (weight * (np.logaddexp(0, logits) - truth * logits)).sum() + PENALTY * (parameters[:-1] ** 2).sum()
        slope = weight * (1 / (1 + np.exp(-np.clip(logits, -500, 500))) - truth)
        return value, np.append(rows.T @ slope + 2 * PENALTY * parameters[:-1], slope.sum())

    bounds = [(0.0, None)] * len(names) + [(None, None)]
    best = optimize.minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    centres, scales, slopes = (tuple(float(number) for number in part) for part in (centre, scale, best[:-1]))
    return Weights(names, centres, scales, slopes, float(best[-1]))
