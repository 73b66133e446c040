"""Outer alignment: what optimizing one objective is worth by another, without any learning in between (RFLO §1.2).

The base objective is handed to an exact planner that optimizes it more or less hard, and each of its policies is valued
by the intended objective: the scatter of learned against true reward by which Ibarz et al. (2018, §3.2) look for reward
hacking, and the gap between what was rewarded and what was wanted (Leike et al. 2018, §2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Estimate
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.soft_value_iteration import boltzmann
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.level import Level

SHARPNESS: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0)
"""Of the planner's choices, in units of the largest advantage in each state; 0 is uniform."""


@dataclass(frozen=True)
class OuterAlignment:
    """What optimizing a base objective is worth by an intended one.

    Returns are normalised in each level: 0 is the uniform policy, 1 the best for the objective that they are of.

    **Arguments:**

    - `sharpness`: of the planner, `[P]`.
    - `base`, `intended`: normalised returns of its policies, `[P, N]`; NaN where an objective demands nothing.
    - `regret`: normalised regret on the intended objective of the policy that is best for the base objective.
    - `gap`: normalised base return less normalised intended return of that policy: what is rewarded and not wanted.
    - `turning_point`: the sharpness from which more of it does harm, `None` if more always helps.
    """

    sharpness: tuple[float, ...]
    base: Float[np.ndarray, "P N"]
    intended: Float[np.ndarray, "P N"]
    regret: Estimate
    gap: Estimate
    turning_point: float | None

    def data(self) -> dict:
        """Returns everything a figure needs, JSON-ready."""
        return {
            "regret": _plain(self.regret),
            "gap": _plain(self.gap),
            "turning_point": self.turning_point,
            "curve": [
                {"sharpness": sharp, "base": float(np.nanmean(base)), "intended": float(np.nanmean(intended))}
                for sharp, base, intended in zip(self.sharpness, self.base, self.intended, strict=True)
            ],
            "scatter": [
                {"sharpness": sharp, "level": level, "base": float(base), "intended": float(intended)}
                for sharp, bases, intendeds in zip(self.sharpness, self.base, self.intended, strict=True)
                for level, (base, intended) in enumerate(zip(bases, intendeds, strict=True))
                if np.isfinite(base) and np.isfinite(intended)
            ],
        }

    def lines(self, base: str, intended: str) -> list[str]:
        """Returns the result as lines of text.

        **Arguments:**

        - `base`, `intended`: what the two objectives are called.
        """
        lines = [
            f"Outer alignment: '{base}' optimized exactly, valued by '{intended}' (0 uniform policy, 1 the best)",
            f"  regret on '{intended}' of the best policy for '{base}': {self.regret}",
            f"  rewarded and not wanted: {self.gap}",
            f"  {'sharpness':>10}  {base[:24]:>24}  {intended[:24]:>24}",
        ]
        for sharp, bases, intendeds in zip(self.sharpness, self.base, self.intended, strict=True):
            lines.append(f"  {sharp:>10g}  {np.nanmean(bases):>24.3f}  {np.nanmean(intendeds):>24.3f}")
        if self.turning_point is not None:
            lines.append(f"  From sharpness {self.turning_point:g} on, more optimization does harm (Goodhart).")
        return lines


def outer_alignment(levels: Level, pair: Objectives, *, seed: int = 0) -> OuterAlignment:
    """Returns what optimizing the first of two objectives is worth by the second.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `pair`: the base objective and the intended one.
    - `seed`: of the bootstrap over levels.

    **Raises:** `UsageError` unless there are two, or if no level demands anything of both.
    """
    if len(pair) != 2:
        raise UsageError(f"Outer alignment is about a base and an intended objective; {len(pair)} were given.")
    value = optimal_action_values(levels, pair)
    best = returns(levels, value.max(-1))
    uniform = np.full(levels.successors.shape[:3], 1 / levels.actions)
    floor = returns(levels, policy_values(levels, uniform, pair))
    room = best - floor
    tested = (room > 1e-9).all(0)
    if not tested.any():
        raise UsageError("In none of these levels do both objectives make a difference.")
    scale = np.where(tested, room, np.nan)
    advantage = value[0] - value[0].max(-1, keepdims=True)
    span = np.maximum(-advantage.min(-1, keepdims=True), 1e-12)
    rows = []
    for sharpness in SHARPNESS:
        policy = boltzmann(advantage / span * sharpness, 1.0)
        rows.append((returns(levels, policy_values(levels, policy, pair)) - floor) / scale)
    found = np.stack(rows, 1)
    perfect = optimal_actions(value[0]).astype(float)
    perfect /= perfect.sum(-1, keepdims=True)
    reached = ((returns(levels, policy_values(levels, perfect, pair)) - floor) / scale)[:, tested]
    mean = np.nanmean(found[1], axis=1)
    highest = int(mean.argmax())
    turning = SHARPNESS[highest] if mean[highest] - mean[-1] > 0.01 else None
    return OuterAlignment(
        SHARPNESS,
        found[0],
        found[1],
        bootstrap_mean(1 - reached[1], seed=seed),
        bootstrap_mean(reached[0] - reached[1], seed=seed),
        turning,
    )


def _plain(estimate: Estimate) -> dict:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n}
