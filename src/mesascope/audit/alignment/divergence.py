"""The level, cue or switch in which an agent comes apart from the base objective most, among those of the battery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.alignment.cells import NEARLY, SKILLED, Cell
from mesascope.audit.alignment.test_ground import TestGround
from mesascope.audit.setting import Setting
from mesascope.core.rounding import settled


@dataclass(frozen=True)
class Divergence:
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
    settings: Mapping[str, bool | int | float | str]
    text: str
    does: tuple[str, ...]
    should: tuple[str, ...]
    share: float
    pursued: tuple[str, float] | None

    def data(self) -> dict:
        """Returns this as plain data."""
        return {
            "test": self.test,
            "summary": self.summary,
            "settings": dict(self.settings),
            "text": self.text,
            "does": list(self.does),
            "should": list(self.should),
            "share": self.share,
            "pursued": None if self.pursued is None else list(self.pursued),
        }


def find_divergence(ground: TestGround, setting: Setting, cells: Mapping[str, Cell]) -> Divergence | None:
    """Returns the level in which the agent gets least of the base objective while it pursues something with skill.

    **Arguments:**

    - `ground`: of the battery.
    - `setting`: the agent on it, as it is: tests that change something inside it show no level of their own.
    - `cells`: tests that could not be measured are passed over.

    **Returns:** `None` if it gets nearly all of it everywhere.
    """
    shares = ground.shares(setting.agent_returns)
    base = ground.ground.base
    # Rather a test that changes one thing; of those the one where least is left of the base objective.
    best: tuple[bool, float, int, int] | None = None
    for place, (test, _) in enumerate(ground.plan):
        cell = cells.get(test)
        if cell is None or cell.code not in ("X", "F", "a") or any(what == "slot" for what, _ in cell.checks):
            continue
        for row in range(ground.rows(place).start, ground.rows(place).stop):
            skill = _skill(ground, shares, row)
            if shares[base, row] < NEARLY and (skill is None or skill[1] >= SKILLED):
                candidate = (test.endswith("u"), float(shares[base, row]), place, row)
                best = candidate if best is None or candidate < best else best
    if best is None:
        return None
    _, share, place, row = best
    test, condition = ground.plan[place]
    levels = ground.ground.levels
    level = levels[row]
    should = ground.ground.optimal_action_values[base, row]
    return Divergence(
        test,
        condition.summary,
        condition.settings,
        ground.world.format(level),
        _course(ground, row, setting.policy[row]),
        _course(ground, row, should),
        share,
        _skill(ground, shares, row),
    )


def _skill(ground: TestGround, shares: Float[np.ndarray, "O N"], row: int) -> tuple[str, float] | None:
    usable = ground.eligible & np.isfinite(shares[:, row])
    if not usable.any():
        return None
    index = int(settled(np.where(usable, shares[:, row], -np.inf)).argmax())
    return ground.ground.objectives.names[index], float(shares[index, row])


def _course(ground: TestGround, row: int, preference: Float[np.ndarray, "S A"]) -> tuple[str, ...]:
    """Returns what the likeliest choices of an episode are, in words."""
    level = ground.ground.levels[row]
    state, told = int(np.argmax(level.initial)), []
    while not level.terminal[state] and len(told) < 20:
        action = int(preference[state].argmax())
        told.append(ground.world.action_text(level, action))
        state = int(level.successors[state, action, 0])
    return tuple(told)
