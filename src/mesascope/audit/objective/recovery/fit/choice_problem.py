"""Choices in levels made ready for planning again and again: states in which somebody acts, and nothing else.

Two planners are known by what they follow from the next step on. A soft-optimal one counts on its own hesitation:
`Q = r + gamma E V`, `V = log sum exp Q`. One that is noisy about optimal values does not: `V = max Q`. Both choose with
probabilities proportional to `exp Q`; the second one's limit for large rewards always takes an optimal action. And a
share of all choices may be slips, evenly over all actions: those of the agent, which the level's own chances are not.

With `G(s, a) = features(s, a) + discount E g(s') - mean`, where `g` are the expected discounted features of what is
followed, `G` is the derivative of the log-probabilities (Ziebart 2010, §6.2; for the maximum by the envelope theorem).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import entr, log_softmax

from mesascope.core.errors import UsageError
from mesascope.core.linear_solve import solve
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.planning.soft_value_iteration import boltzmann
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import expected_attributes, onward

SOFT, OPTIMAL = "soft", "optimal"
EXACT: float = 1e-11

IMPROVED: float = 1e-9
"""An action must be better than the one followed by this share of the largest value to take its place."""


@dataclass(frozen=True)
class Plan:
    """What a planner does for one parameter.

    **Arguments:**

    - `following`: the policy that action values count on, `[N, C, A]`.
    - `action_value`: in units of the temperature, `[N, C, A]`.
    """

    following: Float[np.ndarray, "N C A"]
    action_value: Float[np.ndarray, "N C A"]


@dataclass(frozen=True)
class ChoiceProblem:
    """Choices in N levels of at most C acting states.

    **Arguments:**

    - `successors`, `onward`: of each outcome, among acting states; nothing follows where an episode ends.
    - `features`: expected attributes in units of their largest value.
    - `acting`: false where a level has fewer states than others.
    - `places`: which state of its level each acting state is, `[N, C]`.
    - `rows`: level and acting state of every state in which choices were made.
    - `chosen`: how much each action there counts, `[R, A]`.
    - `unit`: largest absolute value of each attribute, `[D]`.
    - `varies`: attributes that differ between what can be done somewhere, or that happen until an episode ends, `[D]`.
    """

    successors: Int[np.ndarray, "N C A K"]
    onward: Float[np.ndarray, "N C A K"]
    features: Float[np.ndarray, "N C A D"]
    acting: Bool[np.ndarray, "N C"]
    places: Int[np.ndarray, "N C"]
    rows: tuple[np.ndarray, np.ndarray]
    chosen: Float[np.ndarray, "R A"]
    unit: Float[np.ndarray, " D"]
    varies: Bool[np.ndarray, " D"]

    @cached_property
    def seen(self) -> tuple[np.ndarray, ...]:
        """The entries of `chosen` that are not 0."""
        return np.nonzero(self.chosen)

    def uniform(self) -> Float[np.ndarray, "N C A"]:
        """Returns the policy that takes every action alike, from which plans may begin."""
        shape = self.successors.shape[:3]
        return np.full(shape, 1 / shape[-1])

    def plan(
        self,
        parameter: Float[np.ndarray, " D"],
        following: Float[np.ndarray, "N C A"],
        *,
        planner: str,
        near: float = 0.0,
    ) -> Plan:
        """Returns a plan by policy iteration, from a policy that is near to it at best.

        **Arguments:**

        - `parameter`: in units of `unit`.
        - `following`: to begin with.
        - `planner`: `SOFT` or `OPTIMAL`.
        - `near`: nats by which a soft planner's values may still move before the last step, which squares that.
        """
        reward = self.features @ parameter
        values, action_value = None, reward
        for _ in range(200):
            gained = (following * reward).sum(-1)
            if planner == SOFT:
                gained = gained + entr(following).sum(-1)
            right = np.where(self.acting, gained, 0.0)[..., None]
            found = solve(self.successors, self._taken(following), right)[..., 0]
            action_value = reward + (self.onward * _following(found, self.successors)).sum(-1)
            size = max(1.0, float(np.abs(found).max()))
            if planner == SOFT:
                following = boltzmann(action_value, 1.0)
                if values is not None and np.abs(found - values).max() <= max(near, EXACT * size):
                    break
            else:
                kept = (following * action_value).sum(-1)
                better = action_value.max(-1) > kept + IMPROVED * size
                if not (better & self.acting).any():
                    break
                best = np.eye(following.shape[-1])[action_value.argmax(-1)]
                following = np.where(better[..., None], best, following)
            values = found
        return Plan(following, action_value)

    def _taken(self, policy):
        return np.where(self.acting[..., None], policy, 0.0)[..., None] * self.onward

    def logarithms(self, plan: Plan, slips: float = 0.0) -> Float[np.ndarray, "R A"]:
        """Returns the log-probabilities of all actions where choices were made.

        **Arguments:**

        - `plan`: of some parameter.
        - `slips`: share of choices that are made evenly at random, in [0, 1).
        """
        meant = log_softmax(plan.action_value[self.rows], axis=-1)
        return meant if slips == 0 else np.log((1 - slips) * np.exp(meant) + slips / meant.shape[-1])

    def derivatives(self, plan: Plan, slips: float = 0.0) -> Float[np.ndarray, "R A D"]:
        """Returns the derivative of each log-probability."""
        policy = np.exp(self.logarithms(plan))
        expected = np.where(self.acting[..., None], (plan.following[..., None] * self.features).sum(2), 0.0)
        counts = solve(self.successors, self._taken(plan.following), expected)
        level, state = self.rows
        after = counts[level[:, None, None], self.successors[level, state]]
        value = self.features[level, state] + (self.onward[level, state][..., None] * after).sum(2)
        slope = value - (policy[..., None] * value).sum(1, keepdims=True)
        if slips:
            meant = (1 - slips) * policy
            slope = slope * (meant / (meant + slips / policy.shape[-1]))[..., None]
        return slope


def choice_problem(
    levels: Level,
    weights: Float[np.ndarray, "N S A"],
    space: AttributeRewards,
    *,
    discount: float | None = None,
) -> ChoiceProblem:
    """Returns choices in levels, ready to be explained.

    **Arguments:** those of `fit_choices`.

    **Raises:** `UsageError` if the weights are negative, not finite or all zero, or nothing varies.
    """
    if weights.shape != levels.successors.shape[:3]:
        raise UsageError(
            f"Weights of shape {list(weights.shape)} do not fit levels of shape {list(levels.successors.shape[:3])}."
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum() > 0:
        raise UsageError("The weights of choices must be finite, not negative, and not all zero.")
    active = np.asarray(levels.reachable & ~levels.terminal)
    factor = np.asarray(levels.discount) if discount is None else np.full(levels.count, discount)
    successors = np.asarray(levels.successors)
    following = onward(levels, stops=space.stops, discount=discount)
    features = expected_attributes(levels)
    unit = np.abs(features[active]).max((0, 1))
    varies = (features[active].max((0, 1)) - features[active].min((0, 1))) > 1e-9 * np.maximum(unit, 1e-300)
    ends = (np.abs(following.sum(-1) - factor[:, None, None]) > 1e-9) | (
        (following * _following(np.asarray(levels.terminal), successors)).sum(-1) > 0
    )
    if ends[active].any():
        # What happens at every step matters where an episode can end: it is what time costs.
        varies |= unit > 0
    if not varies.any():
        raise UsageError("No attribute varies in these levels: whatever the agent does, the same happens.")
    unit = np.where(unit > 0, unit, 1.0)
    size = active.sum(-1)
    # Acting states first, in their order; what is left over in smaller levels acts in nothing.
    places = np.argsort(~active, axis=-1, kind="stable")[:, : int(size.max())]
    acting = np.arange(places.shape[1]) < size[:, None]
    number = np.argsort(np.argsort(~active, axis=-1, kind="stable"), axis=-1, kind="stable")
    own = np.arange(len(places))[:, None]
    after = successors[own, places]
    inside = active[own[..., None, None], after] & acting[..., None, None]
    counted = np.where(acting[..., None], weights[own, places], 0.0)
    rows = np.nonzero(counted.sum(-1) > 0)
    return ChoiceProblem(
        successors=np.where(inside, number[own[..., None, None], after], 0),
        onward=np.where(inside, following[own, places], 0.0),
        features=np.where(acting[..., None, None], features[own, places] / unit, 0.0),
        acting=acting,
        places=places,
        rows=(rows[0], rows[1]),
        chosen=counted[rows],
        unit=unit,
        varies=varies,
    )


def chosen_policy(
    levels: Level,
    space: AttributeRewards,
    parameter: Float[np.ndarray, " D"],
    *,
    planner: str = SOFT,
    slips: float = 0.0,
    discount: float | None = None,
) -> Float[np.ndarray, "N S A"]:
    """Returns how a planner chooses for a parameter; evenly where nobody acts.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `space`, `discount`: as of `fit_choices`.
    - `parameter`: in units of the temperature.
    - `planner`: `SOFT` or `OPTIMAL`; `slips`: share of choices made evenly at random.
    """
    problem = choice_problem(levels, np.ones(levels.successors.shape[:3]), space, discount=discount)
    plan = problem.plan(parameter * problem.unit, problem.uniform(), planner=planner)
    policy = np.full(levels.successors.shape[:3], 1 / levels.actions)
    level, state = problem.rows
    policy[level, problem.places[level, state]] = np.exp(problem.logarithms(plan, slips))
    return policy


def _following(values, successors):
    return values[np.arange(len(values))[:, None, None, None], successors]
