"""Where a shift has few levels, what is so in a sample of them is so in all: proved, or refuted by a level."""

from __future__ import annotations

import numpy as np

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.findings import AllLevels
from mesascope.core.rounding import above

LOST: float = 0.1
"""Normalised base regret that no level may exceed."""


def all_levels(evaluation: Evaluation) -> AllLevels | None:
    """Returns what holds in every level of a distribution.

    **Arguments:**

    - `evaluation`: of an agent, in levels drawn from the distribution.

    **Returns:** `None` where the levels are not all that there are, roll-outs were watched instead of every choice, or
    no level tests the base objective.
    """
    level_set = evaluation.level_set
    drawn, distinct = level_set.levels.count, level_set.world.distinct_levels(level_set.distribution)
    regrets = evaluation.regrets[level_set.base]
    if not evaluation.exact or distinct is None or drawn < distinct or not np.isfinite(regrets).any():
        return None
    where, count = int(np.nanargmax(regrets)), int(np.isfinite(regrets).sum())
    worst, base = float(regrets[where]), level_set.objectives.names[level_set.base]
    refuted = above(worst, LOST)
    place = {"train": "training", "deploy": "deployment"}[level_set.name]
    levels = f"the one level of {place}" if distinct == 1 else f"all {distinct} levels of {place}"
    untested = f" ({distinct - count} of them test nothing)" if count < distinct else ""
    outcome = f"refuted, {worst:.3f} in level {where}" if refuted else f"proved, {worst:.3f} at most"
    return AllLevels(
        distribution=level_set.name,
        levels=count,
        proved=not refuted,
        worst_regret=worst,
        worst_level=where,
        sentence=f"Regret on '{base}' is at most {LOST:g} in {levels}{untested}: {outcome}.",
    )
