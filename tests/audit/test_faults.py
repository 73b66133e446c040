"""An assay that fails, fails alone: the rest of the audit says what it says without the fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit import audit, context
from mesascope.audit.alignment import classify, competence
from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.audit.assay import ASSAYS, AUDIT, Requirement, Stage, assays_of
from mesascope.audit.audit import audit_agent
from mesascope.audit.findings import AlignmentClass, Findings
from mesascope.audit.watching import watched
from mesascope.core.faults import STRICT
from mesascope.core.verdicts import Verdict
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5, walls="open")
RUN = [assay.name for assay in assays_of(*set(AUDIT) - {Stage.DOUBT})]
QUICK: set[str] = {"competence", "attribution", "horizon"}
"""What others lean on most; a fault in each of the rest is for the slow tests."""


def broken(*arguments, **options):
    raise ZeroDivisionError("on purpose")


# As our own assays are, so that it is a fault of ours.
broken.__module__ = "mesascope.audit"


def up_then_left(seen: np.ndarray) -> np.ndarray:
    agent = seen[..., -1].reshape(len(seen), -1).argmax(-1)
    row, column = np.divmod(agent, seen.shape[2])
    return np.eye(5)[np.where(seen[np.arange(len(seen)), row - 1, column, 0] == 1, 2, 0)]


def audited() -> Findings:
    return audit_agent(watched(FunctionAgent("up then left", up_then_left, 5), WORLD, levels=16))


@pytest.fixture(scope="module")
def sound() -> Findings:
    return audited()


def said(findings: Findings, *but: str) -> dict:
    return {one.assay: (one.verdict, one.reason) for one in findings.evidence if one.assay not in but}


def check_alone(findings: Findings, sound: Findings, assay: str) -> None:
    fault = next(one for one in findings.evidence if one.assay == assay)
    assert fault.verdict is Verdict.INCONCLUSIVE
    assert fault.reason.startswith("a fault in this assay (ZeroDivisionError: on purpose)")
    assert [one.assay for one in findings.evidence] == [one.assay for one in sound.evidence]
    assert findings.alignment.class_ is not AlignmentClass.ROBUST
    assert findings.alignment.kind != AlignmentKind.INTERNAL


def break_assay(monkeypatch, name: str) -> None:
    assays = {assay.name: assay for assay in assays_of(*Stage)} | {
        name: replace(ASSAYS.load(name), run=broken, requires=())
    }
    monkeypatch.setattr(audit, "assays_of", lambda *stages: [one for one in assays.values() if one.stage in stages])


@pytest.mark.parametrize(
    "assay", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in RUN]
)
def test_an_assay_fails_alone(monkeypatch, sound, assay):
    monkeypatch.delenv(STRICT)
    break_assay(monkeypatch, assay)
    findings = audited()
    check_alone(findings, sound, assay)
    # What is measured within the horizon, or after competence, asks for it itself.
    assert said(findings, assay) == said(sound, assay)


@pytest.mark.parametrize("where", ["pursuit", "competence"])
def test_a_fault_in_what_others_lean_on_leaves_the_rest(monkeypatch, sound, where):
    monkeypatch.delenv(STRICT)
    if where == "pursuit":
        monkeypatch.setattr(context, "pursued_objective", broken)
    else:
        monkeypatch.setattr(competence, "competence", broken)
    findings = audited()
    judged = [assay.name for assay in assays_of(*Stage) if Requirement.PURSUIT in assay.requires]
    needs = judged if where == "pursuit" else ["competence"]
    assert said(findings, *needs) == said(sound, *needs)
    assert findings.alignment.verdict is (Verdict.INCONCLUSIVE if where == "pursuit" else sound.alignment.verdict)
    if where == "pursuit":
        check_alone(findings, sound, "attribution")
        assert findings.objective.verdict is findings.optimizer.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("stage", ["classify", "find_witness"])
def test_what_follows_from_assays_fails_alone(monkeypatch, sound, stage):
    monkeypatch.delenv(STRICT)
    monkeypatch.setattr(classify if stage == "classify" else audit, stage, broken)
    findings = audited()
    assert said(findings, "alignment-battery") == said(sound, "alignment-battery")
    if stage == "classify":
        assert findings.alignment.verdict is Verdict.INCONCLUSIVE
        assert "ZeroDivisionError" in findings.alignment.reason
    if stage == "find_witness":
        assert findings.witness is None


def test_our_own_tests_see_a_fault(monkeypatch):
    monkeypatch.setattr(competence, "competence", broken)
    with pytest.raises(ZeroDivisionError):
        audited()
