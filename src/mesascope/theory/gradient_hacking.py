"""How long a shield keeps a goal from gradient descent: a stress test of gradient hacking (RFLO §4.3).

A goal g is pulled to the base value D; a shield of strength h makes every departure from the first goal g0 costly:
loss `(g - D)^2 / 2 + h^2 (g - g0)^2 / 2`. Gradient flow trains the shield, too, and wears it down: with g0 = 0 and
D = 1 a strong shield lets the goal half move after `ln h0 + h0^2 - 1 + (h0^4 - 1) / 4`, plus a lag at the start. Only a
shield that base performance depends on, here through `k (h - h0)^2 / 2`, can stand for ever, and only above a fold:
`k* = min h / ((1 + h^2)^2 (h0 - h))` over the shields above the barrier. This says what it would take, not that
training ever builds one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import root_scalar

from mesascope.core.errors import UsageError

SETTLED: float = 1e-9
"""A simulation has come to rest when nothing changes faster than this."""

LONGEST: float = 1e7
"""Time units after which a simulation that has not come to rest is reported as it stands."""


@dataclass(frozen=True)
class Shield:
    """A shield around a goal.

    **Arguments:**

    - `strength`: h0 at the start, above 0; the goal is 0 at first and the base value 1.
    - `coupling`: k, how much base performance depends on the shield, 0 or more.
    """

    strength: float = 4.0
    coupling: float = 0.0

    def __post_init__(self):
        if not (math.isfinite(self.strength) and self.strength > 0):
            raise UsageError(f"A shield of strength {self.strength} is none; it must be finite and above 0.")
        if not (math.isfinite(self.coupling) and self.coupling >= 0):
            raise UsageError(f"coupling={self.coupling} must be finite and 0 or more.")


@dataclass(frozen=True)
class ShieldLife:
    """What gradient flow made of a shield and its goal.

    **Arguments:**

    - `shield`: at the start.
    - `life`: time until the goal was half moved; `None` if it never was.
    - `goal`: where the goal came to rest: 0 kept, 1 replaced.
    - `strength`: of the shield then.
    """

    shield: Shield
    life: float | None
    goal: float
    strength: float


def simulate_shield(shield: Shield) -> ShieldLife:
    """Follows gradient flow on goal and shield until it rests.

    **Arguments:**

    - `shield`: at the start.

    **Raises:** `UsageError` if the integrator fails, with its reason.
    """

    def flow(_, state):
        goal, strength = state
        return (
            1 - goal - strength**2 * goal,
            -strength * goal**2 + shield.coupling * (shield.strength - strength),
        )

    def half_moved(_, state):
        return state[0] - 0.5

    def rest(time, state):
        return float(np.abs(flow(time, state)).max()) - SETTLED

    rest.terminal = True  # pyright: ignore[reportFunctionMemberAccess]
    found = solve_ivp(
        flow,
        (0.0, LONGEST),
        (0.0, shield.strength),
        method="LSODA",
        events=(half_moved, rest),
        rtol=1e-10,
        atol=1e-12,
    )
    if not found.success:
        raise UsageError(f"Gradient flow of {shield} could not be followed: {found.message}")
    goal, strength = (float(value) for value in found.y[:, -1])
    life = float(found.t_events[0][0]) if len(found.t_events[0]) else None
    return ShieldLife(shield, life, goal, strength)


def fold(strength: float) -> float | None:
    """Returns the least coupling at which a shield stands for ever once the goal has followed it.

    Where the flow of the shield rests, `k = h / ((1 + h^2)^2 (h0 - h))`. As a function of h that rises from 0 to a
    barrier, falls to the fold, and rises without bound towards h0; a shield that starts at h0 comes down to the
    outermost resting place, which is there from the fold on.

    **Arguments:**

    - `strength`: h0, above 0 and at most 1000.

    **Returns:** k*; `None` where a weak shield has no fold, so that more coupling gradually keeps more of the goal.
    """
    if not 0 < strength <= 1000:
        raise UsageError(f"strength={strength} is not in (0, 1000].")

    # The derivative of log k: its sign changes are barrier and fold.
    def slope(h):
        return 1 / h - 4 * h / (1 + h**2) + 1 / (strength - h)

    places = np.linspace(0.0, strength, 100_001)[1:-1]
    slopes = slope(places)
    turns = np.flatnonzero((slopes[:-1] < 0) & (slopes[1:] >= 0))
    if not len(turns):
        return None
    place = root_scalar(slope, bracket=places[turns[-1] : turns[-1] + 2], xtol=1e-14).root
    return place / ((1 + place**2) ** 2 * (strength - place))
