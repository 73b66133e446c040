"""The bottle cap: many bits of optimization and no optimizer (Filan 2018; RFLO §1).

A bottle holds molecules, each of which is outside or inside afterwards. It can be left open, where each leaves with
probability 1/2, capped, or emptied. A cap and a planner for keeping water in get the same outcome. Only the exchange of
the objective tells them apart: the planner empties the bottle when water outside is wanted, the cap stays a cap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.optimization_power import bits

OPEN, CAPPED, EMPTIED = "open", "capped", "emptied"
WAYS: tuple[str, ...] = (OPEN, CAPPED, EMPTIED)

Objective = Callable[[int], float]
"""Utility of a number of molecules that are inside."""


@dataclass(frozen=True)
class Gate:
    """What a controller scores under an objective, and once that is exchanged for its opposite.

    **Arguments:**

    - `bits`: of optimization under the objective that it is said to have.
    - `exchanged`: under the opposite one, after it was told so.
    """

    bits: float
    exchanged: float

    @property
    def retargets(self) -> bool:
        """Whether outcomes follow the objective: the gate that an optimizer passes and a cap fails."""
        return self.exchanged > 0.5 * self.bits


def law(way: str, molecules: int) -> Float[np.ndarray, " inside"]:
    """Returns the probabilities of each number of molecules inside, from none to all.

    **Arguments:**

    - `way`: one of `WAYS`.
    - `molecules`: how many there are, 1 to 30.

    **Raises:** `UnknownNameError` for another way, `UsageError` for another number.
    """
    if way not in WAYS:
        raise UnknownNameError("way to treat a bottle", way, WAYS)
    if not 1 <= molecules <= 30:
        raise UsageError(f"A bottle of {molecules} molecules cannot be counted out: give 1 to 30.")
    inside = np.zeros(molecules + 1)
    inside[0] = 1.0
    stays = {OPEN: 0.5, CAPPED: 1.0, EMPTIED: 0.0}[way]
    for _ in range(molecules):
        inside = (1 - stays) * inside + stays * np.roll(inside, 1)
    return inside


def cap(objective: Objective, molecules: int) -> str:
    """Returns the way of a cap, whatever is wanted."""
    return CAPPED


def planner(objective: Objective, molecules: int) -> str:
    """Returns the way with the highest expected utility for so many molecules, by looking at all of them."""
    utilities = np.array([objective(inside) for inside in range(molecules + 1)])
    return max(WAYS, key=lambda way: float(law(way, molecules) @ utilities))


def thermostat(objective: Objective, molecules: int) -> str:
    """Returns the way of a rule that reads one sign: it caps where more is better. It retargets without search."""
    return CAPPED if objective(molecules) > objective(0) else EMPTIED


CONTROLLERS: dict[str, Callable[[Objective, int], str]] = {"cap": cap, "planner": planner, "thermostat": thermostat}


def gate(controller: str, molecules: int = 8) -> Gate:
    """Returns the bits of a controller, measured against the open bottle, before and after exchanging its objective.

    A capped bottle has as many bits as molecules. Note the thermostat: an exchange of objectives rules out caps and
    habits; it does not prove search.

    **Arguments:**

    - `controller`: one of `CONTROLLERS`.
    - `molecules`: 1 to 30.

    **Raises:** `UnknownNameError` for another controller, `UsageError` for another number.
    """
    if controller not in CONTROLLERS:
        raise UnknownNameError("controller of a bottle", controller, CONTROLLERS)
    left_open = law(OPEN, molecules)

    def scored(sign: float) -> float:
        way = CONTROLLERS[controller](lambda inside: sign * inside, molecules)
        utilities = sign * np.arange(molecules + 1.0)
        achieved = law(way, molecules)
        power = [bits(float(utility), utilities, weights=left_open) for utility in utilities]
        return float(achieved @ np.array(power))

    return Gate(bits=scored(1.0), exchanged=scored(-1.0))
