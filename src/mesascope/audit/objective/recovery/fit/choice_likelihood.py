"""Weights of attributes from choices: penalised maximum likelihood of a soft-optimal planner, for any policy table.

The exact inversion takes every probability at its word. Trained networks are no soft-optimal planners: they are sharper
near a goal than far from it, and what they do where they hardly ever are is noise. Here each choice counts by how often
it is made, and what no reward explains is left unexplained instead of being explained away.

With `G(s, a) = features(s, a) + discount E g(s') - g(s)`, where `g` are the expected discounted features of the
soft-optimal policy, `G` is the derivative of that policy's log-probabilities. So one linear solve for all attributes
together gives gradient and Fisher information, and a few Newton steps suffice (Ziebart 2010, §6.2; Ng & Russell 2000
for the features).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import entr, log_softmax, xlogy

from mesascope.core.errors import UsageError
from mesascope.core.linear_solve import solve
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.planning.evaluation import without_layout
from mesascope.planning.soft_value_iteration import boltzmann
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import expected_attributes, onward

SPARSITY: float = 3e-3
"""Price of a unit of weight in nats a decision: of two explanations that do as well, the one with fewer attributes."""

RIDGE: float = 1e-4
"""Half of this times the squared weights is paid too: what nothing identifies stays at 0."""

STEPS: int = 60
SETTLED: float = 1e-7
"""Newton steps end when a step promises less than this gain, in nats a decision."""

EXACT: float = 1e-11
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


@dataclass(frozen=True)
class _Problem:
    """Choices in levels, ready to be explained."""

    level: Level
    features: Float[np.ndarray, "N S A D"]
    onward: Float[np.ndarray, "N S A K"]
    active: Bool[np.ndarray, "N S"]
    weights: Float[np.ndarray, "N S A"]
    rows: tuple[np.ndarray, np.ndarray]
    """Level and state of every state in which choices were made."""

    def plan(self, parameter, policy):
        """Returns the soft-optimal policy by soft policy iteration from another policy, and its log-probabilities."""
        reward = self.features @ parameter
        values, action_value = None, reward
        for _ in range(200):
            expected = np.where(self.active, (policy * reward + entr(policy)).sum(-1), 0.0)
            found = solve(np.asarray(self.level.successors), self._taken(policy), expected[..., None])[..., 0]
            action_value = reward + (self.onward * _following(found, self.level.successors)).sum(-1)
            policy = boltzmann(action_value, 1.0)
            if values is not None and np.abs(found - values).max() <= EXACT * max(1.0, np.abs(found).max()):
                break
            values = found
        return policy, log_softmax(action_value, axis=-1)

    def _taken(self, policy):
        return np.where(self.active[..., None], policy, 0.0)[..., None] * self.onward

    def derivatives(self, policy) -> Float[np.ndarray, "R A D"]:
        """Returns the derivative of the log-probability of each action in each state where choices were made."""
        expected = np.where(self.active[..., None], (policy[..., None] * self.features).sum(2), 0.0)
        counts = solve(np.asarray(self.level.successors), self._taken(policy), expected)
        level, state = self.rows
        successors = self.level.successors[level, state]
        after = (self.onward[level, state][..., None] * counts[level[:, None, None], successors]).sum(2)
        return self.features[level, state] + after - counts[level, state][:, None]


def fit_choices(
    levels: Level,
    weights: Float[np.ndarray, "N S A"],
    space: AttributeRewards,
    *,
    discount: float | None = None,
    sparsity: float = SPARSITY,
    ridge: float = RIDGE,
    only: Bool[np.ndarray, " D"] | None = None,
) -> ChoiceFit:
    """Returns the weights of attributes under which a soft-optimal planner makes the given choices most probably.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `weights`: how much each choice counts: of a policy table, its probability times the weight of the state.
    - `space`: names the D attributes, and those whose occurrence ends an episode for the planner.
    - `discount`: that the planner is taken to use; by default the levels'.
    - `sparsity`, `ridge`: penalties on the absolute and on half the squared weights, nats a decision, 0 or more.
      Attributes are measured in units of their largest absolute value.
    - `only`: attributes that may have a weight; by default all that vary.

    **Returns:** the fit. Attributes that never vary have weight 0 and are marked.

    **Raises:** `UsageError` if the weights are negative, not finite or all zero, or nothing varies.
    """
    problem, unit, varies = _problem(levels, weights, space, discount)
    total = float(weights.sum())
    free = varies if only is None else varies & only
    parameter = np.zeros(len(unit))
    level, state = problem.rows
    chosen = problem.weights[level, state]
    here = chosen.sum(-1)
    policy = np.full(problem.weights.shape, 1 / problem.weights.shape[-1])

    def penalised(parameter, policy):
        policy, logarithm = problem.plan(parameter, policy)
        likelihood = (chosen * logarithm[level, state]).sum() / total
        return likelihood - sparsity * np.abs(parameter).sum() - 0.5 * ridge * (parameter**2).sum(), policy, likelihood

    value, policy, likelihood = penalised(parameter, policy)
    damping, converged, step = 1e-6, not bool(free.any()), 0
    while not converged and step < STEPS:
        step += 1
        slope = problem.derivatives(policy)
        gradient = np.einsum("ra,rad->d", chosen, slope) / total
        information = _information(slope, here, policy[level, state]) / total
        for _ in range(30):
            target = _proximal(parameter, gradient, information, sparsity, ridge, damping, free)
            better, moved, reached = penalised(target, policy)
            if better >= value - 1e-13:
                break
            damping = max(4 * damping, 1e-4)
        else:
            break
        converged = bool(better - value < SETTLED)
        parameter, policy, value, likelihood = target, moved, better, reached
        damping *= 0.25
    slope = problem.derivatives(policy)
    by_state = np.einsum("ra,rad->rd", chosen, slope)
    scores = np.zeros((levels.count, len(unit)))
    np.add.at(scores, level, by_state)
    in_level = [level == index for index in range(levels.count)]
    return ChoiceFit(
        parameter=parameter / unit,
        varies=varies,
        log_likelihood=float(likelihood),
        ceiling=float(xlogy(chosen, chosen / here[:, None]).sum()) / total,
        floor=float(-np.log(weights.shape[-1])),
        scores=scores * unit,
        by_level=np.stack([_information(slope[own], here[own], policy[level, state][own]) for own in in_level])
        * np.outer(unit, unit),
        decisions=total,
        unit=unit,
        ridge=ridge,
        converged=converged,
    )


def _problem(levels, weights, space, discount):
    levels = without_layout(levels)
    if weights.shape != levels.successors.shape[:3]:
        raise UsageError(
            f"Weights of shape {list(weights.shape)} do not fit levels of shape {list(levels.successors.shape[:3])}."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum() > 0:
        raise UsageError("The weights of choices must be finite, not negative, and not all zero.")
    active = np.asarray(levels.reachable & ~levels.terminal)
    factor = np.asarray(levels.discount) if discount is None else np.full(levels.count, discount)
    following = onward(levels, stops=space.stops, discount=discount)
    features = expected_attributes(levels)
    acting = features[active]
    unit = np.abs(acting).max((0, 1))
    varies = (acting.max((0, 1)) - acting.min((0, 1))) > 1e-9 * np.maximum(unit, 1e-300)
    ends = (np.abs(following.sum(-1) - factor[:, None, None]) > 1e-9) | (
        (following * _following(np.asarray(levels.terminal), levels.successors)).sum(-1) > 0
    )
    if ends[active].any():
        # What happens at every step matters where an episode can end: it is what time costs.
        varies |= unit > 0
    if not varies.any():
        raise UsageError("No attribute varies in these levels: whatever the agent does, the same happens.")
    unit = np.where(unit > 0, unit, 1.0)
    counted = np.where(active[..., None], weights, 0.0)
    level_of, state_of = np.nonzero(counted.sum(-1) > 0)
    level = dataclasses.replace(levels, successors=np.asarray(levels.successors))
    return _Problem(level, features / unit, following, active, counted, (level_of, state_of)), unit, varies


def _following(values, successors):
    return values[np.arange(len(values))[:, None, None, None], successors]


def _information(slope, here, policy):
    weighted = slope * np.sqrt(here[:, None] * policy)[..., None]
    flat = weighted.reshape(-1, slope.shape[-1])
    return flat.T @ flat


def _proximal(parameter, gradient, information, sparsity, ridge, damping, free):
    """Returns the maximum of the quadratic model with both penalties, by coordinate descent."""
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
