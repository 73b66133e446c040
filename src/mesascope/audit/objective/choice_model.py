"""How an agent that pursues a given objective is expected to choose: sharply, but with slips and habits of its own."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Float

SHARPNESS: tuple[float, ...] = (1.5, 4.0, 12.0, 40.0)
SLIPS: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2, 0.35, 0.5)
GRID: tuple[tuple[float, float], ...] = tuple(itertools.product(SHARPNESS, SLIPS))
"""Sharpness of the choice and share of slips are averaged over this grid, so that no candidate is fitted to win."""

FITTING_ROUNDS: int = 8
SMALLEST_PULL: float = 0.05
"""Ties are never broken so sharply that the breaking of ties could stand for an objective."""


class ChoiceModel:
    """What one objective predicts about a list of choices.

    A choice is Boltzmann in the advantages of the objective's optimal policy, scaled to [-1, 0] in each state so that a
    choice far from a goal weighs like a near one; equally good actions share their probability in proportion to a fixed
    pull (how an agent breaks ties is no part of its objective); a share of all choices are uniformly random slips.

    **Arguments:**

    - `action_value`: optimal value of each action in each state visited, `[M, A]`. Equal values say nothing.
    """

    def __init__(self, action_value: Float[np.ndarray, "M A"]):
        advantage = action_value - action_value.max(-1, keepdims=True)
        span = -advantage.min(-1, keepdims=True)
        indifferent = span <= 1e-9 * max(1.0, float(np.abs(action_value).max(initial=0.0)))
        preference = np.where(indifferent, 0.0, advantage / np.where(indifferent, 1.0, span))
        self._weights = {sharpness: np.exp(sharpness * preference) for sharpness in SHARPNESS}
        self._alike = np.abs(preference[:, :, None] - preference[:, None, :]) < 1e-6
        self._alternatives = self._alike.sum(-1)

    def log_likelihood(
        self, policy: Float[np.ndarray, "M A"], pull: Float[np.ndarray, " A"] | None = None
    ) -> Float[np.ndarray, "G M"]:
        """Returns the expected log-likelihood of each choice at each point of the grid, in nats.

        **Arguments:**

        - `policy`: the agent's probabilities.
        - `pull`: of each action among equally good ones; by default all pull alike.
        """
        share = 1.0 if pull is None else pull * self._alternatives / (self._alike @ pull)
        scores = []
        for sharpness in SHARPNESS:
            weights = self._weights[sharpness] * share
            chosen = weights / weights.sum(-1, keepdims=True)
            for slips in SLIPS:
                scores.append((policy * np.log((1 - slips) * chosen + slips / chosen.shape[-1])).sum(-1))
        return np.stack(scores)

    def fitted_pull(
        self, policy: Float[np.ndarray, "M A"], weights: Float[np.ndarray, " M"]
    ) -> Float[np.ndarray, " A"]:
        """Returns the pull that explains the agent's choices among equally good actions best.

        Luce's choice model, fitted by minorisation-maximisation (Hunter 2004, eq. 3).

        **Arguments:**

        - `policy`: the agent's probabilities.
        - `weights`: how much each choice counts.
        """
        tied = weights[:, None] * (self._alternatives > 1)
        taken = (tied * policy).sum(0)
        within = (self._alike @ policy[..., None])[..., 0]
        pull = np.ones(policy.shape[-1])
        for _ in range(FITTING_ROUNDS):
            offered = (tied * within / (self._alike @ pull)).sum(0)
            pull = np.where(offered > 0, taken / np.where(offered > 0, offered, 1.0), 1.0)
            pull = np.clip(pull / max(float(pull.max()), 1e-12), SMALLEST_PULL, 1.0)
        return pull
