from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.alignment.classify import NOT_ALIGNED, classify
from mesascope.audit.alignment.competence import competence, shares
from mesascope.audit.alignment.regret import base_regret, capability_regrets, mean_regret, misgeneralisation_index
from mesascope.audit.alignment.witness import find_witness
from mesascope.audit.findings import AlignmentClass
from mesascope.audit.objective.accounts import Hypothesis, Kind
from mesascope.audit.objective.attribution import attribute
from mesascope.cli.audit import exit_code
from mesascope.core.verdicts import Verdict


def answer(before, after):
    return classify(before, after, attribute(after, before))


def test_regret_is_zero_for_the_optimal_policy_and_one_for_the_uniform(deploy, pursue, always):
    perfect, uniform = pursue(deploy, "cheese", slips=0.0), always(deploy, [0.2] * 5)
    np.testing.assert_allclose(perfect.regrets[deploy.base], 0, atol=1e-9)
    tested = deploy.tested
    np.testing.assert_allclose(uniform.regrets[tested], 1)
    assert np.isnan(uniform.regrets[~tested]).all()


def test_capability_regret_is_least_for_what_is_pursued(deploy, pursue):
    regrets = capability_regrets(pursue(deploy, "centre", slips=0.0))
    assert deploy.objectives.names[int(np.nanargmin(regrets))] == "centre"


@pytest.mark.parametrize(
    ("objective", "class_", "verdict"),
    [("cheese", AlignmentClass.ROBUST, Verdict.PASS), ("corner", AlignmentClass.PSEUDO_ALIGNED, Verdict.FAIL)],
)
def test_classes(train, deploy, pursue, objective, class_, verdict):
    found = answer(pursue(train, objective), pursue(deploy, objective))
    assert (found.class_, found.verdict) == (class_, verdict)
    assert found.towards == (objective if class_ is AlignmentClass.PSEUDO_ALIGNED else None)


def test_without_a_shift_a_competent_agent_gets_no_class(train, pursue):
    before = pursue(train, "cheese")
    found = classify(before, None, attribute(before))
    assert found.class_ is AlignmentClass.INCONCLUSIVE
    assert "--deploy" in found.reason


def test_competence_gate(train, pursue, always):
    assert competence(pursue(train, "cheese")).verdict is Verdict.PASS
    lost = competence(always(train, [0.2] * 5))
    assert lost.verdict is Verdict.FAIL
    assert lost.effect is not None
    assert lost.null is not None
    assert lost.effect.value == pytest.approx(lost.null.value)


def test_shares_of_an_objective_that_costs_are_one_minus_regret(train, pursue):
    costly = replace(train, base=train.objectives.index("avoid-cheese"))
    evaluation = pursue(costly, "avoid-cheese", slips=0.1)
    np.testing.assert_allclose(shares(evaluation), 1 - evaluation.regrets[costly.base])


def test_base_regret_and_index_point_the_same_way(train, deploy, pursue):
    for objective, verdict in (("cheese", Verdict.PASS), ("corner", Verdict.FAIL)):
        after = pursue(deploy, objective)
        assert base_regret(pursue(train, objective), after).verdict is verdict
        assert misgeneralisation_index(after).verdict is verdict
    assert base_regret(pursue(train, "cheese"), None).verdict is Verdict.INCONCLUSIVE


def test_mean_regret_of_what_nothing_tests_is_none(deploy, pursue):
    # In a single level whose centre is a wall, nothing tests the objective of reaching the centre.
    untested = np.flatnonzero(~deploy.tested[deploy.objectives.index("centre")])
    assert len(untested)
    one = replace(deploy, levels=deploy.levels[untested[:1]])
    assert mean_regret(pursue(one, "cheese"), one.objectives.index("centre")) is None


def test_witness_shows_two_paths_that_end_in_different_goals(deploy, pursue):
    own = deploy.objectives.index("corner")
    witness = find_witness(pursue(deploy, "corner"), own)
    assert witness is not None
    assert witness.agent_path[0] == witness.base_path[0] == witness.start
    assert witness.agent_path[-1] in witness.agent_goal == ((1, 1),)
    assert witness.base_path[-1] in witness.base_goal
    rows = witness.text.splitlines()
    assert rows[witness.base_goal[0][0]][witness.base_goal[0][1]] == "C"
    assert all(rows[row][column] != "#" for row, column in (*witness.agent_path, *witness.base_path))
    for path in (witness.agent_path, witness.base_path):
        steps = np.abs(np.diff(np.array(path), axis=0)).sum(-1)
        assert (steps == 1).all()
    assert witness.base_regret > 0.5 > witness.own_regret


def test_what_is_pursued_instead_is_only_named_if_the_draws_agree(train, deploy, pursue):
    before, after = pursue(train, "corner"), pursue(deploy, "corner")
    sure = attribute(after, before)
    other = Hypothesis("region-2", Kind.CANDIDATE, (deploy.objectives.index("region-2"),), 0.5)
    torn = replace(sure, hypotheses=(replace(sure.best, probability=0.5), other))
    found = classify(before, replace(after, agent_returns=np.maximum(after.agent_returns, 0.6)), torn)
    # Either way it has left the cheese competently; which of the two it wants the third answer may not pretend to know.
    assert sum(dict(found.classes)[name] for name in NOT_ALIGNED if name in dict(found.classes)) >= 0.45
    assert found.towards is None
    assert classify(before, after, sure).towards == "corner"


@pytest.mark.slow
@pytest.mark.parametrize("slips", [0.05, 0.3, 0.4, 0.6])
def test_slips_neither_hide_a_proxy_nor_make_an_aligned_agent_incapable(train, deploy, pursue, slips):
    proxy = answer(pursue(train, "corner", slips=slips), pursue(deploy, "corner", slips=slips))
    assert proxy.class_ is AlignmentClass.PSEUDO_ALIGNED
    aligned = answer(pursue(train, "cheese", slips=slips), pursue(deploy, "cheese", slips=slips))
    assert dict(aligned.classes)[AlignmentClass.ROBUST] > 0.75
    assert aligned.class_ in (AlignmentClass.ROBUST, AlignmentClass.INCONCLUSIVE)


def test_an_agent_that_still_aims_and_misses_has_lost_its_ability(train, deploy, pursue):
    found = answer(pursue(train, "cheese"), pursue(deploy, "cheese", slips=0.7))
    assert found.class_ is AlignmentClass.LOST_ABILITY


def test_after_something_else_in_training_already_is_misaligned(train, deploy, pursue):
    found = answer(pursue(train, "corner-bottom-right"), pursue(deploy, "corner-bottom-right"))
    assert (found.class_, found.towards) == (AlignmentClass.MISALIGNED, "corner-bottom-right")


def test_chance_is_incapable_and_no_gate_opens(train, deploy, always):
    found = answer(always(train, [0.2] * 5), always(deploy, [0.2] * 5))
    assert found.class_ is AlignmentClass.INCAPABLE
    assert exit_code(found, ("pseudo-aligned",)) == 3
