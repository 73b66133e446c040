"""Direction: how much of what squares are worth follows from where the goal lies as the crow flies, and from what is
seen near by.

A probe of the raw observation has a weight for every cell and every square, and learns them from some hundred rows: it
reads next to nothing, however much is there. Steps as the crow flies and what lies within a step read most of it, with
few weights that all squares share. Whoever holds no more than that needs no worth of branches.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.maps import nearest
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Estimate
from mesascope.worlds.compact import CompactWorld

FARTHEST: int = 30
"""Steps as the crow flies from which on squares are alike."""

RIDGE: float = 1e-3
"""Penalty, for features of unit variance and a mean square."""


def beyond_direction(sample: ActivationSample, held: Float[np.ndarray, "M S"]) -> tuple[float, Estimate] | None:
    """Returns how much of the worth of branches direction explains, and how much more it does with what was read off.

    Both are weighed by as many numbers, in the levels that probes are chosen by, and compared in those that they are
    judged on.

    **Arguments:**

    - `sample`: whose levels they are.
    - `held`: worth of every state, as read off activations.

    **Returns:** shares of variance; `None` where states are no cells of a board that is seen.
    """
    features = _features(sample)
    if features is None:
        return None
    worth = sample.values - sample.mean_values
    read = held - sample.mean_values
    led = _fitted(features, worth, sample.active & sample.split.fit[:, None])
    chosen, judged = (sample.branches & part[:, None] for part in (sample.split.choose, sample.split.judge))
    spread = float((worth[judged] ** 2).mean())
    alone, both = (_weighed(parts, worth, chosen, judged) for parts in ((led,), (led, read)))
    level = np.nonzero(judged)[0]
    gained = (alone - both) / spread
    rows = sample.level[level]
    by_level = np.bincount(rows, gained) / np.maximum(np.bincount(rows), 1)
    return 1 - float(alone.mean()) / spread, bootstrap_mean(np.clip(by_level[np.unique(rows)], -3, 3))


def _features(sample: ActivationSample) -> Float[np.ndarray, "M S D"] | None:
    """Returns steps as the crow flies to what fulfils the objective, and the 3x3 cells around, of every state."""
    level_set = sample.evaluation.level_set
    cells = level_set.cells(0)
    if sample.seen.ndim != 4 or (cells < 0).any() or isinstance(level_set.world, CompactWorld):
        return None
    if (cells.max(0) >= sample.seen.shape[1:3]).any():
        return None
    away = nearest(cells, level_set.fulfilled[sample.objective][sample.level])
    seen = np.pad(sample.seen, ((0, 0), (1, 1), (1, 1), (0, 0)))
    around = [seen[:, cells[:, 0] + down, cells[:, 1] + right] for down in range(3) for right in range(3)]
    return np.concatenate([np.eye(FARTHEST + 1)[np.minimum(away, FARTHEST)], *around], -1)


def _fitted(
    features: Float[np.ndarray, "M S D"], worth: Float[np.ndarray, "M S"], known: Bool[np.ndarray, "M S"]
) -> Float[np.ndarray, "M S"]:
    """Returns worth by a ridge regression that all squares share, fitted where it is known."""
    rows, wanted = features[known], worth[known]
    centre, scale = rows.mean(0), rows.std(0)
    scale = np.where(scale > 1e-9, scale, np.inf)
    usual = (rows - centre) / scale
    gram = usual.T @ usual / len(usual) + RIDGE * np.eye(usual.shape[1])
    weights = np.linalg.solve(gram, usual.T @ (wanted - wanted.mean()) / len(usual))
    return ((features - centre) / scale) @ weights + wanted.mean()


def _weighed(
    parts: tuple[Float[np.ndarray, "M S"], ...],
    worth: Float[np.ndarray, "M S"],
    chosen: Bool[np.ndarray, "M S"],
    judged: Bool[np.ndarray, "M S"],
) -> Float[np.ndarray, " B"]:
    """Returns the squares that are left over of worth, with each part weighed as does best in other levels."""
    table = np.stack([*parts, np.ones_like(worth)], -1)
    weights = np.linalg.lstsq(table[chosen], worth[chosen], rcond=None)[0]
    return (table[judged] @ weights - worth[judged]) ** 2
