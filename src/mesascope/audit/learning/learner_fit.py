"""How well reference learners of bandits predict choices, at every setting of their parameters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.core.verdicts import Estimate
from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_learner import BanditLearner
from mesascope.planning.learners.catalogue import BANDIT_LEARNERS, GRIDS, candidates

SLIPS: Float[np.ndarray, " S"] = np.linspace(0.0, 0.1, 41)
"""Shares of choices by chance that any learner may have. More than a tenth is exploration: epsilon-greedy."""
AMOUNTS: frozenset[str] = frozenset({"wins", "losses", "c", "beta"})
"""Parameters of which twice as much is as likely as half as much."""
Axes = Mapping[str, Float[np.ndarray, "_"]]
"""Values by parameter, in ascending order."""
NEAR: float = 8.0
"""Nats below the best setting within which others are looked at more closely."""
HOPELESS: tuple[float, float] = (0.05, 0.2)
"""A family whose best tried setting lacks this share of what the best family predicts beyond chance is not looked at
more closely; the larger share where a prior that was not tried may predict much better."""
FINER: dict[int, tuple[int, ...]] = {0: (), 1: (61, 61), 2: (7, 11)}
"""At how many values of each parameter families are looked at again, by how many parameters they have."""
LONG: int = 40
"""Pulls beyond which priors of the Gittins index are tried once, and none between them."""
ROUND: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Wins and losses of priors that are tried where a prior decides between arms."""
SMOOTH: frozenset[str] = frozenset(
    {"epsilon-greedy", "thompson", "upper-confidence", "win-stay-lose-shift", "delta-rule"}
)
"""Families whose parameters are stated with intervals. Of the others they decide few choices: what a prior is, is the
same over ranges that no interval describes, and the best one tried is named."""
NO_SLIPS: frozenset[str] = frozenset({"epsilon-greedy", "win-stay-lose-shift", "delta-rule", "random"})
"""Families whose own parameters say as much as slips would."""


@dataclass(frozen=True)
class Choices:
    """Choices in B episodes of a bandit, each with what was known before it.

    All references treat arms alike, so that arms are put in an order of what is known of them, and equal situations are
    looked at once.

    **Arguments:**

    - `choices`, `rewards`: `[B, T]`, rewards being 0 or 1.
    - `arms`, `horizon`: of the bandit.
    """

    choices: Int[np.ndarray, "B T"]
    rewards: Float[np.ndarray, "B T"]
    arms: int
    horizon: int

    @cached_property
    def history(self) -> BanditHistory:
        """What was known before each choice."""
        return BanditHistory.of(self.choices, self.rewards, self.arms, self.horizon)

    @cached_property
    def situations(self) -> tuple[BanditHistory, Int[np.ndarray, "B T"], Int[np.ndarray, "B T A"]]:
        """Every situation once `[U, 1, A]`, which of them each choice was made in, and which arm stands where there."""
        history, size = self.history, self.horizon + 1
        last = history.last[..., None] == np.arange(self.arms)
        codes = (history.successes * size + history.failures) * 2 + last
        order = np.argsort(codes, -1, kind="stable")
        rewarded = np.where(history.last < 0, 2, history.last_reward)[..., None].astype(int)
        rows = np.concatenate([np.take_along_axis(codes, order, -1), rewarded], -1).reshape(-1, self.arms + 1)
        unique, inverse = np.unique(rows, axis=0, return_inverse=True)
        counts, was_last = unique[:, None, :-1] // 2, unique[:, :-1] % 2
        once = BanditHistory(
            counts // size,
            counts % size,
            np.where(was_last.any(-1), was_last.argmax(-1), -1)[:, None],
            (unique[:, -1:] == 1).astype(float),
            self.horizon,
        )
        return once, inverse.reshape(self.choices.shape), np.argsort(order, -1)

    @cached_property
    def _chosen(self) -> tuple[Int[np.ndarray, " C"], Int[np.ndarray, "B T"]]:
        """Pairs of situation and chosen place, each once, and which of them each choice is."""
        _, inverse, places = self.situations
        chosen = np.take_along_axis(places, self.choices[..., None], -1)[..., 0]
        pairs, which = np.unique(inverse * self.arms + chosen, return_inverse=True)
        return pairs, which.reshape(self.choices.shape)

    def of_chosen(self, learner: BanditLearner) -> Float[np.ndarray, " C"]:
        """Returns the probability that a learner gives to each pair of situation and choice.

        Where the order of rewards matters hardly a situation is met twice, and each choice is a pair of its own.
        """
        if learner.in_order:
            return np.take_along_axis(self.of_all(learner), self.choices[..., None], -1).reshape(-1)
        return learner.probabilities(self.situations[0])[:, 0].reshape(-1)[self._chosen[0]]

    def of_all(self, learner: BanditLearner) -> Float[np.ndarray, "B T A"]:
        """Returns the probability that a learner gives to every arm before each choice."""
        if learner.in_order:
            return learner.probabilities(self.history)
        _, inverse, places = self.situations
        return np.take_along_axis(learner.probabilities(self.situations[0])[:, 0][inverse], places, -1)

    def counts(self, counted: np.ndarray, *, in_order: bool) -> Float[np.ndarray, " C"]:
        """Returns how often each pair of situation and choice is met in some of the episodes.

        **Arguments:**

        - `counted`: which, `[B]`.
        - `in_order`: whether the order of rewards matters.
        """
        if in_order:
            return np.repeat(counted, self.choices.shape[1]).astype(float)
        pairs, which = self._chosen
        return np.bincount(which[counted].reshape(-1), minlength=len(pairs)).astype(float)


@dataclass(frozen=True)
class FittedFamily:
    """One kind of learner, at the settings of its parameters that matter.

    **Arguments:**

    - `family`: its name.
    - `choices`: that it is fitted to.
    - `learners`: one for each setting, all combinations of `axes`.
    - `axes`: values of each parameter that are looked at; `whole`: those that span what it may be.
    - `chosen`: the probability of each pair of situation and choice under each, `[G, C]`.
    - `slips`: shares of choices by chance, `[S]`.
    - `mass`: prior probability of each setting with one share of slips, `[G]`.
    """

    family: str
    choices: Choices
    learners: tuple[BanditLearner, ...]
    axes: Axes
    whole: Axes
    chosen: Float[np.ndarray, "G C"]
    slips: Float[np.ndarray, " S"]
    mass: Float[np.ndarray, " G"]

    def nats(self, counted: Bool[np.ndarray, " B"]) -> Float[np.ndarray, "G S"]:
        """Returns the log-likelihood of choices in some of the episodes, by setting and slips."""
        counts = self.choices.counts(counted, in_order=BANDIT_LEARNERS[self.family].in_order)
        met, arms = counts > 0, self.choices.arms
        chosen = self.chosen[:, met]
        with np.errstate(divide="ignore"):
            return np.stack([np.log((1 - slip) * chosen + slip / arms) @ counts[met] for slip in self.slips], axis=-1)

    def best(self, counted: Bool[np.ndarray, " B"]) -> tuple[BanditLearner, float]:
        """Returns the learner and the share of slips under which choices are likeliest."""
        place = np.unravel_index(int(np.round(self.nats(counted), 6).argmax()), (len(self.learners), len(self.slips)))
        return self.learners[place[0]], float(self.slips[place[1]])

    def evidence(self, counted: Bool[np.ndarray, " B"]) -> float:
        """Returns the log of the mean likelihood over all that the parameters may be."""
        nats = self.nats(counted)
        most = nats.max()
        return float(most + np.log(self.mass @ np.exp(nats - most).sum(-1))) if np.isfinite(most) else -np.inf

    def parameters(self, counted: Bool[np.ndarray, " B"]) -> dict[str, Estimate]:
        """Returns each parameter with its 90 % interval, and the share of slips where there may be any."""
        nats = self.nats(counted)
        weights = np.exp(nats - nats.max())
        weights = (weights / weights.sum()).reshape(*(len(values) for values in self.axes.values()), len(self.slips))
        axes = {name: values for name, values in self.axes.items() if self.family in SMOOTH}
        places = {name: place for place, name in enumerate(self.axes)} | {"slips": len(self.axes)}
        axes |= {} if self.family in NO_SLIPS else {"slips": self.slips}
        return {
            name: _interval(
                _spread(name, values),
                weights.sum(tuple(axis for axis in range(weights.ndim) if axis != places[name])),
                lambda value, name=name: float(_unspread(name, np.asarray(value))),
                int(counted.sum()),
            )
            for name, values in axes.items()
        }


def _interval(grid: np.ndarray, mass: np.ndarray, scale: Callable[[float], float], episodes: int) -> Estimate:
    """Returns the median and the central 90 % of a distribution on a grid, each value standing for its surroundings."""
    edges = np.concatenate([grid[:1], (grid[1:] + grid[:-1]) / 2, grid[-1:]])
    low, middle, high = np.interp([0.05, 0.5, 0.95], np.concatenate([[0.0], mass.cumsum()]), edges)
    return Estimate(scale(middle), scale(low), scale(high), episodes, "episodes", 0.9)


def fit_families(choices: Choices) -> dict[str, FittedFamily]:
    """Returns every family that the bandit is not too large for, those that are not hopeless at settings that matter.

    **Arguments:**

    - `choices`: to be predicted.
    """
    everything = np.ones(len(choices.choices), bool)
    found: dict[str, FittedFamily] = {}
    for family in BANDIT_LEARNERS:
        if any(candidates(family, arms=choices.arms, horizon=choices.horizon)):
            axes = {name: np.asarray(values, float) for name, values in GRIDS[family].items()}
            if family not in SMOOTH:
                # Between round numbers arms are never tied, which they are between them: what one would say is missed.
                axes = {name: np.asarray(ROUND) for name in axes}
            if len(axes) == 1:
                ((name, values),) = axes.items()
                low = SLIPS[-1] if name == "epsilon" else values[0]
                axes[name] = _between(name, low, max(values[-1], 0.9), 121)
            found[family] = _fitted(family, choices, axes, axes)
    best = {family: float(fitted.nats(everything).max()) for family, fitted in found.items()}
    most = max(best.values())

    def near(family: str) -> bool:
        # The tables of long horizons take a second for each prior.
        if family == "gittins" and choices.horizon > LONG:
            return False
        return best[family] >= most - HOPELESS[family not in SMOOTH] * (most - best["random"]) - 2 * NEAR

    return {family: _closely(fitted) if near(family) else fitted for family, fitted in found.items()}


def _fitted(family: str, choices: Choices, axes: Axes, whole: Axes) -> FittedFamily:
    rows = [tuple(map(float, row)) for row in itertools.product(*axes.values())]
    learners = tuple(BANDIT_LEARNERS[family](**dict(zip(axes, row, strict=True))) for row in rows)
    slips = np.zeros(1) if family in NO_SLIPS else SLIPS
    mass = np.ones(1) / len(slips)
    for name, values in axes.items():
        spread, full = _spread(name, values), _spread(name, whole[name])
        ends = np.concatenate([spread[:1], (spread[1:] + spread[:-1]) / 2, spread[-1:]])
        mass = (mass[:, None] * np.diff(ends) / (full[-1] - full[0])).reshape(-1)
    chosen = np.stack([choices.of_chosen(learner) for learner in learners])
    return FittedFamily(family, choices, learners, axes, whole, chosen, slips, mass)


def _closely(fitted: FittedFamily) -> FittedFamily:
    """Returns a family around the settings that are nearly as good as the best, one step wider on either side."""
    choices, everything = fitted.choices, np.ones(len(fitted.choices.choices), bool)
    for finer in FINER[len(fitted.axes)]:
        nats = fitted.nats(everything).max(-1).reshape([len(values) for values in fitted.axes.values()])
        near, axes = nats > nats.max() - NEAR, {}
        for place, (name, values) in enumerate(fitted.axes.items()):
            inside = np.flatnonzero(near.any(tuple(axis for axis in range(nats.ndim) if axis != place)))
            low, high = float(values[max(inside[0] - 1, 0)]), float(values[min(inside[-1] + 1, len(values) - 1)])
            values = values[inside] if fitted.family not in SMOOTH else values[:0]
            axes[name] = np.unique(np.append(_between(name, low, high, finer), values))
        fitted = _fitted(fitted.family, choices, axes, fitted.whole)
    return fitted


def _spread(name: str, values: np.ndarray) -> np.ndarray:
    """Returns parameters on the scale on which all values are held equally likely: of amounts their logarithm."""
    return np.log(values) if name in AMOUNTS else values


def _between(name: str, low: float, high: float, count: int) -> np.ndarray:
    low, high = (float(end) for end in _spread(name, np.array([low, high])))
    return _unspread(name, np.linspace(low, high, count))


def _unspread(name: str, values: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(values)) if name in AMOUNTS else values
