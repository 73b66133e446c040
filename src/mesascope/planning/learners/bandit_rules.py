"""Rules of thumb for bandits, each a few lines: none of them looks ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import betainc

from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_learner import BanditLearner, best_shared

CELLS: int = 128
"""Parts of the unit interval in which draws of Thompson sampling are compared."""


def posterior_means(history: BanditHistory, wins: float, losses: float) -> Float[np.ndarray, "B T A"]:
    """Returns what each arm is expected to pay, after a beta prior."""
    return (history.successes + wins) / (history.successes + history.failures + wins + losses)


@dataclass(frozen=True)
class Greedy(BanditLearner):
    """Pulls what is expected to pay most now.

    **Arguments:**

    - `wins`, `losses`: of the beta prior.
    """

    wins: float = 1.0
    losses: float = 1.0

    family = "greedy"
    summary = "Pulls what is expected to pay most now."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        return best_shared(posterior_means(history, self.wins, self.losses))


@dataclass(frozen=True)
class EpsilonGreedy(BanditLearner):
    """Greedy, but in a share `epsilon` of steps any arm."""

    epsilon: float = 0.1

    family = "epsilon-greedy"
    summary = "Greedy, but in some share of steps any arm."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        return (1 - self.epsilon) * Greedy().probabilities(history) + self.epsilon / history.arms


@dataclass(frozen=True)
class Thompson(BanditLearner):
    """Pulls each arm as often as it is believed to be the best (Thompson 1933).

    **Arguments:**

    - `wins`, `losses`: of the beta prior.
    """

    wins: float = 1.0
    losses: float = 1.0

    family = "thompson"
    summary = "Pulls each arm as often as it is believed to be the best."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        # An arm wins in a cell if its draw falls there and those of all others do not lie above. Edges are closer
        # together near 0 and 1, where densities can be infinite.
        edges = np.sin(np.linspace(0, np.pi / 2, CELLS + 1)) ** 2
        most = history.horizon + 1
        codes = (history.successes * most + history.failures).reshape(-1, history.arms)
        pairs, places = np.unique(codes, return_inverse=True)
        below = betainc((pairs // most + self.wins)[:, None], (pairs % most + self.losses)[:, None], edges)
        states, rows = np.unique(np.sort(places.reshape(codes.shape), -1), axis=0, return_inverse=True)
        found = np.empty(states.shape)
        for start in range(0, len(states), 4096):
            held = below[states[start : start + 4096]]
            inside, middle = np.diff(held), (held[..., 1:] + held[..., :-1]) / 2
            # Products over the arms before each and over those after it, so that nothing is divided by 0.
            after = np.ones_like(middle)
            for arm in range(history.arms - 1, 0, -1):
                np.multiply(after[:, arm], middle[:, arm], out=after[:, arm - 1])
            before = np.ones_like(middle[:, 0])
            for arm in range(history.arms):
                found[start : start + 4096, arm] = (inside[:, arm] * before * after[:, arm]).sum(-1)
                before *= middle[:, arm]
        found /= found.sum(-1, keepdims=True)
        # Back from arms in the order of their statistics to arms as they stand.
        order = np.argsort(places.reshape(codes.shape), -1, kind="stable")
        chances = np.empty(codes.shape)
        np.put_along_axis(chances, order, found[rows.reshape(-1)], -1)
        return chances.reshape(history.successes.shape)


@dataclass(frozen=True)
class UpperConfidence(BanditLearner):
    """UCB1 (Auer et al. 2002): the mean so far, and `c sqrt(log t / n)` for what is little known; each arm once first.

    **Arguments:**

    - `c`: weight of what is little known; the square root of 2 in the paper.
    """

    c: float = 2**0.5

    family = "upper-confidence"
    summary = "The mean so far, and a bonus for what is little known."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        pulls = history.successes + history.failures
        tried = np.maximum(pulls, 1)
        bonus = self.c * np.sqrt(np.log(np.maximum(history.done, 1))[..., None] / tried)
        return best_shared(np.where(pulls > 0, history.successes / tried + bonus, 1e9))


@dataclass(frozen=True)
class WinStayLoseShift(BanditLearner):
    """Looks at the last pull alone.

    **Arguments:**

    - `stay`: probability of the same arm again after a reward.
    - `shift`: probability of another one after none.
    """

    stay: float = 1.0
    shift: float = 1.0

    family = "win-stay-lose-shift"
    summary = "Stays after a reward and shifts after none; looks at the last pull alone."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        same = history.last[..., None] == np.arange(history.arms)
        stays = np.where(history.last_reward > 0, self.stay, 1 - self.shift)[..., None]
        chances = np.where(same, stays, (1 - stays) / (history.arms - 1))
        return np.where(history.last[..., None] < 0, 1 / history.arms, chances)


@dataclass(frozen=True)
class Random(BanditLearner):
    """Pulls any arm, whatever it has seen."""

    family = "random"
    summary = "Pulls any arm, whatever it has seen."

    def probabilities(self, history: BanditHistory) -> Float[np.ndarray, "B T A"]:
        return np.full(history.successes.shape, 1 / history.arms)
