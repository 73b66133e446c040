"""A recovered objective under other assumptions: another discount, other dynamics, another temperature.

A wrong discount or slightly wrong dynamics can fit perfectly and mislead (Skalse & Abate 2024, arXiv 2403.06854), so a
good fit is no evidence for what was assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.identify.sensitivity import SLIP, slipping
from mesascope.core.errors import MesascopeError, UsageError

if TYPE_CHECKING:
    from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective


@dataclass(frozen=True)
class Assumption:
    """One other assumption and what would be recovered under it.

    **Arguments:**

    - `assumption`: in words.
    - `distance`: STARC distance of the objective recovered then to the one recovered as assumed, averaged over the
      observed levels: 0 the same, 2 opposite; `None` if nothing is recovered then.
    - `statistic`: of coherence then; a small one under a wrong assumption is why a good fit proves nothing.
    - `reason`: why nothing is recovered, if so.
    """

    assumption: str
    distance: float | None
    statistic: float | None
    reason: str = ""


def other_assumptions(objective: BehavioralObjective) -> tuple[Assumption, ...]:
    """Returns what would be recovered under other discounts, slippery dynamics and other temperatures.

    Discounts are a third and three times as far from 1 as the assumed one; temperatures half and twice as high.

    **Arguments:**

    - `objective`: as recovered.

    **Raises:** `UsageError` if its method of recovery cannot be repeated.
    """
    if objective.again is None:
        raise UsageError(f'Recovery with planner="{objective.planner}" cannot be repeated under other assumptions.')
    seen = objective.observations
    variants: list[tuple[str, Sequence[Observation]]] = []
    own = seen[0].discount if seen[0].discount is not None else float(seen[0].level.discount)
    for factor in (3, 1 / 3):
        discount = 1 - factor * (1 - own)
        if 0 < discount < 1:
            variants.append((f"discount {discount:.3g} for {own:.3g}", [replace(o, discount=discount) for o in seen]))
    slippery = [replace(o, level=slipping(o.level.batch(), SLIP)[0]) for o in seen]
    variants.append((f"{SLIP:.0%} of moves turn out as another action would", slippery))
    if objective.planner == "soft" and all(o.temperature is not None for o in seen):
        for factor in (0.5, 2.0):
            heated = [replace(o, temperature=factor * (o.temperature or 1.0)) for o in seen]
            variants.append((f"temperatures {factor:g} times as high", heated))
    return tuple(_row(objective, words, observations) for words, observations in variants)


def _row(objective: BehavioralObjective, words: str, observations: Sequence[Observation]) -> Assumption:
    assert objective.again is not None
    try:
        found = objective.again(observations)
        distance = objective.distance(found.mean, draws=0)
    except MesascopeError as error:
        return Assumption(words, None, None, str(error))
    return Assumption(words, distance.value, found.coherence.statistic)
