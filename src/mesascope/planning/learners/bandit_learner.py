"""A learner of bandits: a rule that says, of any history, with what probability it would pull each arm next."""

from __future__ import annotations

import abc
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Int

from mesascope.planning.learners.bandit_history import BanditHistory, extended

TIE: float = 1e-9
"""Scores that differ by less are alike: what two ways of summing make of one number."""


class BanditLearner(abc.ABC):
    """A rule with parameters: a frozen dataclass whose fields they are."""

    family: ClassVar[str]
    """Its name, whatever the parameters."""
    summary: ClassVar[str]
    """One line for people."""
    in_order: ClassVar[bool] = False
    """Whether it matters to it in which order an arm paid and did not."""

    @abc.abstractmethod
    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        """Returns the probability of each choice at every step; arms that are equally good share evenly."""

    def play(
        self, pays: Float[np.ndarray, "B A"], horizon: int, *, generator: np.random.Generator
    ) -> tuple[Int[np.ndarray, "B T"], Float[np.ndarray, "B T"]]:
        """Returns choices and rewards of episodes in which this rule is followed.

        **Arguments:**

        - `pays`: chance of a reward of each arm in each of B episodes.
        - `horizon`: pulls in an episode.
        - `generator`: consumed.
        """
        (episodes, arms), rows = pays.shape, np.arange(len(pays))
        paid, not_paid = np.zeros((2, episodes, 1, arms), int)
        last, reward = np.full((episodes, 1), -1), np.zeros((episodes, 1))
        order = np.ones_like(paid)
        choices, rewards = np.zeros((episodes, horizon), int), np.zeros((episodes, horizon))
        for step in range(horizon):
            chances = self.probabilities(BanditHistory(paid, not_paid, last, reward, horizon, order))[:, 0]
            reached = chances.cumsum(-1) > generator.random((episodes, 1)) * chances.sum(-1, keepdims=True)
            choice = reached.argmax(-1)
            choices[:, step] = choice
            rewards[:, step] = generator.random(episodes) < pays[rows, choice]
            paid[rows, 0, choice] += rewards[:, step] > 0
            not_paid[rows, 0, choice] += rewards[:, step] == 0
            last, reward = choices[:, step : step + 1], rewards[:, step : step + 1]
            order = extended(order, last[..., None] == np.arange(arms), reward[..., None] > 0)
        return choices, rewards


def best_shared(scores: Float[np.ndarray, "*batch A"]) -> Float[np.ndarray, "*batch A"]:
    """Returns the probabilities of who takes the arm with the highest score; ties are shared evenly."""
    # Two infinite scores are alike, though their difference is not a number.
    best = scores >= scores.max(-1, keepdims=True) - TIE
    return best / best.sum(-1, keepdims=True)
