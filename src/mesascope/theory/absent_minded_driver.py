"""The absent-minded driver: choosing well at places that cannot be told apart (Aumann, Hart & Perry 1997).

An agent that cannot tell training from deployment is such a driver (RFLO §4.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.polynomial import Polynomial

from mesascope.core.errors import UsageError

SLACK = 1e-9
"""How far a root may lie off the real interval [0, 1] and still count as one on it."""


@dataclass(frozen=True)
class Plan:
    """A probability of driving on at every exit, and its expected payoff.

    **Arguments:**

    - `continue_probability`: in [0, 1].
    - `value`: in the unit of the payoffs.
    """

    continue_probability: float
    value: float


def payoff(payoffs: tuple[float, ...]) -> Polynomial:
    """Returns the expected payoff as a polynomial in the probability of driving on.

    **Arguments:**

    - `payoffs`: of leaving at the first, second, ... exit, and last that of never leaving; two or more.

    **Raises:** `UsageError` for fewer than two payoffs.
    """
    if len(payoffs) < 2:
        raise UsageError(f"A driver needs the payoff of an exit and that of never leaving, not {payoffs}.")
    on = Polynomial([0.0, 1.0])
    exits = [value * on**index * (1 - on) for index, value in enumerate(payoffs[:-1])]
    return sum(exits, start=payoffs[-1] * on ** (len(payoffs) - 1))


def planning_optimum(payoffs: tuple[float, ...]) -> Plan:
    """Returns the best plan made before setting out.

    **Arguments:** as of `payoff`.
    """
    value = payoff(payoffs)
    places = [0.0, 1.0, *_roots(value.deriv())]
    best = max(places, key=lambda place: float(value(place)))
    return Plan(best, float(value(best)))


def beliefs(payoffs: tuple[float, ...], continue_probability: float) -> Float[np.ndarray, " exits"]:
    """Returns how probable it is to stand at each exit, for a driver who stands at one: in proportion to visits.

    With two exits the first has 1 / (1 + p).

    **Arguments:**

    - `payoffs`: as of `payoff`; only their number matters.
    - `continue_probability`: of driving on, in [0, 1].
    """
    visits = np.asarray(continue_probability, np.float64) ** np.arange(len(payoffs) - 1)
    return visits / visits.sum()


def gain_of_driving_on(payoffs: tuple[float, ...], continue_probability: float) -> float:
    """Returns what driving on here is worth over leaving here, if every other time is left to the same probability.

    **Arguments:**

    - `payoffs`: as of `payoff`.
    - `continue_probability`: held by the beliefs and at all other exits, in [0, 1].
    """
    here = beliefs(payoffs, continue_probability)
    gain = 0.0
    for index, belief in enumerate(here):
        rest = payoffs[index + 1 :]
        onward = rest[0] if len(rest) == 1 else float(payoff(rest)(continue_probability))
        gain += belief * (onward - payoffs[index])
    return float(gain)


def action_optima(payoffs: tuple[float, ...]) -> tuple[Plan, ...]:
    """Returns every plan that no change of the one choice at hand improves: the fixed points of action-optimality.

    **Arguments:** as of `payoff`.

    **Returns:** plans by rising probability of driving on. The best plan is one of them; others may be worse.
    """
    # The gain is the derivative of the payoff over the expected number of visits, so its roots are those.
    value = payoff(payoffs)
    inner = [root for root in _roots(value.deriv()) if SLACK < root < 1 - SLACK]
    never = [0.0] if gain_of_driving_on(payoffs, 0.0) <= SLACK else []
    always = [1.0] if gain_of_driving_on(payoffs, 1.0) >= -SLACK else []
    return tuple(Plan(place, float(value(place))) for place in [*never, *inner, *always])


def optimum_at_fixed_belief(payoffs: tuple[float, ...], belief: float) -> Plan:
    """Returns the plan that seems best to a driver who holds a belief fixed and plans all visits anew.

    This is the paradox: the belief came from the old plan, yet the new one is put in for it. With two exits only.

    **Arguments:**

    - `payoffs`: of the two exits and of never leaving.
    - `belief`: in being at the first exit, in [0, 1].

    **Raises:** `UsageError` for another number of payoffs.
    """
    if len(payoffs) != 3:
        raise UsageError(f"The belief is about two exits, but {len(payoffs) - 1} were given: give three payoffs.")
    value = belief * payoff(payoffs) + (1 - belief) * payoff(payoffs[1:])
    best = max([0.0, 1.0, *_roots(value.deriv())], key=lambda place: float(value(place)))
    return Plan(best, float(value(best)))


def count_action_optima(payoffs: tuple[float, ...]) -> int:
    """Returns how many plans are action-optimal.

    **Arguments:** as of `payoff`.
    """
    return len(action_optima(payoffs))


def _roots(slope: Polynomial) -> list[float]:
    """Roots in [0, 1], rising."""
    found = slope.trim(1e-12).roots()
    real = [float(root.real) for root in np.atleast_1d(found) if abs(root.imag) < SLACK]
    return sorted(min(max(root, 0.0), 1.0) for root in real if -SLACK <= root <= 1 + SLACK)
