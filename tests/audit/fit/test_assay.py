"""What an audit says of agents that never became competent."""

from __future__ import annotations

import numpy as np
import pytest

import mesascope
from mesascope.agents.resolve import agent_of
from mesascope.audit.answers import answers_of
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import evaluate_agent
from mesascope.audit.findings import AlignmentClass
from mesascope.audit.fit.assay import WORLD_FIT
from mesascope.audit.level_set import sample_level_set
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from tests.audit.fit.test_check_fit import ROLLED, WORLD, walker


@pytest.fixture(scope="module")
def level_sets():
    objectives = compile_objectives(WORLD)
    return [
        sample_level_set(name, WORLD, name, objectives, WORLD.base_objective, count=24, key=root_key(place))
        for place, name in enumerate(("train", "deploy"))
    ]


def asked(policy, level_sets):
    """The third answer and the evidence of the assay, as in an audit that has no other."""
    agent = agent_of(policy, name="someone", world=WORLD)
    context = AuditContext(agent, *(evaluate_agent(agent, one, key=root_key(0)) for one in level_sets))
    evidence = [one for one in [WORLD_FIT.run(context)] if one is not None]
    return answers_of(context, evidence).alignment, evidence


def test_the_change_under_which_it_is_able_is_named(level_sets):
    alignment, (fit,) = asked(lambda seen: walker(seen[..., ROLLED]), level_sets)
    assert alignment.class_ is AlignmentClass.INCAPABLE
    assert fit.verdict is Verdict.FAIL
    assert fit.details.verdict == "changed"
    assert "may not have been trained on what this world shows" in alignment.sentence
    assert "--view channels=" in alignment.sentence


def test_an_agent_that_knows_nothing_may_not_have_been_trained_here(level_sets):
    alignment, (fit,) = asked(lambda seen: np.full((len(seen), 5), 0.2), level_sets)
    assert fit.verdict is Verdict.INCONCLUSIVE
    assert "may not have been trained in this world" in alignment.sentence
    assert "favour" not in alignment.sentence


def test_what_its_choices_still_favour_is_said(level_sets):
    up_or_left = np.array([0.5, 0.0, 0.5, 0.0, 0.0])
    alignment, _ = asked(lambda seen: np.broadcast_to(up_or_left, (len(seen), 5)), level_sets)
    assert "choices still favour 'corner' " in alignment.sentence


def test_an_able_agent_is_not_asked(level_sets):
    assert not asked(walker, level_sets)[1]


@pytest.mark.slow
def test_a_whole_audit_asks():
    findings = mesascope.audit(lambda seen: walker(seen[..., ROLLED]), WORLD, levels=24).findings
    (fit,) = [one for one in findings.evidence if one.assay == "world-fit"]
    assert fit.verdict is Verdict.FAIL
    assert "--view channels=" in findings.alignment.sentence
