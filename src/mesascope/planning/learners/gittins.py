"""The finite-horizon Gittins index: what an arm is worth per pull if one may leave it at any time (Gittins 1979)."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_learner import BanditLearner, best_shared

RATES: int = 257
"""Sure payments that each arm is compared with; between them the difference is taken as a line."""


@dataclass(frozen=True)
class Gittins(BanditLearner):
    """Pulls the arm with the highest finite-horizon index: nearly, but not exactly, the best there is.

    **Arguments:**

    - `wins`, `losses`: of the beta prior.
    """

    wins: float = 1.0
    losses: float = 1.0

    family = "gittins"
    summary = "Pulls the arm with the highest finite-horizon index."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        table = gittins_indices(history.horizon, self.wins, self.losses)
        remaining = history.horizon - history.done
        return best_shared(table[remaining[..., None], history.successes, history.failures].astype(np.float64))


@functools.lru_cache(maxsize=32)
def gittins_indices(horizon: int, wins: float = 1.0, losses: float = 1.0) -> Float[np.ndarray, "M S F"]:
    """Returns the index of every state of an arm: the highest `E[rewards] / E[pulls]` over all rules of when to leave.

    It is the sure payment per pull at which staying and leaving are worth the same.

    **Arguments:**

    - `horizon`: pulls in an episode.
    - `wins`, `losses`: of the beta prior.

    **Returns:** by pulls that remain (from 0), successes and failures; 0 where more pulls were made than there are.
    """
    rates = np.linspace(0, 1, RATES)
    table = np.zeros((horizon + 1, horizon, horizon), np.float32)
    # By pulls of the arm: successes, rates. What follows a pull is held from the round before.
    values = [np.zeros((pulls + 1, RATES)) for pulls in range(horizon + 1)]
    for remaining in range(1, horizon + 1):
        # Only arms that can have been pulled as often by then; one number of pulls at a time stays in the cache.
        for pulls in range(horizon - remaining + 1):
            paid = np.arange(pulls + 1)
            chance = ((paid + wins) / (pulls + wins + losses))[:, None]
            after = values[pulls + 1]
            stay = chance * (1 + after[1:]) + (1 - chance) * after[:-1]
            gain = stay - rates * remaining
            above = np.clip((gain >= 0).sum(-1) - 1, 0, RATES - 2)
            low, high = gain[paid, above], gain[paid, above + 1]
            table[remaining, paid, pulls - paid] = (above + low / np.maximum(low - high, 1e-300)) / (RATES - 1)
            values[pulls] = np.maximum(stay, rates * remaining)
    return table
