"""A goal that training moves a little at a time, and an agent that steers how far (after Moe 2023).

In each episode the agent gives a number y and wants it near its goal theta: its loss is `(y - theta)^2`, now and in all
episodes to come. The base loss of training is `y^2`, and gradient descent on it moves theta. As the agent's output is
a multiple of its goal, `y = c theta`, one update leaves `theta (1 - 2 r c^2)` at rate r: the less it shows of its goal,
the more of it is left. So the three conditions of deception (RFLO §4.2) have continuous counterparts: the rate is the
threat, deployment the pay-off, and c says how openly the goal is pursued (0 hidden, 1 open).

Each episode's choice is optimal for the goal as it is then, given what later episodes will choose: a scalar search per
episode, from the last to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from mesascope.core.errors import UsageError

CELLS: int = 2000
"""Intervals of [0, 1] among which the scalar search finds the one that holds the minimum."""


@dataclass(frozen=True)
class UpdatedGoal:
    """How a goal is trained.

    **Arguments:**

    - `training`, `deployment`: episodes, at least 1 and 0.
    - `rate`: of gradient descent on the base loss, in (0, 1]; above 1 an open goal overshoots its own negative.
    """

    training: int = 20
    deployment: int = 80
    rate: float = 1.0

    def __post_init__(self):
        if self.training < 1 or self.deployment < 0:
            raise UsageError(
                f"training={self.training} and deployment={self.deployment} must be at least 1 and 0 episodes."
            )
        if not 0 < self.rate <= 1:
            raise UsageError(f"rate={self.rate} is not in (0, 1].")


@dataclass(frozen=True)
class GoalPlan:
    """What the agent shows of its goal.

    **Arguments:**

    - `goal`: which it was made for.
    - `openness`: c of each training episode, in [0, 1]. In deployment it is 1: nothing is updated any more.
    """

    goal: UpdatedGoal
    openness: tuple[float, ...]

    @property
    def kept(self) -> float:
        """The share of the first goal that is left in deployment."""
        return float(np.prod([_left(share, self.goal.rate) for share in self.openness]))


def plan_updated_goal(goal: UpdatedGoal) -> GoalPlan:
    """Plans every training episode, the last one first.

    **Arguments:**

    - `goal`: how it is trained.

    **Returns:** the plan, each choice to about 1e-8.
    """
    openness: list[float] = []
    for _ in range(goal.training):
        openness.insert(0, _best(openness, goal))
    return GoalPlan(goal, tuple(openness))


def _best(later: Sequence[float], goal: UpdatedGoal) -> float:
    """The openness that costs least when the later training episodes are open as given."""
    # What becomes of whatever is left after this episode: each later output and goal as a multiple of it.
    left = np.cumprod([1.0, *(_left(share, goal.rate) for share in later)])
    outputs = np.concatenate([np.asarray(later, np.float64) * left[:-1], np.full(goal.deployment, left[-1])])

    def cost(share):
        kept = np.asarray(_left(share, goal.rate))
        return (share - 1) ** 2 + ((kept[..., None] * outputs - 1) ** 2).sum(-1)

    shares = np.linspace(0.0, 1.0, CELLS + 1)
    place = int(np.argmin(cost(shares)))
    between = (shares[max(place - 1, 0)], shares[min(place + 1, CELLS)])
    found = minimize_scalar(cost, bounds=between, method="bounded", options={"xatol": 1e-12})
    # A bounded search never returns an end of its interval, where the whole goal is shown.
    turning = float(found.x)  # pyright: ignore[reportAttributeAccessIssue]
    return min((0.0, 1.0, turning), key=lambda share: float(cost(share)))


def _left(share, rate: float):
    """The multiple of the goal that an update leaves."""
    return 1 - 2 * rate * share**2
