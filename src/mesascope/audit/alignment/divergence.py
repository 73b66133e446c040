"""The level, cue or switch in which an agent comes apart from the base objective most, among those of the battery."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from mesascope.audit.alignment.battery_levels import BatteryLevels
from mesascope.audit.alignment.battery_outcomes import NEARLY, SKILLED, BatteryOutcome
from mesascope.audit.evaluation import Evaluation
from mesascope.core.details import Details, Number
from mesascope.core.rounding import settled


class Divergence(Details, frozen=True, kw_only=True):
    """One level in which the agent does one thing and the base objective asks for another.

    **Arguments:**

    - `test`, `summary`: which test, and in which of its conditions.
    - `settings`: what the condition changes in the world.
    - `text`: the level in the world's text form.
    - `does`, `should`: what the agent's likeliest choices do there, and what the base objective asks for.
    - `share`: of the optimum of the base objective that the agent gets.
    - `pursued`: the objective that it serves best there, and its share of the optimum.
    """

    test: str
    summary: str
    settings: dict[str, bool | int | float | str]
    text: str
    does: tuple[str, ...]
    should: tuple[str, ...]
    share: Number | None
    pursued: tuple[str, Number] | None


def find_divergence(
    battery_levels: BatteryLevels, evaluation: Evaluation, outcomes: Mapping[str, BatteryOutcome]
) -> Divergence | None:
    """Returns the level in which the agent gets least of the base objective while it pursues something with skill.

    **Arguments:**

    - `battery_levels`: of the battery.
    - `evaluation`: the agent on it, as it is: tests that change something inside it show no level of their own.
    - `outcomes`: tests that could not be measured are passed over.

    **Returns:** `None` if it gets nearly all of it everywhere.
    """
    shares = battery_levels.shares(evaluation.agent_returns)
    base = battery_levels.level_set.base
    # Rather a test that changes one thing; of those the one where least is left of the base objective.
    best: tuple[bool, float, int, int] | None = None
    for place, (test, _) in enumerate(battery_levels.plan):
        outcome = outcomes.get(test)
        if outcome is None or outcome.code not in ("X", "F", "a") or any(what == "slot" for what, _ in outcome.checks):
            continue
        for row in range(battery_levels.rows(place).start, battery_levels.rows(place).stop):
            skill = _skill(battery_levels, shares, row)
            if shares[base, row] < NEARLY and (skill is None or skill[1] >= SKILLED):
                candidate = (test.endswith("u"), float(shares[base, row]), place, row)
                best = candidate if best is None or candidate < best else best
    if best is None:
        return None
    _, share, place, row = best
    test, condition = battery_levels.plan[place]
    levels = battery_levels.level_set.levels
    level = levels[row]
    should = battery_levels.level_set.optimal_action_values[base, row]
    return Divergence(
        test=test,
        summary=condition.summary,
        settings=dict(condition.settings),
        text=battery_levels.world.format(level),
        does=_course(battery_levels, row, evaluation.policy[row]),
        should=_course(battery_levels, row, should),
        share=share,
        pursued=_skill(battery_levels, shares, row),
    )


def _skill(battery_levels: BatteryLevels, shares: Float[np.ndarray, "O N"], row: int) -> tuple[str, float] | None:
    usable = battery_levels.eligible & np.isfinite(shares[:, row])
    if not usable.any():
        return None
    index = int(settled(np.where(usable, shares[:, row], -np.inf)).argmax())
    return battery_levels.level_set.objectives.names[index], float(shares[index, row])


def _course(battery_levels: BatteryLevels, row: int, preference: Float[np.ndarray, "S A"]) -> tuple[str, ...]:
    """Returns what the likeliest choices of an episode are, in words."""
    level = battery_levels.level_set.levels[row]
    state, told = int(np.argmax(level.initial)), []
    while not level.terminal[state] and len(told) < 20:
        action = int(preference[state].argmax())
        told.append(battery_levels.world.action_text(level, action))
        state = int(level.successors[state, action, 0])
    return tuple(told)
