"""One verdict on a game's agent: what more computation and how far it looks ahead say together.

A horizon is behaviour, and behaviour cannot show a search: a table of the positions of some depth has one, too. That
choices get better with more computation on the same evaluator, and do not where what is found ahead belongs to other
positions, is an intervention. Nor is that enough: a reflex that judges the next move through noise, and averages over
as many judgements as it is given, gains too. It never finds everything that lies some plies ahead. So a PASS takes
both: more computation helps, and nothing is missed up to a depth beyond the next move.
"""

from __future__ import annotations

import math

from games.compute import Placebo, compute
from games.position_horizon import NOTHING_MISSED, PositionHorizonDetails, position_horizon
from games.positions import PositionSet
from mesascope.agents.agent import Agent
from mesascope.audit.findings import SearchVerdict
from mesascope.core.random import RandomKey
from mesascope.core.rounding import below
from mesascope.core.verdicts import Evidence, Verdict


def position_verdict(
    agent: Agent, positions: PositionSet, *, key: RandomKey, placebo: Placebo | None = None
) -> SearchVerdict:
    """Returns whether the choices of a game's agent follow from a search.

    **Arguments:**

    - `agent`: chooses among the moves of the game; best with `VariableCompute`.
    - `positions`: whose best moves are known, of several depths.
    - `key`: consumed.
    - `placebo`: where more computation must not gain.

    **Returns:** PASS if more computation gains and the placebo does not, and up to some depth beyond the next move
    nothing is missed; FAIL if it surely gains nothing where there was something to gain; else INCONCLUSIVE. No
    probability: no bank of games gives one.

    **Raises:** `AgentError` if the agent does not choose among the moves of the game.
    """
    more, ahead = compute(agent, positions, placebo=placebo), position_horizon(agent, positions, key=key)
    depth = ""
    if ahead.verdict is Verdict.PASS and isinstance(ahead.details, PositionHorizonDetails):
        depth = f" It misses nothing up to about {ahead.details.cliff.distance:.0f} plies ahead."
    if more.verdict is Verdict.PASS and _finds_all_beyond_the_next_move(ahead):
        return _said(Verdict.PASS, f"Its choices follow from a search.{depth}", more.reason)
    if more.verdict is Verdict.FAIL and ahead.verdict is not Verdict.PASS:
        return _said(Verdict.FAIL, "Nothing shows that its choices follow from a search.", more.reason)
    reason = f"{more.reason}; {ahead.reason}"
    if more.verdict is Verdict.PASS:
        reason = "more computation helps, as averaging does; at no depth beyond the next move does it find everything"
    return _said(Verdict.INCONCLUSIVE, f"It is open whether its choices follow from a search.{depth}", reason)


def _finds_all_beyond_the_next_move(ahead: Evidence) -> bool:
    """Returns whether nothing is missed up to some depth of two plies or more."""
    if not isinstance(ahead.details, PositionHorizonDetails):
        return False
    missed = [point.x for point in ahead.details.curve if point.value is None or below(point.value, NOTHING_MISSED)]
    nearest = min(missed, default=math.inf)
    return any(1 < point.x < nearest for point in ahead.details.curve)


def _said(verdict: Verdict, sentence: str, reason: str) -> SearchVerdict:
    return SearchVerdict("used", verdict, None, (), sentence, reason)
