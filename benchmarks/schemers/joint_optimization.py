"""Pursuing both objectives at once is unstable, pure deception crystallises: an exact model (RFLO §4.3).

Assumptions. The agent gives a point y and weighs two goals: `share * |y - own|^2 + (1 - share) * |y - base|^2`, so that
`y = base + share * (own - base)`. Its model of the base objective is right and stays so. The base loss is
`|y - base|^2 = share^2 * distance^2` with `distance = |own - base|`, and gradient flow trains both what the agent wants
(`own`) and how much it follows it (`share`). Nothing else, no noise or weight decay, acts on either.

Then `share^2 - distance^2` never changes, and both shrink until one is gone. If the own goal is farther than it is
followed (`distance > share`), the share dies first: what is left is pure deception, whose objective stands still for
ever at `sqrt(distance^2 - share^2)`. If not, the distance dies first: the base objective is internalised. Joint
optimization is only a passage to one or the other. At `share = 0`, pure deception, the gradient on the objective is
exactly zero from the beginning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError


@dataclass(frozen=True)
class TwoGoals:
    """Where training starts.

    **Arguments:**

    - `share`: how much the own goal counts in training, in [0, 1]; 0 is pure deception.
    - `distance`: between own and base goal, 0 or more.
    """

    share: float = 0.5
    distance: float = 1.0

    def __post_init__(self):
        if not 0 <= self.share <= 1:
            raise UsageError(f"share={self.share} is not in [0, 1].")
        if not (math.isfinite(self.distance) and self.distance >= 0):
            raise UsageError(f"distance={self.distance} must be finite and 0 or more.")

    @property
    def final_distance(self) -> float:
        """How far the own goal is from the base goal when training has ended."""
        return math.sqrt(max(self.distance**2 - self.share**2, 0.0))

    @property
    def final_share(self) -> float:
        """How much the own goal counts when training has ended."""
        return math.sqrt(max(self.share**2 - self.distance**2, 0.0))


@dataclass(frozen=True)
class GoalsPath:
    """A course of training.

    **Arguments:**

    - `times`: in units of gradient flow.
    - `share`, `distance`: at each of them.
    """

    times: Float[np.ndarray, " T"]
    share: Float[np.ndarray, " T"]
    distance: Float[np.ndarray, " T"]

    @property
    def drift(self) -> float:
        """How far the own goal has moved over the whole course."""
        return float(self.distance[0] - self.distance[-1])


def exact_path(start: TwoGoals, times: Float[np.ndarray, " T"]) -> GoalsPath:
    """Returns the course of gradient flow in closed form.

    **Arguments:**

    - `start`: where training starts.
    - `times`: 0 or more, finite.
    """
    times = np.asarray(times, np.float64)
    if not (np.isfinite(times) & (times >= 0)).all():
        raise UsageError("Times of a course of training must be finite and 0 or more.")
    share, distance = start.share**2, start.distance**2
    kept = distance - share
    if math.isclose(distance, share):
        share_now = share / (1 + 4 * share * times)
        distance_now = distance / (1 + 4 * distance * times)
    elif kept > 0:
        share_now = _smaller(share, distance, times)
        distance_now = share_now + kept
    else:
        distance_now = _smaller(distance, share, times)
        share_now = distance_now - kept
    return GoalsPath(times, np.sqrt(share_now), np.sqrt(distance_now))


def descend(start: TwoGoals, *, rate: float = 1e-3, steps: int = 20_000) -> GoalsPath:
    """Follows plain gradient descent on a goal of two dimensions, every gradient by the chain rule through y.

    **Arguments:**

    - `start`: where training starts.
    - `rate`: of descent, above 0; the course is that of the flow as it goes to 0.
    - `steps`: at least 1.
    """
    if not 0 < rate <= 0.1 or steps < 1:
        raise UsageError(f"rate={rate} must be in (0, 0.1] and steps={steps} at least 1.")
    base, own, share = np.array([0.3, -0.2]), np.zeros(2), start.share
    own = base + start.distance * np.array([0.6, 0.8])
    shares, distances = [share], [start.distance]
    for _ in range(steps):
        wrong = 2 * (share * (own - base))
        own, share = own - rate * share * wrong, share - rate * float(wrong @ (own - base))
        shares.append(share)
        distances.append(float(np.linalg.norm(own - base)))
    return GoalsPath(rate * np.arange(steps + 1.0), np.array(shares), np.array(distances))


def _smaller(smaller: float, larger: float, times: Float[np.ndarray, " T"]) -> Float[np.ndarray, " T"]:
    """The square that dies out: logistic, with the difference of the squares kept."""
    ratio = smaller / larger * np.exp(-4 * (larger - smaller) * times)
    return (larger - smaller) * ratio / (1 - ratio)
