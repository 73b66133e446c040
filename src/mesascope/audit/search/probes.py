"""Linear probes of activations: ridge regression, fitted, chosen and judged on levels apart.

A probe shows that something can be read off, not that it is used. So every probe stands beside what can be read off the
raw observation, off shuffled targets and off an untrained network, and beside what happens when it is written to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import linalg

PENALTIES: tuple[float, ...] = (1e-3, 1e-1, 10.0)
"""Ridge penalties that are tried, in units of the mean square of a row of features."""


@dataclass(frozen=True)
class Split:
    """Rows to fit on, to choose between probes by, and to judge them on; each level is in one of them only.

    **Arguments:**

    - `fit`, `choose`, `judge`: which rows, `[M]`.
    """

    fit: Bool[np.ndarray, " M"]
    choose: Bool[np.ndarray, " M"]
    judge: Bool[np.ndarray, " M"]


def split_by_level(level: np.ndarray, random: np.random.Generator) -> Split:
    """Returns a split in which half of the levels are fitted on and a quarter each is chosen and judged by.

    **Arguments:**

    - `level`: of each row, `[M]`.
    - `random`: shuffles the levels.
    """
    names = random.permutation(np.unique(level))
    half, quarter = len(names) // 2, len(names) // 4
    parts = (names[:half], names[half : half + quarter], names[half + quarter :])
    return Split(*(np.isin(level, part) for part in parts))


@dataclass(frozen=True)
class Probe:
    """A linear map from activations to targets.

    **Arguments:**

    - `weights`: `[D, T]`.
    - `offset`: what is predicted for activations of zero, `[T]`.
    - `chosen`, `judged`: share of the targets' variance that is predicted in the levels that probes are chosen by, and
      in those that they are judged on; below 0 where the mean would do better.
    """

    weights: Float[np.ndarray, "D T"]
    offset: Float[np.ndarray, " T"]
    chosen: float
    judged: float

    def predict(self, features: Float[np.ndarray, "M D"]) -> Float[np.ndarray, "M T"]:
        """Returns the predicted targets."""
        return features @ self.weights + self.offset


def fit_probe(
    features: Float[np.ndarray, "M D"],
    targets: Float[np.ndarray, "M T"],
    known: Bool[np.ndarray, "M T"],
    counted: Bool[np.ndarray, "M T"],
    split: Split,
) -> Probe:
    """Returns the best ridge regression of targets on features.

    **Arguments:**

    - `features`: activations, one row for each observation.
    - `targets`: what shall be read off.
    - `known`: which targets of which row there are; only these are fitted.
    - `counted`: which of these are scored.
    - `split`: of the rows.
    """
    rows = np.asarray(features, np.float64)
    rows_fit, known_fit = rows[split.fit], known[split.fit]
    # The mean of what is there is both the offset that is shrunk towards and what explained variance is measured by.
    mean_target = _masked_mean(targets[split.fit], known_fit)
    mean = rows_fit.mean(0)
    centred, fitted = rows - mean, rows_fit - mean
    scale = max(float((fitted**2).sum(-1).mean()), 1e-12)
    wanted = np.where(known_fit, targets[split.fit] - mean_target, 0.0)
    best = None
    for weights in _ridges(fitted, wanted, known_fit, [penalty * scale for penalty in PENALTIES]):
        predicted = centred @ weights + mean_target
        scores = [_explained(predicted, targets, counted, part, mean_target) for part in (split.choose, split.judge)]
        if best is None or scores[0] > best.chosen:
            best = Probe(weights, mean_target - mean @ weights, *scores)
    assert best is not None
    return best


def _ridges(fitted: np.ndarray, wanted: np.ndarray, known: np.ndarray, penalties: Sequence[float]) -> list[np.ndarray]:
    """Returns ridge weights `[D, T]` for each penalty, target by target over the rows in which it is known."""
    found = [np.zeros((fitted.shape[1], wanted.shape[1])) for _ in penalties]
    wide = fitted.shape[1] > fitted.shape[0]
    products = fitted @ fitted.T if wide else None
    masks, group = np.unique(known, axis=1, return_inverse=True)
    for index in range(masks.shape[1]):
        columns, mask = group.reshape(-1) == index, masks[:, index]
        if not mask.any():
            continue
        some, asked = fitted[mask], wanted[mask][:, columns]
        if products is None:
            gram, right = some.T @ some, some.T @ asked
        else:
            # More features than rows: the same weights from products of rows, which all targets share.
            gram, right = products[np.ix_(mask, mask)], asked
        diagonal = gram.diagonal().copy()
        for weights, penalty in zip(found, penalties, strict=True):
            np.fill_diagonal(gram, diagonal + penalty)
            solved = linalg.cho_solve(linalg.cho_factor(gram, check_finite=False), right, check_finite=False)
            weights[:, columns] = solved if products is None else some.T @ solved
    return found


def _masked_mean(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(mask, values, 0.0).sum(0) / np.maximum(mask.sum(0), 1)


def _explained(predicted, targets, counted, rows, mean) -> float:
    mask = counted & rows[:, None]
    left = ((predicted - targets)[mask] ** 2).sum()
    spread = ((targets - mean)[mask] ** 2).sum()
    return float(1 - left / spread) if spread > 1e-12 else 0.0
