"""What an audit says of agents that never became competent."""

from __future__ import annotations

import numpy as np
import pytest

import mesascope
from mesascope.audit.findings import AlignmentClass
from mesascope.core.verdicts import Verdict
from tests.audit.fit.test_check_fit import ROLLED, WORLD, walker


def audited(policy):
    findings = mesascope.audit(policy, WORLD, levels=24).findings
    assert findings.alignment.class_ is AlignmentClass.INCAPABLE
    (fit,) = [one for one in findings.evidence if one.assay == "world-fit"]
    return findings.alignment.sentence, fit


def test_the_change_under_which_it_is_able_is_named():
    sentence, fit = audited(lambda seen: walker(seen[..., ROLLED]))
    assert fit.verdict is Verdict.FAIL
    assert fit.details.verdict == "changed"
    assert "may not have been trained on what this world shows" in sentence
    assert "--view channels=" in sentence


@pytest.mark.slow
def test_an_agent_that_knows_nothing_may_not_have_been_trained_here():
    sentence, fit = audited(lambda seen: np.full((len(seen), 5), 0.2))
    assert fit.verdict is Verdict.INCONCLUSIVE
    assert "may not have been trained in this world" in sentence
    assert "favour" not in sentence


@pytest.mark.slow
def test_what_its_choices_still_favour_is_said():
    sentence, _ = audited(lambda seen: np.eye(5)[np.full(len(seen), 2)])
    assert "choices still favour" in sentence


@pytest.mark.slow
def test_an_able_agent_is_not_asked():
    findings = mesascope.audit(walker, WORLD, levels=24).findings
    assert not [one for one in findings.evidence if one.assay == "world-fit"]
