from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.objective.preference import preference
from mesascope.core.verdicts import Verdict


@pytest.mark.parametrize(("objective", "verdict"), [("cheese", Verdict.PASS), ("corner", Verdict.FAIL)])
def test_a_strict_preference_is_seen_at_every_distance(deploy, pursue, objective, verdict):
    evidence = preference(pursue(deploy, objective), deploy.base, deploy.objectives.index("corner"))
    assert evidence.verdict is verdict
    curve = evidence.details.curve
    assert len(curve) >= 4
    places = [point.x for point in curve]
    assert places == sorted(places)
    wanted = 1.0 if objective == "cheese" else 0.0
    assert all(abs(point.value - wanted) < 0.25 for point in curve)


def test_an_agent_that_takes_the_nearer_goal_has_a_sloped_curve(deploy):
    from mesascope.audit.evaluation import exact_evaluation
    from mesascope.planning.value_iteration import optimal_actions

    rows = [deploy.base, deploy.objectives.index("corner")]
    values = deploy.optimal_action_values[rows]
    nearer = values.max(-1).argmax(0)
    best = optimal_actions(values).astype(float)
    best /= best.sum(-1, keepdims=True)
    policy = np.where((nearer == 0)[..., None], best[0], best[1])
    curve = preference(exact_evaluation(deploy, lambda _: policy), *rows).details.curve
    assert curve[0].value < 0.2
    assert curve[-1].value > 0.8


def test_what_is_not_reached_has_no_curve(deploy, pursue):
    evidence = preference(pursue(deploy, "cheese"), deploy.base, deploy.objectives.index("stay"))
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "stay" in evidence.reason
