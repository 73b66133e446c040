"""A recovered objective under other assumptions: another discount, other dynamics, another temperature.

A wrong discount or slightly wrong dynamics can fit perfectly and mislead (Skalse & Abate 2024, arXiv 2403.06854), so a
good fit is no evidence for what was assumed: the objective is recovered again, and what changes is shown.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mesascope.audit.objective.recovery.data.observed_choices import Observation, ObservedChoices
from mesascope.core.errors import MesascopeError, UsageError
from mesascope.worlds.level import Level

if TYPE_CHECKING:
    from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective

SLIP: float = 0.1
"""Share of moves that, under other assumed dynamics, turn out as another action would have."""


@dataclass(frozen=True)
class Assumption:
    """One other assumption and what would be recovered under it.

    **Arguments:**

    - `assumption`: in words.
    - `assumed`: the objective as it was recovered.
    - `recovered`: the objective under this assumption; `None` if nothing is recovered then.
    - `reason`: why nothing is recovered, if so.
    """

    assumption: str
    assumed: BehavioralObjective
    recovered: BehavioralObjective | None
    reason: str = ""

    @cached_property
    def distance(self) -> float | None:
        """STARC distance to the objective as it was recovered, averaged over the observed levels: 2 is opposite."""
        if self.recovered is None:
            return None
        try:
            return self.assumed.distance(self.recovered.mean, draws=0).value
        except MesascopeError:
            return None

    @property
    def statistic(self) -> float | None:
        """That of coherence; a good one under a wrong assumption is why a good fit proves nothing."""
        return None if self.recovered is None else self.recovered.coherence.statistic


def other_assumptions(objective: BehavioralObjective) -> tuple[Assumption, ...]:
    """Returns what would be recovered under other discounts, slippery dynamics and other temperatures.

    Discounts are a third and three times as far from 1 as the assumed one; temperatures half and twice as high. Of a
    noisy planner the temperature is not varied: its weights are in units of it.

    **Arguments:**

    - `objective`: as recovered.

    **Raises:** `UsageError` if its method of recovery cannot be repeated.
    """
    again = objective.again
    if again is None:
        raise UsageError(f'Recovery with planner="{objective.planner}" cannot be repeated under other assumptions.')

    def under(words: str, choices: ObservedChoices) -> Assumption:
        try:
            return Assumption(words, objective, again(choices))
        except MesascopeError as error:
            return Assumption(words, objective, None, str(error))

    seen = objective.choices
    own = seen.observations[0].assumed_discount
    discounts = [1 - factor * (1 - own) for factor in (3, 1 / 3)]
    rows = [under(f"discount {one:.3g}", seen.with_discount(one)) for one in discounts if 0 < one < 1]
    rows.append(under(f"{SLIP:.0%} of moves turn out as another action would", seen.replaced(_slippery)))
    if objective.planner == "soft" and all(one.temperature is not None for one in seen):
        for factor in (0.5, 2.0):
            heated = seen.replaced(lambda one, factor=factor: replace(one, temperature=factor * (one.temperature or 1)))
            rows.append(under(f"temperatures {factor:g} times as high", heated))
    return tuple(rows)


def _slippery(one: Observation) -> Observation:
    return replace(one, level=slipping(one.level.batch(), SLIP)[0])


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
