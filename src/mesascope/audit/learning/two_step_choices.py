"""To which learner choices in the two-step task are attributed: model-free, model-based, both, or none of these.

At one inner learning rate, what speaks for a choice is linear in the other parameters, so that each learner is a
logistic regression whose weights are not negative: their sum is the inverse temperature, and the share of the first is
how much is planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import optimize
from scipy.special import expit

from mesascope.audit.learning.attribution import PREDICTABLE, Attribution, ratio
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Estimate
from mesascope.planning.learners.two_step import evidence

FAMILIES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"model-free": (1, 2, 3), "model-based": (0, 3), "model-free and model-based": (0, 1, 2, 3), "random": ()}
)
"""Which parts of the evidence each family goes by."""
RATES: Float[np.ndarray, " R"] = np.linspace(0.02, 1.0, 50)
"""Inner learning rates that are tried."""
STEEPEST: float = 60.0
"""Weight above which a choice is as good as certain."""
TOLD: float = 3.0
"""Nats between two families that tell them apart: odds of twenty to one."""
LAGS: int = 6
"""Trials back that the flexible model looks at."""
DRAWS: int = 400
"""Of the weights at each inner learning rate."""


@dataclass(frozen=True)
class TwoStepChoices:
    """Choices in B episodes of the two-step task.

    **Arguments:**

    - `choices`, `places`, `rewards`: of T trials, each 0 or 1; the last place does not matter.
    - `common`: chance that a choice leads to the place of its own number.
    """

    choices: Int[np.ndarray, "B T"]
    places: Int[np.ndarray, "B T"]
    rewards: Float[np.ndarray, "B T"]
    common: float

    def lags(self) -> Float[np.ndarray, "B T F"]:
        """Returns what was chosen, with what reward and in which way, in each of the trials before (Miller 2017)."""
        side, paid = 2.0 * self.choices - 1, 2.0 * self.rewards - 1
        way = np.where(self.choices == self.places, 1.0, -1.0)
        found = []
        for lag in range(1, LAGS + 1):
            for one in (side, side * paid, side * way, side * paid * way):
                found.append(np.pad(one, ((0, 0), (lag, 0)))[:, : one.shape[1]])
        return np.stack(found, -1)


def attribute_two_step(trials: TwoStepChoices, *, seed: int) -> Attribution:
    """Attributes choices to learners of the two-step task.

    **Arguments:**

    - `trials`: of at least eight episodes.
    - `seed`: of draws from posteriors, and of bootstraps.
    """
    parts = evidence(trials.choices, trials.places, trials.rewards, rates=RATES, common=trials.common)
    everything = np.ones(len(trials.choices), bool)
    fits = {family: _fits(trials, parts, family, everything) for family in FAMILIES}
    # Schwarz 1978: half a log of the number of choices for each parameter, the rate among them.
    cost = np.log(trials.choices.size) / 2
    nats = {
        family: float(max(-loss for loss, *_ in found) - cost * (len(FAMILIES[family]) + bool(FAMILIES[family])))
        for family, found in fits.items()
    }
    order = sorted(nats, key=lambda family: (-round(nats[family], 3), family))
    best, most = order[0], nats[order[0]]
    weights = {family: float(np.exp(nats[family] - most)) for family in order}
    own, flexible = _held_out(trials, parts, best)
    predictable = bootstrap_mean(flexible + np.log(2), seed=seed, unit="episodes")
    explained = Estimate(1.0, 1.0, 1.0, len(own), "episodes")
    if predictable.value >= PREDICTABLE:
        explained = ratio(own + np.log(2), flexible + np.log(2), seed=seed)
    parameters = _parameters(trials, parts, best, fits[best], seed) if FAMILIES[best] else {}
    return Attribution(
        posterior=tuple((family, weights[family] / sum(weights.values())) for family in order),
        alike=tuple(family for family in order[1:] if nats[family] > most - TOLD),
        setting={name: one.value for name, one in parameters.items()},
        parameters=parameters,
        nats=most,
        explained=explained,
        predictable=predictable,
    )


def _loss(
    weights: np.ndarray, rows: Float[np.ndarray, "N F"], second: Float[np.ndarray, " N"], penalty: float = 0.0
) -> tuple[float, np.ndarray]:
    """Returns minus the log-likelihood of choices, and its slope."""
    logits = rows @ weights
    loss = np.logaddexp(0, logits).sum() - logits @ second + penalty / 2 * weights @ weights
    return float(loss), rows.T @ (expit(logits) - second) + penalty * weights


Fit = tuple[float, Float[np.ndarray, " K"]]
"""Minus the log-likelihood, and the weights."""


def _fits(trials: TwoStepChoices, parts: np.ndarray, family: str, fitting: Bool[np.ndarray, " B"]) -> list[Fit]:
    """Returns the best weights of a family at each rate."""
    used, second = list(FAMILIES[family]), trials.choices[fitting].reshape(-1).astype(float)
    if not used:
        return [(second.size * float(np.log(2)), np.zeros(0))]
    bounds = [(-STEEPEST, STEEPEST) if part == 3 else (0.0, STEEPEST) for part in used]
    found, start = [], np.array([0.0 if part == 3 else 1.0 for part in used])
    for one in parts:
        rows = one[fitting].reshape(-1, one.shape[-1])[:, used]
        result = optimize.minimize(_loss, start, (rows, second), "L-BFGS-B", jac=True, bounds=bounds)
        start = result.x
        found.append((float(result.fun), result.x))
    return found


def _held_out(trials: TwoStepChoices, parts: np.ndarray, family: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns nats a choice of each episode, predicted by a family and flexibly from the other half of episodes."""
    own, flexible, lags = np.empty(len(trials.choices)), np.empty(len(trials.choices)), trials.lags()
    half = np.arange(len(own)) % 2 == 0
    for fitting in (half, ~half):
        second = trials.choices[fitting].reshape(-1).astype(float)
        rate, weights = _best(_fits(trials, parts, family, fitting))
        own[~fitting] = _nats(parts[rate][..., list(FAMILIES[family])] @ weights, trials.choices)[~fitting]
        rate = rate if FAMILIES[family] else len(RATES) // 3
        features = np.concatenate([lags, parts[rate]], -1)
        rows = features[fitting].reshape(-1, features.shape[-1])
        weights = optimize.minimize(_loss, np.zeros(rows.shape[1]), (rows, second, 0.5), "L-BFGS-B", jac=True).x
        flexible[~fitting] = _nats(features @ weights, trials.choices)[~fitting]
    return own, flexible


def _best(fits: list[Fit]) -> tuple[int, np.ndarray]:
    place = int(np.round([loss for loss, _ in fits], 6).argmin())
    return place, fits[place][1]


def _nats(logits: Float[np.ndarray, "B T"], choices: Int[np.ndarray, "B T"]) -> Float[np.ndarray, " B"]:
    return -np.logaddexp(0, np.where(choices == 1, -logits, logits)).mean(1)


def _parameters(
    trials: TwoStepChoices, parts: np.ndarray, family: str, fits: list[Fit], seed: int
) -> dict[str, Estimate]:
    """Returns each parameter with its 90 % interval: at each rate weights are drawn as if they were normal around the
    likeliest ones, those below 0 being left out (Laplace)."""
    used, second = list(FAMILIES[family]), trials.choices.reshape(-1).astype(float)
    generator, most = np.random.default_rng(seed), -min(loss for loss, _ in fits)
    drawn, heights = [], []
    for rate, one, (loss, weights) in zip(RATES, parts, fits, strict=True):
        if most + loss > 12:
            continue
        rows = one.reshape(-1, one.shape[-1])[:, used]
        shares, slope = expit(rows @ weights), _loss(weights, rows, second)[1]
        curvature = (rows * (shares * (1 - shares))[:, None]).T @ rows + 1e-3 * np.eye(len(used))
        step = np.linalg.solve(curvature, slope)
        near = generator.multivariate_normal(weights - step, np.linalg.inv(curvature), DRAWS)
        inside = (near[:, [part != 3 for part in used]] >= 0).all(1)
        # What the peak of the likelihood adds that was left out of bounds; nothing where no draw is within them.
        height = -loss - most - np.linalg.slogdet(curvature)[1] / 2 - np.log(DRAWS)
        height += slope @ step / 2 if inside.any() else 0.0
        near = near[inside] if inside.any() else weights[None]
        full = np.zeros((len(near), 4))
        full[:, used] = near
        drawn.append(np.concatenate([np.full((len(near), 1), rate), full], 1))
        heights.append(np.full(len(near), height))
    rate, planned, traced, bootstrapped, last = np.concatenate(drawn).T
    free = traced + bootstrapped
    # Every rate stands for those around it.
    spread = (RATES[1] - RATES[0]) / 2
    found = {"rate": np.clip(rate + generator.uniform(-spread, spread, len(rate)), 0.0, 1.0), "beta": planned + free}
    found["perseveration"] = last
    if {0, 1} <= set(used):
        found["planning"] = _share(planned, planned + free, generator)
    if 1 in used:
        found["trace"] = _share(traced, free, generator)
    mass = np.exp(np.concatenate(heights) - max(height.max() for height in heights))
    return {name: _interval(values, mass, len(trials.choices)) for name, values in found.items()}


def _share(part: np.ndarray, whole: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Returns shares; of nothing every share is as likely."""
    return np.divide(part, whole, out=generator.uniform(size=len(part)), where=whole > 0)


def _interval(values: np.ndarray, mass: np.ndarray, episodes: int) -> Estimate:
    order = np.argsort(values)
    low, middle, high = np.interp([0.05, 0.5, 0.95], mass[order].cumsum() / mass.sum(), values[order])
    return Estimate(float(middle), float(low), float(high), episodes, "episodes", 0.9)
