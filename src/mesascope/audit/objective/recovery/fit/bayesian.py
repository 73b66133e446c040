"""Bayesian inverse reinforcement learning: the posterior of weights, planner and slips, by sampling.

How an agent plans is not known any better than what it wants (Armstrong & Mindermann 2018), so both are drawn: whether
it counts on its own hesitation, which share of its choices are slips, and the weights; a planner that always takes an
optimal action is one of large weights. Weights have a scale in common that is not known to orders of magnitude, and
most attributes are expected to matter little: each is Cauchy distributed about 0, a few at that scale, most far below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import special

from mesascope.audit.objective.recovery.fit.chain import LITTLE, MATTER, REFERENCE, Chain, drawn_scales
from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit, fit_choices
from mesascope.audit.objective.recovery.fit.choice_problem import OPTIMAL, SOFT, choice_problem
from mesascope.audit.objective.recovery.fit.posterior import Posterior
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.worlds.level import Level

SLIPS: tuple[float, ...] = (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.22, 0.3, 0.4, 0.5, 0.65, 0.8)
"""Shares of choices that may be slips."""

BEGIN: tuple[float, ...] = (0.0, 0.15, 0.5)
"""Slips with which weights are fitted to begin with."""

FEWER: float = 0.01
"""Price of a unit of weight, nats a decision, of the fits with few attributes where steps begin."""

STEPS: int = 2000
"""Steps that are kept; half as many go before, in which the approximations follow what is sampled."""

SIZES: tuple[float, ...] = tuple(np.logspace(-1, 6.5, 31))
"""Sizes of a reward, in temperatures, at which it is tried whether it explains choices: optimal values differ by a
ten-thousandth of the reward where outcomes are random, and optimal agents act on it."""

TIE: float = 1e-7
"""Values of actions that differ by less than this, relative to the largest, are the same."""

HOT: float = 3000.0
"""Largest size that is tried with a soft planner: beyond, it plans as an optimal one does."""

MANY: int = 2000
"""States and actions of all levels from which on fewer steps are taken, down to a quarter: each costs more, and so much
behaviour is nearly normal."""

ROUNDS: int = 3
THINNED: int = 600
"""Draws that are kept of all steps."""


@dataclass(frozen=True)
class Sampled:
    """A posterior by sampling.

    **Arguments:**

    - `posterior`: over weights, in units of the temperature; planners in proportion to their probability.
    - `planners`: probability of each planner.
    - `slips`: mean share of slips.
    - `accepted`: share of steps that were taken.
    - `fit`: of the planner and share of slips where steps began, the best of all.
    - `highest`: log-likelihood of the best weights found.
    - `freedom`: weights that are free.
    - `considered`: shares of slips.
    """

    posterior: Posterior
    planners: dict[str, float]
    slips: float
    accepted: float
    fit: ChoiceFit
    highest: float
    freedom: int
    considered: tuple[float, ...]

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
            problem = choice_problem(levels, counts, space)
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


def sample_objective(
    levels: Level,
    counts: Float[np.ndarray, "N S A"],
    space: AttributeRewards,
    *,
    seed: int,
    planners: tuple[str, ...] = (SOFT, OPTIMAL),
    slips: tuple[float, ...] = SLIPS,
    only: Bool[np.ndarray, " D"] | None = None,
    steps: int = STEPS,
) -> Sampled:
    """Returns the posterior of a reward, given choices.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `counts`: how often each action was taken in each state, `[N, S, A]`.
    - `space`: the attributes that are weighed; a few dozen at most are sampled well.
    - `seed`: of the sampler.
    - `planners`: that are considered; see `choice_problem`.
    - `slips`: shares of slips that are, the first one 0.
    - `only`: attributes that may have a weight, `[D]`; others have none.
    - `steps`: of the sampler; fewer are taken where levels are many or large.

    **Raises:** `UsageError` if nothing was chosen or nothing varies.
    """
    random = np.random.default_rng(seed)
    problem = choice_problem(levels, counts, space)
    fits = {planner: _fitted(levels, counts, space, planner, slips, only) for planner in planners}
    sparse = {
        planner: fit_choices(
            levels,
            counts,
            space,
            planner=planner,
            slips=fit.slips,
            sparsity=FEWER,
            ridge=fit.ridge,
            only=only,
            start=fit.parameter,
        )
        for planner, fit in fits.items()
    }
    chain = Chain(problem, fits, sparse, slips, only, random)
    steps = max(steps // 4, round(steps * min(1.0, MANY / problem.acting.sum() / problem.successors.shape[2])))
    for _ in range(ROUNDS):
        chain.adapt(chain.run(steps // (2 * ROUNDS)))
    chain.tried = chain.taken = 0
    visited = chain.run(steps)
    visited = visited[:: max(1, len(visited) // THINNED)]
    flat = np.stack([position for position, _, _ in visited])
    width, own = len(space.names), np.ones(len(problem.unit), bool) if only is None else only
    # What never varies is as open as beforehand, at the scale of what does.
    little = np.where(random.random((len(flat), width)) < MATTER, 1.0, LITTLE)
    full = drawn_scales(flat, random)[:, None] * little * random.standard_cauchy((len(flat), width)) * own
    full[:, chain.free] = flat
    full = full / problem.unit
    size = np.linalg.norm(flat, axis=1)
    mean = np.zeros(width)
    # Scales differ by orders of magnitude, so directions are averaged, and put to the middle scale.
    mean[chain.free] = (full / np.maximum(size, 1e-300)[:, None]).mean(0)[chain.free] * np.median(size)

    def draw(generator: np.random.Generator, n: int) -> np.ndarray:
        return full[generator.choice(len(full), size=n, replace=n > len(full))]

    return Sampled(
        Posterior(mean, draw, float("nan"), 0, False),
        {planner: float(np.mean([one == planner for _, one, _ in visited])) for planner in planners},
        float(np.mean([share for _, _, share in visited])),
        chain.taken / chain.tried,
        fits[chain.begun],
        max(one.log_likelihood * one.decisions for one in fits.values()),
        len(chain.free),
        slips,
    )


def _fitted(levels, counts, space, planner: str, slips, only) -> ChoiceFit:
    """The best of fits with different shares of slips."""
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
                ridge=REFERENCE**-2 / counts.sum(),
                only=only,
                start=tried[0].parameter if tried else None,
            )
        )
    return max(tried, key=lambda one: round(one.log_likelihood, 9))
