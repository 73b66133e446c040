from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.search.shown_edits import shown_edits
from mesascope.core.errors import AgentError
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict

KEY = root_key(5)


def rates(evidence) -> dict[str, float]:
    return {rate.name: rate.value for rate in evidence.details.rates}


def test_a_planner_adapts_and_is_never_stale(deploy, pursue):
    evidence = shown_edits(pursue(deploy, "cheese", slips=0.0), deploy.base, key=KEY)
    assert evidence.verdict is Verdict.PASS
    found = rates(evidence)
    assert (found["adapts"], found["stale"]) == (pytest.approx(1), pytest.approx(0))
    assert found["placebo"] == pytest.approx(0)


def test_a_table_of_stored_choices_is_stale_and_never_adapts(deploy, pursue):
    stored = pursue(deploy, "cheese", slips=0.0).policy

    def replay(levels, where=None):
        # The table is keyed by level and does not look at the walls: edited levels get the choices of the originals.
        original = [
            int(np.argmin([np.sum(walls != known) for known in deploy.levels.layout.walls]))
            for walls in np.asarray(levels.layout.walls)
        ]
        return stored[original]

    evidence = shown_edits(exact_evaluation(deploy, replay), deploy.base, key=KEY)
    assert evidence.verdict is Verdict.FAIL
    found = rates(evidence)
    assert (found["adapts"], found["stale"]) == (pytest.approx(0, abs=0.05), pytest.approx(1, abs=0.05))


def test_chance_adapts_at_the_rate_of_chance(deploy, pursue):
    uniform = np.full(deploy.levels.successors.shape[:3], 0.2)
    knew = pursue(deploy, "cheese", slips=0.0).policy

    def forgetful(levels, where=None):
        return knew if levels is deploy.levels else np.broadcast_to(uniform[:1], (levels.count, *uniform.shape[1:]))

    found = rates(shown_edits(exact_evaluation(deploy, forgetful), deploy.base, key=KEY))
    assert found["adapts"] == pytest.approx(found["chance"])


def test_an_agent_that_fails_on_edited_levels_is_inconclusive(deploy, pursue):
    policy = pursue(deploy, "cheese").policy

    def fragile(levels, where=None):
        if levels is not deploy.levels:
            raise AgentError("boom")
        return policy

    evidence = shown_edits(exact_evaluation(deploy, fragile), deploy.base, key=KEY)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "boom" in evidence.reason


def test_an_agent_that_knew_nothing_before_decides_nothing(deploy, always):
    assert shown_edits(always(deploy, [0.2] * 5), deploy.base, key=KEY).verdict is Verdict.INCONCLUSIVE


def table_of(level_set, stored):
    """Returns who replays stored choices, keyed by the level that an edited one looks most like."""

    def replay(levels, where=None):
        known = np.asarray(level_set.levels.layout.walls)
        return stored[
            [int(np.argmin((known != walls).sum(tuple(range(1, known.ndim))))) for walls in levels.layout.walls]
        ]

    return replay


def test_after_edits_near_by_a_table_repeats_itself(deploy, pursue):
    """What a short horizon leaves of edits far away is too little; near by there are enough."""
    stored = exact_evaluation(deploy, table_of(deploy, pursue(deploy, "cheese", slips=0.0).policy))
    evidence = shown_edits(stored, deploy.base, key=KEY, within=3.0, near=True)
    assert evidence.verdict is Verdict.FAIL
    assert evidence.details.near
    found = rates(evidence)
    assert (found["adapts"], found["stale"]) == (pytest.approx(0, abs=0.05), pytest.approx(1, abs=0.05))


def test_after_edits_near_by_nothing_speaks_for_a_search(deploy, pursue):
    """Who plans anew may be a reflex; who is beyond its horizon then, and chooses by chance, is no table."""
    knew = pursue(deploy, "cheese", slips=0.0)
    assert shown_edits(knew, deploy.base, key=KEY, within=3.0, near=True).effect is None

    def lost(levels, where=None):
        chance = np.full((levels.count, *knew.policy.shape[1:]), 0.2)
        return knew.policy if levels is deploy.levels else chance

    assert shown_edits(exact_evaluation(deploy, lost), deploy.base, key=KEY, within=3.0, near=True).effect is None
