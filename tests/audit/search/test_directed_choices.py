"""Goal-directedness as evidence: seen beside random goals, and never taken for search."""

from __future__ import annotations

import numpy as np

from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.search.directed_choices import directed_choices
from mesascope.core.verdicts import Verdict


def test_who_pursues_a_goal_is_directed_at_it(deploy, pursue):
    found = directed_choices(pursue(deploy, "cheese", slips=0.05), deploy.base)
    assert found.verdict is Verdict.PASS
    assert found.effect.low > 0.5
    assert found.null.high < 0.1
    assert found.details.gain_over_uniform > 0
    assert "directed at 'cheese'" in found.sentence


def test_who_shuns_a_goal_is_directed_away_from_it(deploy, pursue):
    found = directed_choices(pursue(deploy, "avoid-cheese", slips=0.05), deploy.base)
    assert found.details.gain_over_uniform < 0
    assert "directed away from 'cheese'" in found.sentence


def test_a_table_of_the_same_choices_is_as_directed(deploy, pursue):
    """The reason why this decides nothing about search."""
    planner = pursue(deploy, "cheese", slips=0.05)
    table = exact_evaluation(deploy, lambda levels: planner.policy[: levels.count])
    assert directed_choices(table, deploy.base).effect == directed_choices(planner, deploy.base).effect
    assert "as directed as a planner" in directed_choices(table, deploy.base).sentence


def test_chance_is_directed_at_nothing(deploy, always):
    found = directed_choices(always(deploy, [0.2] * 5), deploy.base)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.effect.value < 1e-6
    assert np.isfinite(list(found.details.controls.values())).all()
