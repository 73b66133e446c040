"""How far a recovered objective is from another, with an interval that may begin at 0.

Noise only ever adds to a distance. Draws from a posterior are farther from the truth than its mean is, and never at it:
quantiles of their distances alone would deny every agent the objective that it has. Three things are therefore taken
together, and the widest counts: the quantiles; what is left of the estimate when as much as draws lie beyond it is
taken off (the basic bootstrap); and 0, wherever the other reward is no farther from the mean than the draws are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.objectives.canonical import RewardHere, rewards_here
from mesascope.objectives.distances.starc import starc_distances
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards, RewardSpace
from mesascope.objectives.reward_tables import weighted_attributes, with_reward_tables
from mesascope.worlds.level import Level

LOW, HIGH = 0.05, 0.95
"""Quantiles of a 90 % interval."""

FARTHEST: dict[str, float] = {"starc": 2.0, "starc-minimal": 2.0}
"""The largest value of a kind of distance, where that is not 1."""


def distances(
    levels: Sequence[tuple[str, Level]],
    space: RewardSpace,
    parameters: Float[np.ndarray, "n D"],
    others: Objectives | Float[np.ndarray, "m D"],
    *,
    kind: str,
    measure: Callable[[RewardHere, RewardHere], float],
) -> Float[np.ndarray, "n m"]:
    """Returns the distances between parameters and other rewards, averaged over levels.

    **Arguments:**

    - `levels`: names and levels.
    - `space`, `parameters`: n of them.
    - `others`: objectives, or parameters of the same space.
    - `kind`, `measure`: of distance.

    **Raises:** `UsageError` where the distance has no value, or a reward does not fit the levels.
    """
    total = None
    for name, level in levels:
        try:
            if kind == "starc" and isinstance(space, AttributeRewards):
                known = others if isinstance(others, Objectives) else weighted_attributes(space, others)
                here = starc_distances(level.batch(), known, space, parameters)
            else:
                rest = rewards_here(level, others) if isinstance(others, Objectives) else _rewards(level, space, others)
                own = _rewards(level, space, parameters)
                here = np.array([[measure(one, other) for other in rest] for one in own])
        except ValueError as undefined:
            raise UsageError(f"The {kind} distance has no value in '{name}': {undefined}.") from None
        total = here if total is None else total + here
    if total is None or not np.isfinite(total).all():
        raise UsageError(f"The {kind} distance has no finite value in these levels.")
    return total / len(levels)


def _rewards(level: Level, space: RewardSpace, parameters: Float[np.ndarray, "n D"]) -> Sequence[RewardHere]:
    batch, objectives = with_reward_tables(level, space.reward(level, parameters), stops=tuple(space.stops))
    return rewards_here(dataclasses.replace(batch[0], discount=np.asarray(batch.discount[0])), objectives)


def interval(
    value: float, drawn: Float[np.ndarray, " n"], apart: Float[np.ndarray, " n"], *, kind: str
) -> tuple[float, float]:
    """Returns the ends of a 90 % interval of a distance.

    **Arguments:**

    - `value`: the distance of the posterior's mean.
    - `drawn`: those of draws.
    - `apart`: between the mean and the draws.
    - `kind`: of distance.
    """
    near, far = np.quantile(drawn, [LOW, HIGH])
    low = 0.0 if value <= np.quantile(apart, HIGH) else min(near, 2 * value - far)
    high = max(far, 2 * value - near)
    return max(0.0, min(low, value)), min(FARTHEST.get(kind, 1.0), max(high, value))
