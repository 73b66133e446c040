"""How a recovered objective depends on what was assumed: the discount, the dynamics, the temperature.

A wrong discount or wrong dynamics can fit perfectly and mislead (Skalse & Abate 2024), so the objective is recovered
again under other assumptions, and what changes is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mesascope.audit.objective.recovery.inquiry import Recovery, Watched
from mesascope.core.errors import MesascopeError
from mesascope.worlds.level import Level

SLIP: float = 0.1
"""Share of moves that, under other assumed dynamics, turn out as another action would have."""


@dataclass(frozen=True)
class SensitivityRow:
    """The objective under one other assumption.

    **Arguments:**

    - `assumption`: what was assumed.
    - `nearest`: the candidate that comes nearest then, and its `distance`.
    - `explained`: share of the choices' structure that the weights explain then.
    """

    assumption: str
    nearest: str
    distance: float
    explained: float


def sensitivity(watched: Watched, recover: Callable[[Watched, float | None], Recovery]) -> tuple[SensitivityRow, ...]:
    """Returns the objective under lower and higher discounts and under slippery dynamics.

    The temperature is not varied: weights are in units of it, so that assuming another one rescales them all alike.

    **Arguments:**

    - `watched`: the choices.
    - `recover`: recovers an objective from choices under a discount (`None`: the levels' own).
    """
    own = float(np.asarray(watched.levels.discount).reshape(-1)[0])
    assumptions: list[tuple[str, Watched, float | None]] = [(f"discount {own:.3g}, as the levels have", watched, None)]
    for discount in (1 - 3 * (1 - own), 1 - (1 - own) / 3):
        if 0 < discount < 1:
            assumptions.append((f"discount {discount:.3g}", watched, discount))
    slippery = dataclasses.replace(watched, levels=slipping(watched.levels, SLIP))
    assumptions.append((f"{SLIP:.0%} of moves turn out as another action would", slippery, None))
    rows = []
    for words, choices, discount in assumptions:
        try:
            found = recover(choices, discount)
        except MesascopeError:
            continue
        rows.append(SensitivityRow(words, found.nearest.names[0], found.nearest.distances[0], found.fit.explained))
    return tuple(rows)


def slipping(levels: Level, share: float) -> Level:
    """Returns levels in which a share of all moves turns out as a uniformly chosen action would.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `share`: in (0, 1).
    """
    actions = levels.actions

    def spread(array: np.ndarray) -> np.ndarray:
        # Outcomes of all actions beside each action's own: [N, S, A, K + A K, ...].
        own = np.asarray(array)
        every = own.reshape(*own.shape[:2], 1, -1, *own.shape[4:])
        return np.concatenate([own, np.broadcast_to(every, (*own.shape[:3], *every.shape[3:]))], axis=3)

    probabilities = np.asarray(levels.probabilities, np.float64)
    others = np.broadcast_to(
        (probabilities * share / actions).reshape(*probabilities.shape[:2], 1, -1),
        (*probabilities.shape[:3], probabilities.shape[2] * probabilities.shape[3]),
    )
    return dataclasses.replace(
        levels,
        successors=spread(np.asarray(levels.successors)),
        attributes=spread(np.asarray(levels.attributes)),
        probabilities=np.concatenate([(1 - share) * probabilities, others], axis=3),
        layout=None,
    )
