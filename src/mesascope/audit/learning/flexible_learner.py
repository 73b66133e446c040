"""Choices predicted by whatever predicts them: what a reference learner has to come close to if it describes them.

A conditional logit over many features of an arm and of the references' own predictions, and a mixture of references,
half of each. Both are fitted on other episodes than those that they predict.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.learning.learner_fit import Choices

PENALTY: float = 0.5
"""Ridge penalty of the logit, for features of unit variance."""
STEPS: int = 12
"""Newton steps of the logit; it is convex, and more change nothing."""
LEAST: float = 1e-3
"""Probability below which no reference is taken at its word."""


def flexible_nats(
    choices: Choices, references: Sequence[Float[np.ndarray, "B T A"]], fitting: Bool[np.ndarray, " B"]
) -> Float[np.ndarray, "B T"]:
    """Returns the log-probability that the flexible learner gives to each choice.

    **Arguments:**

    - `choices`: of B episodes.
    - `references`: probabilities that reference learners give, fitted on the same episodes.
    - `fitting`: the episodes that it is fitted on.
    """
    tables = [np.maximum(table, LEAST) for table in references]
    mixture, logit = _mixture(choices, tables, fitting), _logit(choices, tables, fitting)
    return np.log(_of_chosen(choices, (mixture + logit) / 2))


def _of_chosen(choices: Choices, table: Float[np.ndarray, "B T A"]) -> Float[np.ndarray, "B T"]:
    return np.take_along_axis(table, choices.choices[..., None], -1)[..., 0]


def _mixture(choices: Choices, tables: Sequence[np.ndarray], fitting: np.ndarray) -> Float[np.ndarray, "B T A"]:
    """Returns the references mixed by the weights under which choices are likeliest (expectation maximisation)."""
    chosen = np.stack([_of_chosen(choices, table)[fitting].reshape(-1) for table in tables])
    weights = np.full(len(tables), 1 / len(tables))
    for _ in range(200):
        shares = weights[:, None] * chosen
        weights = (shares / shares.sum(0)).mean(1)
    return np.einsum("k,kbta->bta", weights, np.stack(tables))


def _logit(choices: Choices, tables: Sequence[np.ndarray], fitting: np.ndarray) -> Float[np.ndarray, "B T A"]:
    features = np.concatenate([np.stack([np.log(table) for table in tables], -1), _features(choices)], -1)
    features = features - features.mean(-2, keepdims=True)
    scale = features[fitting].std((0, 1, 2))
    features = features / np.where(scale > 1e-9, scale, 1.0)
    rows = features[fitting].reshape(-1, *features.shape[-2:])
    chosen = rows[np.arange(len(rows)), choices.choices[fitting].reshape(-1)]
    weights = np.zeros(rows.shape[-1])
    for _ in range(STEPS):
        shares = _softmax(rows @ weights)
        mean = np.einsum("na,naf->nf", shares, rows)
        gradient = (chosen - mean).sum(0) - PENALTY * weights
        curvature = np.einsum("na,naf,nag->fg", shares, rows, rows, optimize=True) - mean.T @ mean
        weights = weights + np.linalg.solve(curvature + PENALTY * np.eye(len(weights)), gradient)
    return _softmax(features @ weights)


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def _features(choices: Choices) -> Float[np.ndarray, "B T A F"]:
    """Returns what may matter about each arm: what it paid, how long ago, how often it was tried, where it stands."""
    history, arms = choices.history, choices.arms
    paid, missed = history.successes.astype(float), history.failures.astype(float)
    pulls, time = paid + missed, history.done[..., None] / choices.horizon
    mean = (paid + 1) / (pulls + 2)
    last = (history.last[..., None] == np.arange(arms)).astype(float)
    reward = history.last_reward[..., None]
    recent = np.full((len(pulls), arms), 0.5)
    recents = np.empty(pulls.shape)
    for step in range(pulls.shape[1]):
        recents[:, step] = recent
        pulled = choices.choices[:, step, None] == np.arange(arms)
        recent = np.where(pulled, (recent + choices.rewards[:, step, None]) / 2, recent)
    highest, lowest, fewest = ((one <= one.min(-1, keepdims=True) + 1e-9).astype(float) for one in (-mean, mean, pulls))
    per_arm = (
        *(mean, recents, np.sqrt(pulls), 1 / (1 + pulls), pulls == 0, last, last * reward, last * (1 - reward)),
        *(highest, lowest, fewest, mean * time, recents * time, highest * time, fewest * time, last * time),
        *(mean**2, recents**2, mean / (1 + pulls)),
    )
    places = [np.broadcast_to(np.arange(arms) == arm, pulls.shape) for arm in range(1, arms)]
    return np.stack([np.asarray(one, float) for one in (*per_arm, *places)], -1)
