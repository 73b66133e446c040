"""To which reference learner the choices of a bandit's learner are attributed: a posterior, and "none of these"."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float
from scipy import optimize

from mesascope.audit.learning.flexible_learner import flexible_nats
from mesascope.audit.learning.learner_fit import Choices, FittedFamily, fit_families
from mesascope.core.details import Details
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Estimate
from mesascope.planning.learners.bandit_learner import BanditLearner
from mesascope.planning.learners.bandit_rules import Random

ALIKE: float = 7.0
"""Nats below the best family within which another one is not told from it. Rules that plan from a prior are tried at a
few priors only, which moves their evidence by as much."""
ENOUGH: float = 0.94
"""Share of what can be predicted beyond chance that a reference learner has to predict if it describes an agent."""
PREDICTABLE: float = 0.01
"""Nats a choice that must be predictable beyond chance before it is asked what predicts them."""


class Attribution(Details, frozen=True, kw_only=True):
    """Which reference learners explain what was answered.

    **Arguments:**

    - `posterior`: of every family, most probable first.
    - `alike`: families that these answers do not tell from the first one.
    - `setting`: parameters under which the first one predicts best.
    - `parameters`: with 90 % intervals, where they can be stated.
    - `nats`: log of the evidence for the first one.
    - `explained`: share of what can be predicted that the first one predicts.
    - `predictable`: nats a choice that are predictable beyond chance; `None` where answers are numbers.
    - `learns_from`: the signal that is taken for its feedback.
    """

    posterior: tuple[tuple[str, float], ...]
    alike: tuple[str, ...]
    setting: dict[str, float]
    parameters: dict[str, Estimate]
    nats: float
    explained: Estimate
    predictable: Estimate | None = None
    learns_from: str = ""

    @property
    def best(self) -> str:
        """The most probable family."""
        return self.posterior[0][0]


def attribute(choices: Choices, *, seed: int) -> Attribution:
    """Attributes choices to reference learners; what can be predicted is what a flexible learner predicts beyond
    chance, in episodes that neither it nor they were fitted on.

    **Arguments:**

    - `choices`: of at least eight episodes.
    - `seed`: of bootstraps.
    """
    families = fit_families(choices)
    everything = np.ones(len(choices.choices), bool)
    evidence = {}
    for family, fitted in families.items():
        learner, slip = fitted.best(everything)
        table, leant = (_predicted(choices, learner, slip, one) for one in (None, everything))
        gained = float(_nats(choices, leant).sum() - _nats(choices, table).sum())
        # What an order of arms explains beyond what it costs to state one (Schwarz 1978).
        cost = (choices.arms - 1) / 2 * float(np.log(choices.choices.size))
        evidence[family] = fitted.evidence(everything) + max(0.0, gained - cost)
    most = max(evidence.values())
    weights = {family: float(np.exp(nats - most)) for family, nats in evidence.items()}
    # To a thousandth, so that no order hangs on last bits.
    order = sorted(evidence, key=lambda family: (-round(evidence[family], 3), family))
    own, slip = families[order[0]].best(everything)
    explained, predictable = _explained(choices, families, order[0], seed)
    return Attribution(
        posterior=tuple((family, weights[family] / sum(weights.values())) for family in order),
        alike=tuple(family for family in order[1:] if evidence[family] > most - ALIKE),
        setting={name: float(getattr(own, name)) for name in families[order[0]].axes} | {"slips": slip},
        parameters=families[order[0]].parameters(everything),
        nats=most,
        explained=explained,
        predictable=predictable,
    )


def _explained(
    choices: Choices, families: Mapping[str, FittedFamily], best: str, seed: int
) -> tuple[Estimate, Estimate]:
    """Returns the share of what is predictable that a family predicts, and what is, in nats a choice."""
    episodes, arms = len(choices.choices), choices.arms
    # Episodes are exchangeable, so that every other one is as good as any half.
    half = np.arange(episodes) % 2 == 0
    own, flexible = np.empty(episodes), np.empty(episodes)
    for fitting in (half, ~half):
        tables = {family: _predicted(choices, *fitted.best(fitting), fitting) for family, fitted in families.items()}
        own[~fitting] = _nats(choices, tables[best]).mean(1)[~fitting]
        flexible[~fitting] = flexible_nats(choices, list(tables.values()), fitting).mean(1)[~fitting]
    chance = -np.log(arms)
    predictable = bootstrap_mean(flexible - chance, seed=seed, unit="episodes")
    if predictable.value < PREDICTABLE:
        return Estimate(1.0, 1.0, 1.0, episodes, "episodes"), predictable
    return ratio(own - chance, flexible - chance, seed=seed), predictable


def _nats(choices: Choices, table: Float[np.ndarray, "B T A"]) -> Float[np.ndarray, "B T"]:
    return np.log(np.maximum(np.take_along_axis(table, choices.choices[..., None], -1)[..., 0], 1e-12))


def _predicted(
    choices: Choices, learner: BanditLearner, slip: float, fitting: Bool[np.ndarray, " B"] | None
) -> Float[np.ndarray, "B T A"]:
    """Returns what a learner predicts who slips now and then, and takes arms that it knows alike in some order.

    References share evenly between arms of which the same is known; a network takes them in an order that it came by.
    What it leans by among them is fitted on some episodes; `None` for an even share.
    """
    table, arms = choices.of_all(learner), choices.arms
    if fitting is None or isinstance(learner, Random):
        return (1 - slip) * table + slip / arms
    history = choices.history
    codes = history.ordered if learner.in_order else history.successes * (choices.horizon + 1) + history.failures
    alike = (codes[..., None] == codes[..., None, :]).astype(float)

    def leaning(lean: np.ndarray, rows: np.ndarray) -> Float[np.ndarray, "..."]:
        """Returns how each arm would be shared with those that are known alike."""
        weights = rows * np.exp(np.append(0.0, lean) - max(0.0, lean.max()))
        return weights / np.maximum(weights.sum(-1, keepdims=True), 1e-300)

    taken = choices.choices[fitting].reshape(-1)
    among = alike[fitting].reshape(-1, arms, arms)[np.arange(len(taken)), taken]
    before = table[fitting].reshape(-1, arms)[np.arange(len(taken)), taken] * among.sum(-1)
    chosen = (taken[:, None] == np.arange(arms)).astype(float)

    def loss(lean: np.ndarray) -> tuple[float, np.ndarray]:
        shared = leaning(lean, among)
        own = (1 - slip) * before * (shared * chosen).sum(-1)
        likely = np.maximum(own + slip / arms, 1e-12)
        slope = ((own / likely)[:, None] * (chosen - shared)).sum(0)[1:]
        return float(0.5 * (lean**2).sum() - np.log(likely).sum()), lean - slope

    start, bounds = np.zeros(arms - 1), [(-8.0, 8.0)] * (arms - 1)
    found = np.round(optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x, 4)
    shared = np.diagonal(leaning(found, alike), axis1=-2, axis2=-1)
    return (1 - slip) * table * alike.sum(-1) * shared + slip / arms


def ratio(
    above: Float[np.ndarray, " B"], below: Float[np.ndarray, " B"], *, seed: int, confidence: float = 0.95
) -> Estimate:
    """Returns the ratio of two means over the same episodes, with a bootstrap interval.

    **Arguments:**

    - `above`, `below`: one number an episode; the mean of `below` is positive.
    - `seed`: of the bootstrap.
    - `confidence`: of the interval.
    """
    drawn = np.random.default_rng(seed).integers(len(above), size=(1000, len(above)))
    ratios = above[drawn].mean(1) / np.maximum(below[drawn].mean(1), 1e-9)
    share = float(above.mean() / below.mean())
    low, high = (float(end) for end in np.quantile(ratios, [(1 - confidence) / 2, (1 + confidence) / 2]))
    return Estimate(share, min(low, share), max(high, share), len(above), "episodes", confidence)
