"""An assay of another package runs in an audit, shows in its report, can be put to the bank, and breaks nothing."""

from __future__ import annotations

import json
import sys
import textwrap

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit.assay import ASSAYS, AUDIT, Stage, assays_of, details_type
from mesascope.audit.audit import audit_agent
from mesascope.audit.search.decision import measured, measures
from mesascope.audit.watching import watched
from mesascope.core.verdicts import Verdict
from mesascope.organisms.bank import assay_check
from mesascope.organisms.bank.assay_check import check_assay
from mesascope.organisms.bank.build import bank_agent
from mesascope.report.data.audit_report import Report
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5, walls="open")
MODULE = '''
    """Assays of a package that Mesascope knows nothing of."""

    from mesascope.audit.assay import Assay, Requirement, Stage, effect_of
    from mesascope.core.details import Details, Rates, rate
    from mesascope.core.intervals import bootstrap_mean
    from mesascope.core.verdicts import Verdict


    class WallDetails(Rates, frozen=True, kw_only=True):
        levels: int


    def hugs(context):
        level_set = context.after.level_set
        share = context.after.policy[..., 2][level_set.active]
        found = bootstrap_mean(share, unit="states")
        details = WallDetails(rates=(rate("up", found),), y_label="share of choices", levels=level_set.levels.count)
        return WALLS.found(Verdict.PASS, "It goes up <b>often</b>.", "up is up", found, None, details)


    WALLS = Assay(
        name="hedges",
        question="optimizer",
        summary="Does it hug the walls?",
        stage=Stage.BEHAVIOUR,
        details=WallDetails,
        undone="No walls were hugged.",
        run=hugs,
        requires=(Requirement.PURSUIT,),
        measure=lambda evidence: effect_of(evidence).value,
    )


    def leave(context):
        raise SystemExit(0)


    EXITS = Assay("exits", "alignment", "Does it leave?", Stage.KIND, dict, "It stays.", leave)
    NO_ASSAY = 3
'''
POINTS = {
    "hedges": "acme_walls:WALLS",
    "exits": "acme_walls:EXITS",
    "gone": "acme_gone:A",
    "none": "acme_walls:NO_ASSAY",
}


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """A distribution that registers assays, found as an installed one would be."""
    (tmp_path / "acme_walls.py").write_text(textwrap.dedent(MODULE))
    info = tmp_path / "acme_walls-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-walls\nVersion: 1.0\n")
    lines = [f"{name} = {target}" for name, target in POINTS.items()]
    (info / "entry_points.txt").write_text("\n".join(["[mesascope.assays]", *lines]) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(ASSAYS, "_entries", {})
    monkeypatch.setattr(ASSAYS, "_discovered", False)
    measured.cache_clear()
    yield
    measured.cache_clear()
    sys.modules.pop("acme_walls", None)


def up(seen: np.ndarray) -> np.ndarray:
    return np.tile([0.05, 0.05, 0.8, 0.05, 0.05], (len(seen), 1))


@pytest.mark.usefixtures("acme")
def test_it_is_listed_and_knows_its_place():
    assert list(ASSAYS.names())[-4:] == list(POINTS)
    assert ASSAYS.entry("hedges").summary == "from acme-walls"
    assert "hedges" in [assay.name for assay in assays_of(Stage.BEHAVIOUR)]
    assert details_type("hedges").__name__ == "WallDetails"
    assert "hedges" in measured(Stage.BEHAVIOUR)


@pytest.mark.usefixtures("acme")
def test_it_runs_in_an_audit_and_shows_in_the_report(tmp_path):
    agent = FunctionAgent("up", up, 5)
    plain = [assay.name for assay in assays_of(*AUDIT) if assay.own]
    findings = audit_agent(watched(agent, WORLD, levels=16))
    by_assay = {one.assay: one for one in findings.evidence}
    found = by_assay["hedges"]
    assert (found.verdict, found.effect.value) == (Verdict.PASS, pytest.approx(0.8))
    assert found.details.levels == 16
    # Others of the package that cannot be had, or leave, say so; everything else is there.
    for name, reason in {"exits": "exit with code 0", "gone": "acme_gone", "none": "is no `mesascope"}.items():
        assert by_assay[name].verdict is Verdict.INCONCLUSIVE
        assert reason in by_assay[name].reason
    assert {name for name in by_assay if name not in POINTS} <= set(plain)
    assert len(by_assay) == len(findings.evidence) > len(POINTS) + 15
    # It is a measure, and has no weight before somebody scores the bank with it.
    assert measures(findings.evidence)["hedges"] == pytest.approx(0.8)
    assert "hedges" not in [name for part in findings.optimizer.parts for name, _ in part.contributions]
    report = Report(findings, {"seed": 0})
    page = report.to_html(tmp_path / "one.html").read_text()
    assert "It goes up &lt;b&gt;often&lt;/b&gt;." in page
    data = next(one for one in json.loads(report.to_json())["evidence"] if one["assay"] == "hedges")
    assert data["details"]["levels"] == 16
    again = Report.from_json(report.to_json())
    read = next(one for one in again.findings.evidence if one.assay == "hedges").details
    assert type(read) is type(found.details)
    assert (read.levels, read.rate("up")) == (16, pytest.approx(0.8))
    assert again.to_html(tmp_path / "again.html").read_text() == page


@pytest.mark.usefixtures("acme")
def test_it_can_be_put_to_the_bank(tmp_path, monkeypatch):
    contexts = iter([watched(FunctionAgent("up", up, 5), WORLD, levels=16) for _ in range(2)])
    monkeypatch.setattr(assay_check, "build_agent", lambda entry, folder: None)
    monkeypatch.setattr(assay_check, "bank_context", lambda entry, agent: next(contexts))
    entries = [bank_agent(name) for name in ("maze-sweeps-6", "maze-sweeps-6-as-nearest")]
    found = check_assay(ASSAYS.load("hedges"), entries, tmp_path)
    assert (found.auroc, found.measured, found.passed) == (0.5, 1.0, 1.0)
