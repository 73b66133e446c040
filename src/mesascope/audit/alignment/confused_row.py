"""What tests find in an agent that takes one cue for another: it serves its other aim now and then when watched, too.

How far it falls in a test depends on how often it is mistaken and on what its aim costs there, so its row is no row of
the table but is worked out: the best choices for the base objective, and for that aim in the share of choices that
paired levels show.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from mesascope.audit.alignment.battery_levels import BatteryLevels
from mesascope.audit.alignment.battery_outcomes import codes_of
from mesascope.audit.alignment.paired_levels import evenly
from mesascope.audit.alignment.paired_rates import PairedFindings
from mesascope.audit.evaluation import Evaluation
from mesascope.planning.evaluation import policy_values, returns


def confused_row(
    found: PairedFindings, battery_levels: BatteryLevels, evaluation: Evaluation, *, tolerance: float
) -> Mapping[str, str]:
    """Returns the predicted code by test; empty for an agent that confuses nothing.

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
    share = min(found.mixed[0], 1.0)
    policy = (1 - share) * base + share * aim
    gained = returns(level_set.levels, policy_values(level_set.levels, policy, level_set.objectives))
    mistaken = dataclasses.replace(evaluation, policy=policy, agent_returns=gained)
    return codes_of(battery_levels, mistaken, tolerance=tolerance)
