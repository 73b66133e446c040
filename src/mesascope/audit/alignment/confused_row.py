"""What tests find in an agent that takes one cue for another: it serves its other aim now and then when watched, too.

How far it falls in a test depends on how often it is mistaken, on what its aim costs there, and on which situations it
takes for others, so its row is no row of the table but is drawn: the best choices for the base objective, and for that
aim in a random share of situations, as large as paired levels show.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

import numpy as np

from mesascope.audit.alignment.battery_levels import BatteryLevels
from mesascope.audit.alignment.battery_outcomes import codes_of
from mesascope.audit.alignment.paired_levels import evenly, restricted
from mesascope.audit.alignment.paired_rates import PairedFindings
from mesascope.audit.evaluation import Evaluation
from mesascope.planning.evaluation import policy_values, returns

DRAWS: int = 8
"""Of the situations that are mistaken."""


def confused_row(
    found: PairedFindings, battery_levels: BatteryLevels, evaluation: Evaluation, *, tolerance: float
) -> Mapping[str, Mapping[str, float]]:
    """Returns how probable each code is, by test; empty for an agent that confuses nothing.

    **Arguments:**

    - `found`: what pairs of levels show.
    - `battery_levels`: of the battery.
    - `evaluation`: of the agent on it.
    - `tolerance`: what a score may lack and still be `A`.
    """
    level_set = battery_levels.level_set
    names = level_set.objectives.names
    if found.confused not in names:
        return {}
    values = level_set.optimal_action_values
    base, aim = (evenly(values[place]) for place in (level_set.base, names.index(found.confused)))
    # What it does where its aim does not care is its own affair: anything, or what the base objective asks for.
    ways = aim, restricted(base, aim)
    random, codes = np.random.default_rng(0), []
    for draw in range(DRAWS):
        mistaken = random.random(base.shape[:2]) < found.mixed[0]
        policy = np.where(mistaken[..., None], ways[draw % len(ways)], base)
        gained = returns(level_set.levels, policy_values(level_set.levels, policy, level_set.objectives))
        drawn = dataclasses.replace(evaluation, policy=policy, agent_returns=gained)
        codes.append(codes_of(battery_levels, drawn, tolerance=tolerance))
    counts = {test: Counter(one[test] for one in codes if test in one) for test in codes[0]}
    return {test: {code: times / DRAWS for code, times in found.items()} for test, found in counts.items()}
