"""Weights of attributes from choices: penalised maximum likelihood of a soft-optimal planner, for any policy table.

The exact inversion takes every probability at its word. Trained networks are no soft-optimal planners: they are sharper
near a goal than far from it, and what they do where they hardly ever are is noise. Here each choice counts by how often
it is made, and what no reward explains is left unexplained instead of being explained away.

One linear solve for all attributes together gives gradient and Fisher information (see `choice_problem`), and a few
Newton steps suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import xlogy

from mesascope.audit.objective.recovery.fit.choice_problem import SOFT, choice_problem
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.worlds.level import Level

SPARSITY: float = 3e-3
"""Price of a unit of weight in nats a decision: of two explanations that do as well, the one with fewer attributes."""

RIDGE: float = 1e-4
"""Half of this times the squared weights is paid too: what nothing identifies stays at 0."""

STEPS: int = 60
SETTLED: float = 1e-7
"""Newton steps end when a step promises less than this gain, in nats a decision."""

LARGEST: float = 1e3
"""Weights are kept within this, in units of the attribute's largest value: a deterministic agent has no finite best."""


@dataclass(frozen=True)
class ChoiceFit:
    """The weights that explain choices best, and how well they do.

    **Arguments:**

    - `parameter`: weight of each attribute in units of the temperature, `[D]`; 0 where `varies` is false.
    - `varies`: attributes that differ between what can be done somewhere in the levels, or that happen until an
      episode ends, `[D]`.
    - `log_likelihood`: of the choices, nats a decision; the agent's own policy would reach `ceiling`, a uniform one
      `floor`.
    - `scores`: derivative of each level's log-likelihood at the parameter, `[N, D]`.
    - `by_level`: Fisher information of each level's choices, `[N, D, D]`, ridge not included.
    - `decisions`: how many choices there are, in weight.
    - `unit`: largest absolute value of each attribute, `[D]`, in whose units `ridge` was fitted, per decision.
    - `converged`: whether Newton's method did.
    - `planner`, `slips`: as of `fit_choices`.
    """

    parameter: Float[np.ndarray, " D"]
    varies: Bool[np.ndarray, " D"]
    log_likelihood: float
    ceiling: float
    floor: float
    scores: Float[np.ndarray, "N D"]
    by_level: Float[np.ndarray, "N D D"]
    decisions: float
    unit: Float[np.ndarray, " D"]
    ridge: float
    converged: bool
    planner: str = SOFT
    slips: float = 0.0

    @property
    def explained(self) -> float:
        """The share of the choices' structure (divergence from uniform) that the weights explain, up to 1."""
        structure = self.ceiling - self.floor
        return (self.log_likelihood - self.floor) / structure if structure > 1e-9 else float("nan")

    @cached_property
    def information(self) -> Float[np.ndarray, "D D"]:
        """Fisher information of all choices, ridge not included."""
        return self.by_level.sum(0)

    @cached_property
    def laplace(self) -> Float[np.ndarray, "D D"]:
        """The covariance of the parameter if choices are samples of a soft-optimal planner (Laplace's method)."""
        return np.linalg.inv(self.information + self._held)

    @property
    def _held(self) -> Float[np.ndarray, "D D"]:
        return self.decisions * self.ridge * np.diag(self.unit**2)

    @cached_property
    def covariance(self) -> Float[np.ndarray, "D D"]:
        """The covariance of the parameter over draws of levels, robust to a planner that is only nearly soft-optimal.

        The jackknife over levels, one Newton step each from the parameter of all (Efron 1982; with few levels it is
        less optimistic than the sandwich of Huber 1967); with one level the inverse information.
        """
        count = len(self.scores)
        if count == 1:
            # One level has no spread: as uncertain as if every choice had been seen once.
            return self.laplace
        # What the penalties hold back is shared by all levels alike.
        pulls = self.scores - self.scores.mean(0)
        moved = np.linalg.solve(self.information - self.by_level + self._held, pulls[..., None])[..., 0]
        centred = moved - moved.mean(0)
        return centred.T @ centred * (count - 1) / count


def fit_choices(
    levels: Level,
    weights: Float[np.ndarray, "N S A"],
    space: AttributeRewards,
    *,
    planner: str = SOFT,
    slips: float = 0.0,
    discount: float | None = None,
    sparsity: float = SPARSITY,
    ridge: float = RIDGE,
    only: Bool[np.ndarray, " D"] | None = None,
    start: Float[np.ndarray, " D"] | None = None,
) -> ChoiceFit:
    """Returns the weights of attributes under which a planner makes the given choices most probably.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `weights`: how much each choice counts: of a policy table, its probability times the weight of the state.
    - `space`: names the D attributes, and those whose occurrence ends an episode for the planner.
    - `planner`: `SOFT`, or `OPTIMAL`: noisy about optimal values; see `choice_problem`.
    - `slips`: share of choices that are made evenly at random, in [0, 1).
    - `discount`: that the planner is taken to use; by default the levels'.
    - `sparsity`, `ridge`: penalties on the absolute and on half the squared weights, nats a decision, 0 or more.
      Attributes are measured in units of their largest absolute value.
    - `only`: attributes that may have a weight; by default all that vary.
    - `start`: weights to begin from; by default 0.

    **Returns:** the fit. Attributes that never vary have weight 0 and are marked.

    **Raises:** `UsageError` if the weights are negative, not finite or all zero, or nothing varies.
    """
    problem = choice_problem(levels, weights, space, discount=discount)
    unit, varies, chosen = problem.unit, problem.varies, problem.chosen
    total = float(chosen.sum())
    free = varies if only is None else varies & only
    parameter = np.zeros(len(unit)) if start is None else np.where(free, start * unit, 0.0)
    here = chosen.sum(-1)

    def penalised(parameter, following):
        plan = problem.plan(parameter, following, planner=planner)
        likelihood = (chosen * problem.logarithms(plan, slips)).sum() / total
        return likelihood - sparsity * np.abs(parameter).sum() - 0.5 * ridge * (parameter**2).sum(), plan, likelihood

    value, plan, likelihood = penalised(parameter, problem.uniform())
    damping, converged, step = 1e-6, not bool(free.any()), 0
    while not converged and step < STEPS:
        step += 1
        slope = problem.derivatives(plan, slips)
        gradient = np.einsum("ra,rad->d", chosen, slope) / total
        information = fisher_information(slope, here, np.exp(problem.logarithms(plan, slips))) / total
        for _ in range(30):
            target = _proximal(parameter, gradient, information, sparsity, ridge, damping, free)
            better, moved, reached = penalised(target, plan.following)
            if better >= value - 1e-13:
                break
            damping = max(4 * damping, 1e-4)
        else:
            break
        converged = bool(better - value < SETTLED)
        parameter, plan, value, likelihood = target, moved, better, reached
        damping *= 0.25
    slope, policy = problem.derivatives(plan, slips), np.exp(problem.logarithms(plan, slips))
    level = problem.rows[0]
    scores = np.zeros((levels.count, len(unit)))
    np.add.at(scores, level, np.einsum("ra,rad->rd", chosen, slope))
    in_level = [level == index for index in range(levels.count)]
    return ChoiceFit(
        parameter=parameter / unit,
        varies=varies,
        log_likelihood=float(likelihood),
        ceiling=float(xlogy(chosen, chosen / here[:, None]).sum()) / total,
        floor=float(-np.log(weights.shape[-1])),
        scores=scores * unit,
        by_level=np.stack([fisher_information(slope[own], here[own], policy[own]) for own in in_level])
        * np.outer(unit, unit),
        decisions=total,
        unit=unit,
        ridge=ridge,
        converged=converged,
        planner=planner,
        slips=slips,
    )


def fisher_information(
    slope: Float[np.ndarray, "R A D"], here: Float[np.ndarray, " R"], policy: Float[np.ndarray, "R A"]
) -> Float[np.ndarray, "D D"]:
    """Returns the Fisher information of choices: the covariance of the derivatives that they have beforehand.

    **Arguments:**

    - `slope`: of the log-probability of each action in R states.
    - `here`: how many choices were made in each.
    - `policy`: the probabilities.
    """
    weighted = slope * np.sqrt(here[:, None] * policy)[..., None]
    flat = weighted.reshape(-1, slope.shape[-1])
    return flat.T @ flat


def _proximal(parameter, gradient, information, sparsity, ridge, damping, free):
    """Returns the maximum of the quadratic model with both penalties, by coordinate descent."""
    if not sparsity:
        place = np.flatnonzero(free)
        square = information[np.ix_(place, place)]
        square = square + np.diag(ridge + damping * np.maximum(np.diag(square), 1e-8))
        target = np.zeros_like(parameter)
        pull = gradient[place] - ridge * parameter[place]
        target[place] = np.clip(parameter[place] + np.linalg.solve(square, pull), -LARGEST, LARGEST)
        return target
    curvature = information + damping * np.diag(np.maximum(np.diag(information), 1e-8))
    places = np.flatnonzero(free).tolist()
    # Numbers of Python: most of the time would go into wrapping single numbers.
    own, target, slope = np.diag(curvature).tolist(), parameter.tolist(), gradient.copy()
    for _ in range(500):
        largest = 0.0
        for index in places:
            pull = slope.item(index) + own[index] * target[index]
            size = min(max(abs(pull) - sparsity, 0.0) / max(own[index] + ridge, 1e-12), LARGEST)
            new = size if pull > 0 else -size
            change = new - target[index]
            if change:
                slope -= curvature[index] * change
                target[index] = new
                largest = max(largest, abs(change))
        if largest < 1e-9:
            break
    return np.array(target)
