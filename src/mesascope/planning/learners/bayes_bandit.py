"""The best that can be done in a Bernoulli bandit whose arms' chances follow a beta law, exactly.

What has been seen is a pair of counts for each arm, and which arm is which does not matter: values are held for sorted
pairs, which are fewer by nearly the factorial of the arms.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_learner import BanditLearner, best_shared
from mesascope.planning.learners.bandit_rules import posterior_means

MOST_STATES: int = 1_000_000
"""States that are solved for at most; two arms and 50 pulls have some 150,000."""


def is_solvable(arms: int, horizon: int) -> bool:
    """Returns whether so many arms and pulls have few enough states, and fit into the numbers that states have."""
    states = math.comb(horizon - 1 + 2 * arms, 2 * arms) / math.factorial(arms)
    return states <= MOST_STATES and (horizon + 1) ** (2 * arms) < 2**63


def bayes_value(arms: int, horizon: int, wins: float = 1.0, losses: float = 1.0) -> float:
    """Returns the highest expected number of rewards in an episode.

    **Arguments:**

    - `arms`: at least 1.
    - `horizon`: pulls in an episode.
    - `wins`, `losses`: of the beta law that each arm's chance is drawn from.

    **Raises:** `ValueError` if there are too many states (see `is_solvable`).
    """
    return float(_action_values(arms, horizon, wins, losses)[0][1].max())


@dataclass(frozen=True)
class BayesAdaptive(BanditLearner):
    """Pulls what is best for the rest of the episode, all that may still be learned considered (Duff 2002).

    **Arguments:**

    - `wins`, `losses`: of the beta prior.
    - `horizon`: pulls that it plans for; 0 for those of the episode. After them it plans for one pull at a time.
    """

    wins: float = 1.0
    losses: float = 1.0
    horizon: int = 0

    family = "bayes-adaptive"
    summary = "Pulls what is best for the rest of the episode."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        horizon = self.horizon or history.horizon
        codes = history.successes * (horizon + 1) + history.failures
        order, done = np.argsort(codes, -1, kind="stable"), history.done
        # What one pull is worth, which is all that counts in the last.
        values = posterior_means(history, self.wins, self.losses)
        keys = _keys(np.take_along_axis(codes, order, -1), horizon)
        for step, (known, held) in enumerate(_action_values(history.arms, horizon, self.wins, self.losses)):
            now = done == step
            if now.any():
                found = np.empty((int(now.sum()), history.arms))
                np.put_along_axis(found, order[now], held[np.searchsorted(known, keys[now])], -1)
                values[now] = found
        return best_shared(values)


def _keys(codes: Int[np.ndarray, "*batch A"], horizon: int) -> Int[np.ndarray, "*batch"]:
    """Returns one number for each sorted row of codes, one of `successes * (horizon + 1) + failures` for each arm."""
    return codes @ ((horizon + 1) ** 2) ** np.arange(codes.shape[-1])


@functools.lru_cache(maxsize=32)
def _action_values(
    arms: int, horizon: int, wins: float, losses: float
) -> tuple[tuple[Int[np.ndarray, " S"], Float[np.ndarray, "S A"]], ...]:
    """Returns, for each number of pulls made, the keys of all states in ascending order and the value of each arm."""
    if not is_solvable(arms, horizon):
        raise ValueError(f"{arms} arms and {horizon} pulls have more than {MOST_STATES:,} states; use fewer")
    codes, one, layers = np.zeros((1, arms), np.int64), np.eye(arms, dtype=np.int64), []
    for _ in range(horizon):
        # Axes: states, arm that is pulled, failure or success, arms.
        following = np.sort(codes[:, None, None] + np.stack([one, one * (horizon + 1)], 1), -1)
        keys, places = np.unique(_keys(following, horizon), return_index=True)
        layers.append((codes, np.searchsorted(keys, _keys(following, horizon))))
        codes = following.reshape(-1, arms)[places]
    value, found = np.zeros(len(codes)), []
    for codes, successors in reversed(layers):
        paid, not_paid = np.divmod(codes, horizon + 1)
        chance = (paid + wins) / (paid + not_paid + wins + losses)
        worth = chance * (1 + value[successors[..., 1]]) + (1 - chance) * value[successors[..., 0]]
        value = worth.max(-1)
        found.append((_keys(codes, horizon), worth))
    return tuple(reversed(found))
