"""Principal and agent: how strongly to pay for a measure that is noisy, or not quite what is wanted (RFLO §1.2).

Linear contracts after Holmstrom & Milgrom (1991) and Baker (2002). Optima are searched for; closed forms are the check.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from mesascope.core.errors import UsageError


@dataclass(frozen=True)
class Employment:
    """Tasks that a principal wants done, and the measure that is paid for.

    The agent's effort e costs `cost / 2 * |e|^2`; the principal gains `wanted @ e`; the measure is `measured @ e` plus
    normal noise, which costs an agent with constant absolute risk aversion `risk_aversion / 2` times its variance.

    **Arguments:**

    - `wanted`, `measured`: what a unit of effort at each task adds to the gain and to the measure.
    - `cost`: of effort, above 0.
    - `risk_aversion`: 0 or more.
    - `noise_variance`: of the measure, 0 or more.
    """

    wanted: tuple[float, ...]
    measured: tuple[float, ...]
    cost: float = 1.0
    risk_aversion: float = 0.0
    noise_variance: float = 0.0

    def __post_init__(self):
        if len(self.wanted) != len(self.measured) or not self.wanted:
            raise UsageError(
                f"Each task needs what it gains and what it adds to the measure, not {self.wanted} and {self.measured}."
            )
        if not self.cost > 0 or self.risk_aversion < 0 or self.noise_variance < 0:
            raise UsageError("An employment needs a cost above 0, and risk aversion and noise of 0 or more.")

    def effort(self, slope: float) -> Float[np.ndarray, " tasks"]:
        """Returns what the agent does when a unit of the measure is paid `slope`, by maximizing its own utility."""
        pay = slope * np.asarray(self.measured, np.float64)
        found = scipy.optimize.minimize(
            lambda effort: 0.5 * self.cost * effort @ effort - pay @ effort,
            np.zeros(len(pay)),
            jac=lambda effort: self.cost * effort - pay,
            method="BFGS",
            options={"gtol": 1e-12},
        )
        return found.x

    def surplus(self, slope: float) -> float:
        """Returns what both have together, in certainty equivalents, under a contract of this slope."""
        effort = self.effort(slope)
        risk = 0.5 * self.risk_aversion * slope**2 * self.noise_variance
        return float(np.asarray(self.wanted) @ effort - 0.5 * self.cost * effort @ effort - risk)


@dataclass(frozen=True)
class Contract:
    """The best linear contract.

    **Arguments:**

    - `slope`: pay per unit of the measure.
    - `surplus`: under it.
    - `surplus_share`: of what both could have if the wanted itself were done, without noise.
    """

    slope: float
    surplus: float
    surplus_share: float


def best_contract(
    wanted: tuple[float, ...],
    measured: tuple[float, ...],
    cost: float = 1.0,
    risk_aversion: float = 0.0,
    noise_variance: float = 0.0,
) -> Contract:
    """Returns the best linear contract, by searching over slopes for the largest surplus.

    In closed form the slope is `wanted @ measured / (|measured|^2 + r c s^2)`. For one task that is measured as it is
    wanted this is `1 / (1 + r c s^2)`; without noise it is `|wanted| / |measured|` times the cosine between the two,
    and the share of the surplus is that cosine squared.

    **Arguments:** as of `Employment`.

    **Raises:** `UsageError` if no effort moves the measure and it has no noise, so that no slope is best.
    """
    job = Employment(wanted, measured, cost, risk_aversion, noise_variance)
    # The surplus is a parabola in the slope, so three points give its top exactly; a search would stop at 1e-8 of it.
    below, middle, above = (job.surplus(slope) for slope in (-1.0, 0.0, 1.0))
    bend, tilt = (above + below) / 2 - middle, (above - below) / 2
    if not bend < 0:
        raise UsageError("A measure that no effort moves, without noise, has no best contract: give one that does.")
    slope = -tilt / (2 * bend)
    ideal = float(np.asarray(wanted) @ np.asarray(wanted)) / (2 * cost)
    surplus = job.surplus(slope)
    return Contract(slope, surplus, surplus / ideal if ideal else float("nan"))


def alignment_cosine(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Returns the cosine between two gradients, of the wanted and of a proxy: how far pushing one pushes the other.

    **Arguments:**

    - `first`, `second`: of equal length, neither all 0.

    **Raises:** `UsageError` for a gradient of 0.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    if length == 0:
        raise UsageError("A gradient of 0 points nowhere, so it has no cosine with another.")
    return float(one @ other) / length
