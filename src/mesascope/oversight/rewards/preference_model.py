"""The reward that explains preferences between segments: linear in what happens, and an ensemble of such rewards.

Bradley and Terry's model (1952; Christiano et al. 2017, eq. 1): a labeller prefers the first of two segments with
probability `sigmoid(R1 - R2)`, where `R` is the discounted sum of a reward `w . attributes`; a share of answers is
decided by a coin. The likelihood is that of logistic regression on differences of discounted counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import expit

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, seed_of
from mesascope.oversight.stage import TrainingReward
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, World

SPREAD: float = 10.0
"""Standard deviation of a weight before anything was answered, in log-odds by which what always happens is preferred to
what never does: the same for every attribute, so that what the answers do not tell apart is worth the same."""

MEMBERS: int = 16
"""Of an ensemble, in pairs."""

STEPS: int = 100
STILL: float = 1e-9
TINY: float = np.finfo(float).tiny


class LinearReward(TrainingReward):
    """A learned reward. Episodes do not end under it: where they do would tell the agent what the labels shall
    (Christiano et al. 2017, appendix A).

    **Arguments:**

    - `weights`: of each attribute, `[F]`; times one minus the discount, so that values have the scale of weights.
    """

    weights: Float[Array, " F"]

    def reward(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        worth = (level.attributes @ self.weights) * (1 - level.discount)[:, None, None, None]
        return jnp.where(level.terminal[..., None, None], 0, worth)

    def continuation(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        goes_on = jnp.where(level.terminal, 0, level.discount[:, None])
        return jnp.broadcast_to(goes_on[..., None, None], level.probabilities.shape)


@dataclass(frozen=True)
class Ensemble:
    """Rewards that explain the same answers, each from other beginnings and with other weights of the answers.

    **Arguments:**

    - `members`: weights of the attributes in log-odds, `[M, F]`.
    """

    members: Float[np.ndarray, "M F"]

    @property
    def mean(self) -> Float[np.ndarray, " F"]:
        """Its mean."""
        return self.members.mean(0)

    def disagreement(self, differences: Float[np.ndarray, "N F"]) -> Float[np.ndarray, " N"]:
        """Returns the variance over its members of the probability that the first segment is preferred."""
        return expit(differences @ self.members.T).var(-1)

    def objective(self, world: World) -> ObjectiveSpec:
        """Returns the mean as an objective, its largest weight 1: preferences without noise do not tell the scale."""
        largest = float(np.abs(self.mean).max())
        if largest < STILL:
            raise UsageError("No two segments that were compared differ in any attribute, so no reward is learned.")
        scaled = self.mean / largest
        return ObjectiveSpec("learned reward", dict(zip(world.attributes, scaled.tolist(), strict=True)))

    def reward(self, world: World) -> LinearReward:
        """Returns that objective as what training rewards."""
        return LinearReward(jnp.asarray(list(self.objective(world).weights.values()), jnp.float32))


def ensemble_of(
    differences: Float[np.ndarray, "N F"], answers: Float[np.ndarray, " N"], *, mistaken: float, key: RandomKey
) -> Ensemble:
    """Returns rewards that explain answers: each begins elsewhere (Osband et al. 2018) and weighs the answers by a
    bootstrap (Rubin 1981). Their beginnings are opposite in pairs, so that the mean has no preference by chance.

    **Arguments:**

    - `differences`: of discounted counts, first segment less second.
    - `answers`: in [0, 1], 1 where the first was preferred.
    - `mistaken`: share of answers that a coin decided, as is assumed.
    - `key`: consumed.
    """
    random = np.random.default_rng(seed_of(key))
    centres = random.normal(scale=SPREAD, size=(MEMBERS // 2, differences.shape[1]))
    shares = random.exponential(size=(MEMBERS // 2, len(differences)))
    return Ensemble(
        fitted(
            differences,
            answers,
            mistaken=mistaken,
            shares=np.concatenate([shares, shares]),
            centres=np.concatenate([centres, -centres]),
        )
    )


def fitted(
    differences: Float[np.ndarray, "N F"],
    answers: Float[np.ndarray, "*M N"],
    *,
    shares: Float[np.ndarray, "M N"],
    centres: Float[np.ndarray, "M F"],
    mistaken: float = 0.0,
    spread: float = SPREAD,
) -> Float[np.ndarray, "M F"]:
    """Returns the likeliest weights for each of M weightings of the answers, by Fisher scoring with halved steps.

    **Arguments:**

    - `differences`, `answers`, `mistaken`: as of `ensemble_of`; the answers may differ from weighting to weighting.
    - `shares`: how much each answer counts.
    - `centres`, `spread`: mean and standard deviation of the weights before the answers; infinite for no such opinion.
    """

    def worth(weights):
        """The logarithm of the posterior, its derivative, and its expected curvature."""
        first, second = expit(weights @ differences.T), expit(-weights @ differences.T)
        slope = (1 - mistaken) * first * second
        first, second = (np.maximum((1 - mistaken) * sure + mistaken / 2, TINY) for sure in (first, second))
        pull = (weights - centres) / spread**2
        height = (shares * (answers * np.log(first) + (1 - answers) * np.log(second))).sum(-1)
        gradient = (shares * slope * (answers / first - (1 - answers) / second)) @ differences - pull
        curvature = (differences.T * (shares * slope**2 / (first * second))[:, None]) @ differences
        return height - (pull * (weights - centres)).sum(-1) / 2, gradient, curvature

    weights, length = centres, np.ones(len(centres))
    height, gradient, curvature = worth(weights)
    firm = np.eye(differences.shape[1]) * max(spread**-2, STILL)
    for _ in range(STEPS):
        step = np.linalg.solve(curvature + firm, gradient[..., None])[..., 0]
        if np.abs(step).max(initial=0) < STILL:
            break
        tried = weights + length[:, None] * step
        there = worth(tried)
        better = there[0] >= height - STILL
        length = np.where(better, np.minimum(1.0, 2 * length), length / 2)
        weights = np.where(better[:, None], tried, weights)
        height, gradient = np.where(better, there[0], height), np.where(better[:, None], there[1], gradient)
        curvature = np.where(better[:, None, None], there[2], curvature)
    return weights
