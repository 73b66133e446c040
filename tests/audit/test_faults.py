"""An assay that fails, fails alone: the rest of the audit says what it says without the fault."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit import examination
from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.audit.audit import audit_agent
from mesascope.audit.findings import AlignmentClass, Findings
from mesascope.audit.search import battery
from mesascope.core.faults import STRICT
from mesascope.core.verdicts import Verdict
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5, walls="open")
STAGES: dict[str, str] = {
    "competence": "competence",
    "base_regret": "base-regret",
    "misgeneralisation_index": "misgeneralisation-index",
    "pursued_objective": "attribution",
    "recovery": "recovery",
    "preference": "preference",
}
"""Functions of the examination, and the assay that stands for each."""

QUICK: set[str] = {"competence", "pursued_objective", "horizon"}
"""What others lean on most; a fault in each of the rest is for the slow tests."""


def broken(*arguments, **options):
    raise ZeroDivisionError("on purpose")


def up_then_left(seen: np.ndarray) -> np.ndarray:
    agent = seen[..., -1].reshape(len(seen), -1).argmax(-1)
    row, column = np.divmod(agent, seen.shape[2])
    return np.eye(5)[np.where(seen[np.arange(len(seen)), row - 1, column, 0] == 1, 2, 0)]


def audited() -> Findings:
    return audit_agent(FunctionAgent("up then left", up_then_left, 5), WORLD, levels=6)


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


@pytest.mark.parametrize(
    ("stage", "assay"),
    [pytest.param(*pair, id=pair[0], marks=[] if pair[0] in QUICK else [pytest.mark.slow]) for pair in STAGES.items()],
)
def test_a_stage_of_the_examination_fails_alone(monkeypatch, sound, stage, assay):
    monkeypatch.delenv(STRICT)
    monkeypatch.setattr(examination, stage, broken)
    findings = audited()
    check_alone(findings, sound, assay)
    # Whatever does not need what it pursues says the same.
    needs = {"preference", *battery.BATTERY} if stage == "pursued_objective" else set()
    assert said(findings, assay, *needs) == said(sound, assay, *needs)
    if stage == "pursued_objective":
        assert findings.objective.verdict is findings.alignment.verdict is Verdict.INCONCLUSIVE
        assert findings.optimizer.verdict is Verdict.INCONCLUSIVE
    if stage == "competence":
        assert findings.alignment.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "assay", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in battery.BATTERY]
)
def test_an_assay_of_search_fails_alone(monkeypatch, sound, assay):
    monkeypatch.delenv(STRICT)
    monkeypatch.setitem(battery.BATTERY, assay, broken)
    findings = audited()
    check_alone(findings, sound, assay)
    # What is measured within the horizon asks for it itself.
    assert said(findings, assay) == said(sound, assay)


@pytest.mark.parametrize("stage", ["classify", "find_witness"])
def test_what_follows_from_assays_fails_alone(monkeypatch, sound, stage):
    monkeypatch.delenv(STRICT)
    monkeypatch.setattr(examination, stage, broken)
    findings = audited()
    assert said(findings, "alignment-battery") == said(sound, "alignment-battery")
    if stage == "classify":
        assert findings.alignment.verdict is Verdict.INCONCLUSIVE
        assert "ZeroDivisionError" in findings.alignment.reason
    if stage == "find_witness":
        assert findings.witness is None


def test_our_own_tests_see_a_fault(monkeypatch):
    monkeypatch.setattr(examination, "competence", broken)
    with pytest.raises(ZeroDivisionError):
        audited()
