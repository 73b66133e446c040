"""The posterior of one planner's weights: Laplace's method, corrected along every ray by the likelihood itself.

A normal approximation knows what data tie together and what they leave open, but not where a planner changes its mind:
a weight that matters nowhere so far may grow until it does, and no further. Each draw therefore takes its direction
from the approximation, and goes along it until the logarithm of the posterior has fallen by as much as the
approximation says it would. Draws are independent: nothing has to mix. Where the posterior is normal they are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit, fisher_information
from mesascope.audit.objective.recovery.fit.choice_problem import SOFT, ChoiceProblem, Plan

SPAN: float = 30.0
"""Least standard deviation beforehand of what a weight can bring in all, in nats; or as much as the largest brings."""

USUAL: float = 100.0
"""What an objective brings in all, in nats, is half-Cauchy distributed beforehand with this scale (Gelman 2006)."""

FACTORS: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0, 30.0, 1e3, 3e4)
"""Sizes, beside that of a fit, that are tried: a penalty holds it back."""

NONE_SLIP: float = 0.5
"""Probability beforehand that no choice is a slip; the other shares share the rest alike."""

SWEEPS: int = 100
STEPS: int = 10
SETTLED: float = 0.01

FEW: float = 0.1
"""Weights that bring less than this share of what the largest brings are left out of one of two starts."""

APART: tuple[float, ...] = (0.05, 0.25)
"""Shares of slips between which maxima are looked for one by one: many slips of a sharp planner are like few of a soft
one, and there is often a maximum for each."""
TRIES: int = 7
NEAR: float = 0.1
"""A draw is taken when it is this near to its distance, as a share of it; it is put there by proportion."""

UNSETTLED: float = 1e-6
"""Information below this share of what is known beforehand is none."""

MARGIN: float = 1.3528
"""Nats by which the likelihood may fall on the ends of a 90 % interval: half the quantile of chi-square, 1 degree."""

PRICES: tuple[float, ...] = (0.0, *np.logspace(-4, 4, 25))
"""Of a squared standard deviation, in squared units of what is wanted."""


@dataclass(frozen=True)
class Rays:
    """The posterior about the best weights of one planner.

    **Arguments:**

    - `problem`: the choices; `planner`: who makes them; `slips`: shares of slips that are considered, the first one 0.
    - `free`: attributes that may have a weight; positions are of these, in units of their largest value.
    - `centre`: the best weights found, and `following`: the policy there.
    - `root`: of the covariance of the normal approximation.
    - `precision`: of weights beforehand.
    - `likelihood`: logarithm of that of the centre; `share`: of slips there; `pull`: derivative of the height.
    """

    problem: ChoiceProblem
    planner: str
    slips: Float[np.ndarray, " L"]
    free: Int[np.ndarray, " F"]
    centre: Float[np.ndarray, " F"]
    following: Float[np.ndarray, "N C A"]
    root: Float[np.ndarray, "F F"]
    precision: Float[np.ndarray, " F"]
    likelihood: float
    pull: Float[np.ndarray, " F"] | float = 0.0
    share: float = 0.0

    @property
    def height(self) -> float:
        """The logarithm of the posterior's density at the centre."""
        return self.likelihood - 0.5 * float(self.precision @ self.centre**2)

    @property
    def unsettled(self) -> Float[np.ndarray, "U F"]:
        """Directions of which the choices say nothing, each a standard deviation beforehand long."""
        inverse, wide = np.linalg.inv(self.root), np.sqrt(self.precision)
        values, vectors = np.linalg.eigh((inverse.T @ inverse) / np.outer(wide, wide))
        return vectors[:, values < 1 + UNSETTLED].T / wide

    def at(self, position: Float[np.ndarray, " F"], following: np.ndarray) -> tuple[float, float, Plan]:
        """Returns the log-likelihood of a position, the mean share of slips there, and the plan."""
        plan = _planned(self.problem, self.free, position, following, self.planner)
        by_share = _by_share(self.problem, plan, self.slips)
        highest = by_share.max()
        chances = np.exp(by_share - highest)
        return float(highest + np.log(chances.sum())), float(self.slips @ chances / chances.sum()), plan

    def draws(
        self, pairs: int, random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "n F"], Float[np.ndarray, " n"]]:
        """Returns draws, two by two in opposite directions, and the share of slips of each."""
        towards = random.normal(size=(pairs, len(self.free)))
        found = [self._along(one) for half in towards for one in (half, -half)]
        return np.array([position for position, _ in found]), np.array([share for _, share in found])

    def _along(self, towards: Float[np.ndarray, " F"]) -> tuple[np.ndarray, float]:
        """Goes so far that the posterior falls as a normal one would: by half the squared length of `towards`."""
        length, step = float(np.linalg.norm(towards)), self.root @ towards
        low, high, size, following = 0.0, np.inf, 1.0, self.following
        position, share = self.centre, float(self.slips[0])
        for _ in range(TRIES):
            position = self.centre + size * step
            likelihood, share, plan = self.at(position, following)
            following = plan.following
            fallen = np.sqrt(max(0.0, 2 * (self.height - likelihood + 0.5 * float(self.precision @ position**2))))
            if abs(fallen - length) <= NEAR * length:
                break
            low, high = (size, high) if fallen < length else (low, size)
            ahead = size * np.clip(length / max(fallen, 1e-300), 0.1, 10.0)
            inside = low < ahead < high
            size = float(ahead if inside else np.sqrt(max(low, 1e-3 * high) * high))
        return position, share

    def sure(self) -> Bool[np.ndarray, " F"]:
        """Returns which weights are left when others are left out one by one, the least sure first.

        A weight is left out as long as its 90 % interval, given those that are left, holds 0: by the approximation.
        """
        covariance, centre, kept = self.root @ self.root.T, self.centre.copy(), np.arange(len(self.free))
        while len(kept) > 1:
            fall = 0.5 * centre**2 / np.diag(covariance)
            place = int(np.round(fall, 9).argmin())
            if fall[place] > MARGIN:
                break
            along, rest = covariance[:, place] / covariance[place, place], np.arange(len(kept)) != place
            centre = (centre - along * centre[place])[rest]
            covariance = (covariance - np.outer(along, covariance[place]))[np.ix_(rest, rest)]
            kept = kept[rest]
        return np.isin(np.arange(len(self.free)), kept)

    def nearest_to(self, wanted: Float[np.ndarray, " F"], *, highest: float) -> Float[np.ndarray, " F"]:
        """Returns, of what the choices do not rule out, the position that is as near as may be to another reward.

        What the choices leave open goes there first: on the way the distance to the centre in standard deviations is
        paid for by the distance to what is wanted.

        **Arguments:**

        - `wanted`: whose size is of no account.
        - `highest`: the largest log-likelihood of all.
        """
        reach = np.sqrt(self.precision)
        target = wanted * np.abs(self.centre * reach).max() / max(np.abs(wanted * reach).max(), 1e-300)
        inverse = np.linalg.inv(self.root)
        known, found, following = inverse.T @ inverse, self.centre, self.following
        low, high = 0, len(PRICES)
        while low < high:
            middle = (low + high) // 2
            paid = PRICES[middle] * known
            position = np.linalg.solve(paid + np.diag(self.precision), paid @ self.centre + self.precision * target)
            likelihood, _, plan = self.at(position, following)
            if likelihood >= highest - MARGIN:
                found, following, high = position, plan.following, middle
            else:
                low = middle + 1
        return found


def rays(
    problem: ChoiceProblem, fits: list[ChoiceFit], slips: tuple[float, ...], free: Int[np.ndarray, " F"]
) -> list[Rays]:
    """Returns the posterior about the highest maximum of one planner without slips, with some and with many.

    **Arguments:**

    - `problem`: the choices.
    - `fits`: of one planner; at least one.
    - `slips`: shares of slips that are considered, the first one 0.
    - `free`: attributes that may have a weight.
    """
    reach, found = reaches(problem)[free], dict[int, Rays]()
    for fit in fits:
        start = (fit.parameter * problem.unit)[free]
        large = np.abs(start * reach)
        # What weighs little may weigh nothing: then ties are exact, and larger rewards explain as well.
        few = np.where(large >= FEW * large.max(initial=0.0), start, 0.0)
        for begun in (start, few):
            about = _highest(_begun(problem, fit.planner, begun, np.array(slips), free, reach))
            kind = int(np.searchsorted(APART, about.share))
            if kind not in found or about.height > found[kind].height + SETTLED:
                found[kind] = about
    return list(found.values())


def sparse_rays(about: list[Rays], fits: list[ChoiceFit]) -> list[Rays]:
    """Returns posteriors of few weights, all others being 0: of what is sure in a maximum, and of sparse fits.

    **Arguments:**

    - `about`: maxima of all weights.
    - `fits`: with few attributes, one a planner.
    """
    problem, free, slips = about[0].problem, about[0].free, about[0].slips
    reach, tried = reaches(problem)[free], [(one.planner, one.centre, one.sure()) for one in about]
    for fit in fits:
        start = (fit.parameter * problem.unit)[free]
        large = np.abs(start * reach)
        tried.append((fit.planner, start, large >= FEW * large.max(initial=1e-300)))
    return [
        _highest(_begun(problem, planner, start[some], slips, free[some], reach[some]))
        for planner, start, some in tried
        if some.any() and not some.all()
    ]


def _begun(problem: ChoiceProblem, planner: str, start, slips, free, reach) -> Rays:
    """The posterior about some weights at the size that explains most."""
    begun = _planned(problem, free, start, problem.uniform(), planner)
    best, factor = -np.inf, 1.0
    for one in FACTORS:
        by_share = _by_share(problem, _scaled(problem, free, start, begun, one, planner), slips)
        size = float(np.abs(start * reach).max()) * one
        # The prior of weights takes the size of the largest; that of a size falls beyond what is usual.
        lost = 0.5 * float(((start * reach * one / max(size, SPAN)) ** 2).sum()) + np.log1p(size / USUAL)
        height = round(float(np.logaddexp.reduce(by_share)) - lost, 6)
        if height > best:
            best, factor = height, one
    centre = start * factor
    precision = (reach / max(SPAN, float(np.abs(centre * reach).max()))) ** 2
    return _about(Rays(problem, planner, slips, free, centre, begun.following, np.eye(len(free)), precision, 0.0))


def _about(found: Rays) -> Rays:
    """The same with the normal approximation about its centre."""
    likelihood, _, plan = found.at(found.centre, found.following)
    share = float(found.slips[int(_by_share(found.problem, plan, found.slips).argmax())])
    slope = found.problem.derivatives(plan, share)[..., found.free]
    policy, here = np.exp(found.problem.logarithms(plan, share)), found.problem.chosen.sum(-1)
    known = fisher_information(slope, here, policy) + np.diag(found.precision)
    root = np.linalg.inv(np.linalg.cholesky(known)).T
    pull = np.einsum("ra,rad->d", found.problem.chosen, slope) - found.precision * found.centre
    return replace(found, following=plan.following, root=root, likelihood=likelihood, pull=pull, share=share)


def _highest(found: Rays) -> Rays:
    """The maximum that Newton steps lead to."""
    for _ in range(STEPS):
        step = found.root @ (found.root.T @ found.pull)
        for shorter in (1.0, 0.3, 0.1):
            moved = replace(found, centre=found.centre + shorter * step)
            likelihood, _, plan = found.at(moved.centre, found.following)
            moved = replace(moved, likelihood=likelihood, following=plan.following)
            if moved.height > found.height:
                break
        else:
            return found
        gain, found = moved.height - found.height, _about(moved)
        if gain < SETTLED:
            return found
    return found


def reaches(problem: ChoiceProblem) -> Float[np.ndarray, " D"]:
    """Returns how much of each attribute, discounted, can be had from anywhere: what a unit of its weight can bring."""
    size, level = np.abs(problem.features), np.arange(len(problem.features))[:, None, None]
    most = np.zeros((*size.shape[:2], size.shape[-1]))
    for _ in range(SWEEPS):
        after = sum(
            problem.onward[..., place, None] * most[level, problem.successors[..., place]]
            for place in range(problem.onward.shape[-1])
        )
        most = np.where(problem.acting[..., None], (size + after).max(2), 0.0)
    return np.maximum(most.max((0, 1)), 1.0)


def _planned(problem: ChoiceProblem, free, position, following, planner: str) -> Plan:
    parameter = np.zeros(len(problem.unit))
    parameter[free] = position
    return problem.plan(parameter, following, planner=planner, near=1e-3)


def _scaled(problem, free, start, begun: Plan, factor: float, planner: str) -> Plan:
    if planner == SOFT:
        return _planned(problem, free, start * factor, begun.following, planner)
    # Optimal actions do not hang on the size.
    return Plan(begun.following, begun.action_value * factor)


def _by_share(problem: ChoiceProblem, plan: Plan, slips: Float[np.ndarray, " L"]) -> Float[np.ndarray, " L"]:
    """The log-likelihood of the choices with each share of slips, its prior included."""
    meant = np.exp(problem.logarithms(plan))[problem.seen]
    spread = (1 - slips[:, None]) * meant + slips[:, None] / problem.chosen.shape[-1]
    some = max(1, len(slips) - 1)
    prior = np.log(np.append(NONE_SLIP if len(slips) > 1 else 1.0, np.full(len(slips) - 1, (1 - NONE_SLIP) / some)))
    return np.log(np.maximum(spread, 1e-300)) @ problem.chosen[problem.seen] + prior
