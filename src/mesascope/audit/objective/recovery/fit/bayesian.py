"""Bayesian inverse reinforcement learning: the posterior of weights, planner and slips.

How an agent plans is not known any better than what it wants (Armstrong & Mindermann 2018): whether it counts on its
own hesitation, and which share of its choices are slips. A planner that always takes an optimal action is one of large
weights. Few slips of a soft planner and many of a sharp one often explain the same choices, each with other weights and
with a maximum of its own; every maximum that the choices do not rule out has the same share of the draws, because
which is more probable would hang on nothing but how weights are distributed beforehand. Whether few attributes weigh
anything, or all, is not known either: where few explain the choices, half of the draws are of these alone, and so is
the point. About each maximum draws are as `rays` says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit, fit_choices
from mesascope.audit.objective.recovery.fit.choice_problem import OPTIMAL, SOFT, choice_problem
from mesascope.audit.objective.recovery.fit.posterior import Posterior
from mesascope.audit.objective.recovery.fit.rays import MARGIN, SPAN, Rays, rays, sparse_rays
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.worlds.level import Level

SLIPS: tuple[float, ...] = (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.22, 0.3, 0.4, 0.5, 0.65, 0.8)
"""Shares of choices that may be slips."""

BEGIN: tuple[float, ...] = (0.0, 0.15, 0.5)
"""Slips with which weights are fitted to begin with."""

FEWER: float = 0.01
"""Price of a unit of weight, nats a decision, of the fits with few attributes where steps begin."""

SIMULATED: int = 20
"""Simulations that choices must vary more than, all of them, before they are said to vary too much: one in 21 does so
by chance."""

DOUBT: float = 1.5
"""By which evidence is divided whatever the choices: with many attributes and few choices likelihoods are skew, and
draws about a maximum too near to it. Of 15 demonstrators of our own (lakes, cliff, corner, doors, keys; 15 to 22
attributes) intervals held .86 of the planted weights at 1 and .90 at 1.5; at which the value was taken. What other
worlds would ask for is not known."""

PAIRS: int = 80
"""Pairs of draws: quantiles at 5 % and 95 % of twice as many are within .03 of theirs."""

SIZES: tuple[float, ...] = tuple(np.logspace(-1, 6.5, 31))
"""Sizes of a reward, in temperatures, at which it is tried whether it explains choices: optimal values differ by a
ten-thousandth of the reward where outcomes are random, and optimal agents act on it."""

TIE: float = 1e-7
"""Values of actions that differ by less than this, relative to the largest, are the same."""

HOT: float = 3000.0
"""Largest size that is tried with a soft planner: beyond, it plans as an optimal one does."""


@dataclass(frozen=True)
class Sampled:
    """A posterior of counted choices.

    **Arguments:**

    - `posterior`: over weights, in units of the temperature; maxima that are not ruled out alike. Its mean is the best
      of few weights, where few explain the choices, else of all.
    - `planners`: share of each planner in these maxima.
    - `slips`: mean share of slips.
    - `fit`: of the planner that explains choices best.
    - `highest`: log-likelihood of the best weights found.
    - `freedom`: weights that are free.
    - `considered`: shares of slips.
    - `about`: the maxima that are not ruled out, each with what is known about it.
    - `excess`: by which evidence is divided: `DOUBT` times how much more choices vary than any of these explains.
    """

    posterior: Posterior
    planners: dict[str, float]
    slips: float
    fit: ChoiceFit
    highest: float
    freedom: int
    considered: tuple[float, ...]
    about: tuple[Rays, ...]
    excess: float = 1.0

    def plausible(
        self, levels: Level, counts: Float[np.ndarray, "N S A"], space: AttributeRewards, parameter: np.ndarray
    ) -> bool:
        """Returns whether a reward, at its best size, planner and share of slips, explains choices as well as any may.

        The test of the likelihood ratio (Wilks 1938), at the level of a 90 % interval: twice the difference to the best
        weights is chi-square distributed if the reward is the agent's, with no more degrees of freedom than weights.

        **Arguments:**

        - `levels`, `counts`: that were explained.
        - `space`, `parameter`: the reward, with its own end of episodes.
        """
        try:
            problem = choice_problem(levels, counts / self.excess, space)
        except UsageError:
            return False
        direction = parameter * problem.unit
        if not direction.any():
            return False
        direction = direction / np.abs(direction).max()
        best, following = -np.inf, problem.uniform()
        slips = np.array(self.considered)[:, None, None]
        for planner in self.planners:
            plan = problem.plan(direction, following, planner=planner)
            for size in SIZES:
                if planner == SOFT and size > HOT:
                    break
                if planner == SOFT:
                    plan = problem.plan(direction * size, plan.following, planner=planner, near=0.01)
                value = plan.action_value[problem.rows] * (1.0 if planner == SOFT else size)
                meant = np.exp(value - value.max(-1, keepdims=True))
                meant = meant / meant.sum(-1, keepdims=True)
                # In which way actions of the same worth are chosen among is no part of what is pursued.
                near = TIE * max(1.0, float(np.abs(value).max()))
                alike = np.abs(value[:, :, None] - value[:, None, :]) <= near
                own, together = problem.chosen, np.einsum("rab,rb->ra", alike, problem.chosen)
                meant = np.einsum("rab,rb->ra", alike, meant)
                meant = meant * np.divide(own, together, out=np.zeros_like(own), where=together > 0)
                chances = np.maximum((1 - slips) * meant + slips / meant.shape[-1], 1e-300)
                best = max(best, float((problem.chosen * np.log(chances)).sum((1, 2)).max()))
        return bool(2 * (self.highest - best) <= special.chdtri(self.freedom, 0.1))

    def ends(self, target: Float[np.ndarray, " D"]) -> Float[np.ndarray, "n D"]:
        """Returns, of the weights that choices do not rule out, the nearest to another reward and to its opposite.

        **Arguments:**

        - `target`: weights of the same attributes.
        """
        found = []
        for one in self.about:
            if one.likelihood < self.highest - MARGIN:
                continue
            unit = one.problem.unit
            for wanted in (target * unit, -target * unit):
                full = np.zeros(len(unit))
                full[one.free] = one.nearest_to(wanted[one.free], highest=self.highest)
                found.append(full / unit)
        return np.array(found)


def sample_objective(
    levels: Level,
    counts: Float[np.ndarray, "N S A"],
    space: AttributeRewards,
    *,
    seed: int,
    planners: tuple[str, ...] = (SOFT, OPTIMAL),
    slips: tuple[float, ...] = SLIPS,
    only: Bool[np.ndarray, " D"] | None = None,
    doubt: float = DOUBT,
) -> Sampled:
    """Returns the posterior of a reward, given choices.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `counts`: how often each action was taken in each state, `[N, S, A]`.
    - `space`: the attributes that are weighed; a few dozen at most.
    - `seed`: of the draws.
    - `planners`: that are considered; see `choice_problem`.
    - `slips`: shares of slips that are, the first one 0.
    - `only`: attributes that may have a weight, `[D]`; others have none.
    - `doubt`: by which evidence is divided, at least; 1 if choices are known to be as one of the planners makes them.

    **Raises:** `UsageError` if nothing was chosen or nothing varies.
    """
    random = np.random.default_rng(seed)
    counted = choice_problem(levels, counts, space)
    problem = replace(counted, chosen=counted.chosen / doubt)
    free = np.flatnonzero(problem.varies if only is None else problem.varies & only)
    fits = {planner: _fitted(levels, counts, space, planner, slips, only) for planner in planners}
    about = [one for own in fits.values() for one in rays(problem, own, slips, free)]
    best = max(about, key=lambda one: round(one.likelihood, 6))
    excess = overdispersion(replace(best, problem=counted), random)
    if excess > 1:
        problem = replace(problem, chosen=problem.chosen / excess)
        about = [one for own in fits.values() for one in rays(problem, own, slips, free)]
    highest = max(one.likelihood for one in about)
    # Which of several maxima is the agent's the choices do not say, as long as they rule none out.
    about = [one for one in about if 2 * (highest - one.likelihood) <= special.chdtri(len(free), 0.1)]
    begun = max(about, key=lambda one: round(one.height, 6))
    few = sparse_rays(about, [own[1] for own in fits.values()])
    few = [one for one in few if 2 * (highest - one.likelihood) <= special.chdtri(len(free), 0.1)]
    width, own = len(space.names), np.ones(len(problem.unit), bool) if only is None else only
    # What never varies is as open as beforehand, at the size of what does; so is what no choice hangs on.
    full = random.normal(size=(2 * PAIRS, width)) * own * np.median(1 / np.sqrt(begun.precision))
    full[:, free], mean_slips, unsettled, done = 0.0, np.zeros(2 * PAIRS), begun.unsettled, 0
    halves = [part for part in (about, few) if part]
    for half, share in zip(halves, np.array_split(np.arange(PAIRS), len(halves)), strict=True):
        for one, part in zip(half, np.array_split(share, len(half)), strict=True):
            rows = np.arange(done, done + 2 * len(part))
            full[np.ix_(rows, one.free)], mean_slips[rows] = one.draws(len(part), random)
            if half is few:
                full[np.ix_(rows, free)] += random.normal(size=(len(rows), len(unsettled))) @ unsettled
            done += len(rows)
    point = max(halves[-1], key=lambda one: round(one.height, 6))
    mean = np.zeros(width)
    mean[point.free] = point.centre

    def draw(generator: np.random.Generator, n: int) -> np.ndarray:
        return full[generator.choice(len(full), size=n, replace=n > len(full))] / problem.unit

    return Sampled(
        Posterior(mean / problem.unit, draw, float("nan"), 0, False),
        {planner: float(np.mean([one.planner == planner for one in about])) for planner in planners},
        float(mean_slips.mean()),
        fits[begun.planner][0],
        highest,
        len(free),
        slips,
        tuple(about),
        excess * doubt,
    )


def overdispersion(best: Rays, random: np.random.Generator) -> float:
    """Returns how much more choices vary about the best weights than choices that follow these do; 1 if no more.

    By the deviance from a policy of any kind, as of generalised linear models (McCullagh & Nelder 1989, §4.5): slips
    that come by the episode, or an agent that plans otherwise here and there, leave fewer independent choices than were
    counted. What the deviance would be is simulated, as many states are seen too seldom for its usual law.

    **Arguments:**

    - `best`: the weights.
    - `random`: consumed.
    """
    chosen = np.round(best.problem.chosen)
    plan = best.at(best.centre, best.following)[2]
    policy = np.exp(best.problem.logarithms(plan, best.share))
    drawn = [
        _deviance(random.multinomial(chosen.sum(-1).astype(int), policy).astype(float), policy)
        for _ in range(SIMULATED)
    ]
    own = _deviance(chosen, policy)
    return max(1.0, own / max(float(np.mean(drawn)), 1.0)) if own > max(drawn) else 1.0


def _deviance(chosen: Float[np.ndarray, "R A"], policy: Float[np.ndarray, "R A"]) -> float:
    shares = chosen / np.maximum(chosen.sum(-1, keepdims=True), 1)
    return float(2 * special.xlogy(chosen, np.maximum(shares, 1e-300) / np.maximum(policy, 1e-300)).sum())


def _fitted(levels, counts, space, planner: str, slips, only) -> list[ChoiceFit]:
    """The best of fits with different shares of slips, and one with few attributes."""
    tried = list[ChoiceFit]()
    for share in [one for one in BEGIN if one == 0 or len(slips) > 1]:
        tried.append(
            fit_choices(
                levels,
                counts,
                space,
                planner=planner,
                slips=share,
                sparsity=0.0,
                ridge=SPAN**-2 / counts.sum(),
                only=only,
                start=tried[0].parameter if tried else None,
            )
        )
    best = max(tried, key=lambda one: round(one.log_likelihood, 9))
    few = fit_choices(
        levels,
        counts,
        space,
        planner=planner,
        slips=best.slips,
        sparsity=FEWER,
        ridge=best.ridge,
        only=only,
        start=best.parameter,
    )
    return [best, few, *(one for one in tried if one is not best)]
