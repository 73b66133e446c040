"""A chain of steps among planners, shares of slips and weights of attributes: Metropolis and Hastings for `bayesian`.

Weights move along one axis at a time, with steps of all sizes: the axes of a normal approximation, which know what data
tie together, and those of single weights, along which the prior has its tails. Now and then all of them move about the
approximation (Cotter et al. 2013), a weight or the scale changes by a factor, or the planner does, with the weights
kept or carried over from its approximation to the other's. No step takes a gradient: one plan each, from the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit
from mesascope.audit.objective.recovery.fit.choice_problem import SOFT, ChoiceProblem, Plan

SCALES: tuple[float, ...] = tuple(np.logspace(-1, 6, 15))
"""Scales of weights, in units of the temperature and of an attribute's largest value, alike beforehand."""

MATTER, LITTLE = 0.2, 0.03
"""Share of attributes that matter beforehand, and the scale of the others as a share of theirs."""

NONE_SLIP: float = 0.5
"""Probability beforehand that no choice is a slip; the other shares share the rest alike."""

REFERENCE: float = 30.0
"""Standard deviation of what choices leave open in the normal approximations that steps are taken about."""

KEPT: tuple[float, ...] = (0.0, 0.6, 0.9)
"""Share of a position that a step of all weights keeps, drawn anew for each step."""

FACTORS: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0, 30.0, 1e3, 3e4)
"""Sizes, beside that of a fit, at which steps may begin."""

SIZES: tuple[float, ...] = (0.1, 0.5, 2.0)
"""Sizes of steps along an axis, in standard deviations of the approximation, drawn anew for each step."""


def drawn_scales(flat: Float[np.ndarray, "n F"], random: np.random.Generator) -> Float[np.ndarray, " n"]:
    """Returns a scale for each draw, from its law given the weights."""
    chances = _by_scale(flat)
    chances = np.exp(chances - chances.max(-1, keepdims=True)).cumsum(-1)
    place = (chances < random.random((len(flat), 1)) * chances[:, -1:]).sum(-1)
    return np.array(SCALES)[place]


def _by_scale(position: Float[np.ndarray, "*n F"]) -> Float[np.ndarray, "*n M"]:
    """The logarithm of the density of weights beforehand, at each scale."""
    scales = np.array(SCALES)[:, None]
    square = (position[..., None, :] / scales) ** 2
    # Of two Cauchy laws, one of the other's scale times LITTLE.
    either = MATTER / (1 + square) + (1 - MATTER) * LITTLE / (LITTLE**2 + square)
    return (np.log(either / scales)).sum(-1)


@dataclass(frozen=True)
class _Reference:
    """A normal approximation to the posterior of one planner's weights."""

    centre: Float[np.ndarray, " F"]
    covariance: Float[np.ndarray, "F F"]
    root: Float[np.ndarray, "F F"]
    inverse: Float[np.ndarray, "F F"]
    axes: Float[np.ndarray, "X F"]
    """Principal axes, and those of single weights, each as long as its standard deviation."""

    @property
    def size(self) -> float:
        """The logarithm of its standard deviations' product."""
        return float(np.log(np.diag(self.root)).sum())

    def standard(self, position: np.ndarray) -> np.ndarray:
        """Returns a position in standard deviations."""
        return self.inverse @ (position - self.centre)


def _reference(centre: np.ndarray, covariance: np.ndarray) -> _Reference:
    count = len(centre)
    covariance = (covariance + covariance.T) / 2 + 1e-9 * np.trace(covariance) / count * np.eye(count)
    root = np.linalg.cholesky(covariance)
    values, vectors = np.linalg.eigh(covariance)
    axes = np.concatenate([vectors.T * np.sqrt(np.maximum(values, 0))[:, None], np.diag(np.sqrt(np.diag(covariance)))])
    return _Reference(centre, covariance, root, np.linalg.inv(root), axes)


class Chain:
    """Steps among planners, shares of slips and weights.

    **Arguments:**

    - `problem`: the choices.
    - `fits`: by planner, what its approximation is about; `sparse`: with fewer attributes, where steps may begin, too.
    - `slips`: shares of slips that are considered, the first one 0.
    - `only`: attributes that may have a weight; `None` for all.
    - `random`: consumed.
    """

    def __init__(
        self,
        problem: ChoiceProblem,
        fits: dict[str, ChoiceFit],
        sparse: dict[str, ChoiceFit],
        slips,
        only,
        random: np.random.Generator,
    ):
        self.problem, self.random, self.planners = problem, random, tuple(fits)
        self.free = np.flatnonzero(problem.varies if only is None else problem.varies & only)
        self.slips = np.array(slips)
        self.prior = np.log(np.append(NONE_SLIP, np.full(len(slips) - 1, (1 - NONE_SLIP) / max(1, len(slips) - 1))))
        self.seen = np.nonzero(problem.chosen)
        self.weight = problem.chosen[self.seen]
        self.tried = self.taken = 0
        self.about, heights = dict[str, _Reference](), dict[str, float]()
        for planner, fit in fits.items():
            information = (fit.information / np.outer(problem.unit, problem.unit))[np.ix_(self.free, self.free)]
            covariance = np.linalg.inv(information + np.eye(len(self.free)) / REFERENCE**2)
            self.about[planner] = _reference((fit.parameter * problem.unit)[self.free], covariance)
            evidence = fit.log_likelihood * fit.decisions + self.about[planner].size
            heights[planner] = round(evidence + self._density(self.about[planner].centre), 6)
        self.planner = self.begun = max(self.planners, key=lambda planner: heights[planner])
        fitted = np.stack([fits[self.planner].parameter, sparse[self.planner].parameter]) * problem.unit
        starts = list(fitted[:, self.free])
        self.height, self.share, self.position = -np.inf, 0, starts[0]
        best = (self._planned(starts[0], problem.uniform(), self.planner), np.zeros(len(self.weight)))
        for start in starts:
            self.plan = self._planned(start, problem.uniform(), self.planner)
            begun = self.plan
            for factor in FACTORS:
                self.plan = begun
                plan = self._scaled(start * factor, factor)
                meant = self._meant(plan)
                by_share = self._by_share(meant)
                height = round(float(by_share.max()) + self._density(start * factor), 6)
                if height > self.height:
                    self.height, self.share = height, int(by_share.argmax())
                    self.position, best = start * factor, (plan, meant)
        self.plan, self.meant = best
        self.height = self._likelihood(self.meant) + self._density(self.position)

    def _planned(self, position, following, planner: str) -> Plan:
        parameter = np.zeros(len(self.problem.unit))
        parameter[self.free] = position
        return self.problem.plan(parameter, following, planner=planner, near=0.01)

    def _meant(self, plan: Plan) -> Float[np.ndarray, " M"]:
        """The probability of each choice that was made, but for slips."""
        level, state = self.problem.rows
        value = plan.action_value[level, state]
        chances = np.exp(value - value.max(-1, keepdims=True))
        return (chances / chances.sum(-1, keepdims=True))[self.seen]

    def _likelihood(self, meant) -> float:
        slips = self.slips[self.share]
        chances = (1 - slips) * meant + slips / self.problem.chosen.shape[-1]
        return float(self.weight @ np.log(np.maximum(chances, 1e-300)))

    def _density(self, position) -> float:
        by_scale = _by_scale(position)
        highest = by_scale.max()
        return float(highest + np.log(np.exp(by_scale - highest).sum()))

    def run(self, steps: int) -> list[tuple[np.ndarray, str, float]]:
        """Returns weights, planner and share of slips after each of some steps."""
        found, kinds = [], self.random.random(steps)
        for step, kind in enumerate(kinds):
            if kind < 0.5:
                self._along()
            elif kind < 0.7:
                self._magnify()
            elif kind < 0.8:
                self._all()
            elif kind < 0.95 or len(self.planners) == 1:
                self._rescale()
            else:
                self._replan()
            if step % 5 == 0 and len(self.slips) > 1:
                self._slip()
            found.append((self.position, self.planner, float(self.slips[self.share])))
        return found

    def _by_share(self, meant) -> Float[np.ndarray, " L"]:
        """The log-likelihood with each share of slips, its prior included."""
        spread = (1 - self.slips[:, None]) * meant + self.slips[:, None] / self.problem.chosen.shape[-1]
        return np.log(np.maximum(spread, 1e-300)) @ self.weight + self.prior

    def _slip(self) -> None:
        """Draws the share of slips from its law given all else."""
        total = self._by_share(self.meant)
        chances = np.exp(total - total.max())
        density = self.height - self._likelihood(self.meant)
        self.share = int(self.random.choice(len(total), p=chances / chances.sum()))
        self.height = density + self._likelihood(self.meant)

    def _along(self) -> None:
        axes = self.about[self.planner].axes
        step = self.random.normal() * SIZES[self.random.integers(len(SIZES))]
        self._offer(self.position + step * axes[self.random.integers(len(axes))], 0.0)

    def _magnify(self) -> None:
        """Changes one weight by a factor: orders of magnitude are alike beforehand."""
        target, place = self.position.copy(), self.random.integers(len(self.free))
        size = self.random.normal() * (0.3, 1.5)[self.random.integers(2)]
        target[place] *= np.exp(size) * (1 if self.random.random() < 0.8 else -1)
        self._offer(target, float(size))

    def _all(self) -> None:
        about, kept = self.about[self.planner], KEPT[self.random.integers(len(KEPT))]
        here = about.standard(self.position)
        there = kept * here + np.sqrt(1 - kept**2) * self.random.normal(size=len(here))
        self._offer(about.centre + about.root @ there, 0.5 * float(there @ there - here @ here))

    def _rescale(self) -> None:
        factor = float(np.exp(self.random.normal() * (0.1, 0.6, 2.0)[self.random.integers(3)]))
        target = self.position * factor
        plan = self._scaled(target, factor)
        meant = self._meant(plan)
        # Sharper choices with more slips look alike, so the share of slips is drawn with the scale.
        ahead, behind = self._by_share(meant), self._by_share(self.meant)
        gain = np.logaddexp.reduce(ahead) - np.logaddexp.reduce(behind)
        gain += self._density(target) - self._density(self.position) + len(self.free) * np.log(factor)
        self.tried += 1
        if np.log(self.random.random()) < gain:
            self.taken += 1
            chances = np.exp(ahead - ahead.max())
            self.share = int(self.random.choice(len(ahead), p=chances / chances.sum()))
            self.position, self.plan, self.meant = target, plan, meant
            self.height = self._likelihood(meant) + self._density(target)

    def _scaled(self, target: np.ndarray, factor: float) -> Plan:
        if self.planner == SOFT:
            return self._planned(target, self.plan.following, self.planner)
        # Optimal actions do not hang on the scale.
        return Plan(self.plan.following, self.plan.action_value * factor)

    def _replan(self) -> None:
        other = next(planner for planner in self.planners if planner != self.planner)
        own, theirs = self.about[self.planner], self.about[other]
        if self.random.random() < 0.5:
            self._offer(self.position, 0.0, planner=other)
        else:
            target = theirs.centre + theirs.root @ own.standard(self.position)
            self._offer(target, theirs.size - own.size, planner=other)

    def _offer(self, target, correction: float, *, plan: Plan | None = None, planner: str | None = None) -> None:
        """Goes to weights and a planner, or stays (Metropolis & Hastings)."""
        planner = self.planner if planner is None else planner
        plan = self._planned(target, self.plan.following, planner) if plan is None else plan
        meant = self._meant(plan)
        height = self._likelihood(meant) + self._density(target)
        self.tried += 1
        if np.log(self.random.random()) < height - self.height + correction:
            self.taken += 1
            self.position, self.plan, self.planner, self.meant, self.height = target, plan, planner, meant, height

    def adapt(self, found: list[tuple[np.ndarray, str, float]]) -> None:
        """Makes the approximations follow what was sampled."""
        for planner, about in self.about.items():
            own = np.array([position for position, one, _ in found if one == planner])
            if len(own) > 10 * len(self.free):
                spread = np.cov(own.T).reshape(len(self.free), -1)
                self.about[planner] = _reference(
                    0.5 * (about.centre + own.mean(0)), 0.5 * about.covariance + 0.5 * spread
                )
