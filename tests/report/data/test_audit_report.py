"""Reports as JSON: layout, determinism, round trip, files, the table of evidence."""

from __future__ import annotations

import dataclasses
import json
import os

import numpy as np
import pytest

from mesascope.core.errors import OutputError, UsageError
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.audit_report import Report
from mesascope.report.data.json_text import json_text
from mesascope.report.data.saved_report import MAXIMUM_BYTES


def with_evidence(report: Report, **changes) -> Report:
    first = dataclasses.replace(report.findings.evidence[0], **changes)
    findings = dataclasses.replace(report.findings, evidence=(first, *report.findings.evidence[1:]))
    return dataclasses.replace(report, findings=findings)


def test_the_fields_of_the_design_are_where_it_says(reports):
    data = json.loads(reports["pseudo-aligned"].to_json())
    assert (data["agent"], data["world"], data["base_objective"], data["seed"]) == (
        "corner (organism)",
        "corner",
        "cheese",
        0,
    )
    optimizer, objective, alignment = (data["answers"][name] for name in ("optimizer", "objective", "alignment"))
    assert (optimizer["verdict"], optimizer["probability"]) == ("INCONCLUSIVE", None)
    assert "activations" in optimizer["missing"]["probability"]
    assert (objective["name"], objective["probability"]) == ("corner", 0.998)
    assert objective["distance_to_base"] is None
    assert objective["unidentified_dimensions"] is None
    assert set(objective["missing"]) == {"distance_to_base", "unidentified_dimensions"}
    assert (alignment["class"], alignment["probability"], alignment["runner_up"]) == ("pseudo-aligned", 0.99, "robust")
    assert data["regret"]["deploy"] == {
        "value": 0.84,
        "low": 0.82,
        "high": 0.86,
        "n": 512,
        "unit": "levels",
        "confidence": 0.95,
    }
    assert data["witness"]["text"].startswith("#########\n#...#..C#")
    assert data["witness"]["agent_path"][0] == [7, 7]
    assert [piece["assay"] for piece in data["evidence"]][:2] == ["training-competence", "objective-attribution"]
    assert data["not_tested"][0] == {"what": "deception", "why": "no cue in this world"}


def test_whatever_is_null_says_why(reports):
    data = json.loads(reports["inconclusive"].to_json())
    assert data["regret"]["deploy"] is None
    assert data["regret"]["missing"]["deploy"] == "no shift was named"
    assert "Corner and cheese demand the same" in data["answers"]["objective"]["missing"]["name"]
    assert data["witness"] is None
    assert data["evidence"][0]["effect"]["value"] is None


def test_json_survives_a_round_trip(report):
    again = Report.from_json(report.to_json())
    assert again.to_json() == report.to_json()
    assert again.findings.subject.agent == report.findings.subject.agent
    assert [piece.cost_seconds for piece in again.findings.evidence] == [
        piece.cost_seconds for piece in report.findings.evidence
    ]


def test_finite_findings_come_back_equal(reports):
    report = reports["pseudo-aligned"]
    assert Report.from_json(report.to_json()).findings == report.findings


def test_only_the_provenance_block_may_differ(reports):
    report = reports["pseudo-aligned"]
    slower = with_evidence(report, cost_seconds=99.0)
    slower = dataclasses.replace(slower, provenance={**report.provenance, "wall_seconds": 500.0})
    ours, theirs = json.loads(report.to_json()), json.loads(slower.to_json())
    assert ours["provenance"] != theirs["provenance"]
    assert slower.to_json().split('"provenance"')[0] == report.to_json().split('"provenance"')[0]


def test_noise_beyond_nine_digits_does_not_change_the_bytes(reports):
    report = reports["pseudo-aligned"]
    one = with_evidence(report, details={"a": 0.12345678901234, "zero": -0.0})
    two = with_evidence(report, details={"zero": 0.0, "a": 0.12345678901299})
    three = with_evidence(report, details={"zero": 0.0, "a": 0.1234568})
    assert one.to_json() == two.to_json() != three.to_json()


def test_numpy_numbers_become_json(reports):
    details = {
        "flag": np.bool_(True),
        "count": np.int64(3),
        "share": np.float32(0.5),
        "table": np.array([[1.0, np.nan]]),
        "verdict": Verdict.PASS,
    }
    data = json.loads(with_evidence(reports["robust"], details=details).to_json())
    expected = {"flag": True, "count": 3, "share": 0.5, "table": [[1.0, None]], "verdict": "PASS"}
    assert data["evidence"][0]["details"] == expected


def test_details_that_json_cannot_hold_are_named(reports):
    with pytest.raises(TypeError, match=r"evidence\[0\]\.details\.deep\[1\] is a set"):
        with_evidence(reports["robust"], details={"deep": [1, {2}]}).to_json()


def test_a_name_that_is_not_utf8_can_be_written(reports, tmp_path):
    name = os.fsdecode(b"agent-\xff.zip")
    report = reports["inconclusive"]
    findings = dataclasses.replace(report.findings, subject=dataclasses.replace(report.findings.subject, agent=name))
    json_path, _ = dataclasses.replace(report, findings=findings).save(tmp_path)
    assert Report.load(json_path).findings.subject.agent == "agent-?.zip"


def test_json_text_is_json_and_stays_readable(report):
    text = report.to_json()
    assert json.dumps(json.loads(text)) == json.dumps(json.loads(json_text(json.loads(text))))
    numbers = json_text({"numbers": [number / 7 for number in range(200)]})
    assert max(len(line) for line in numbers.splitlines()) <= 120
    assert json.loads(numbers)["numbers"][3] == 3 / 7


def test_save_writes_both_files_and_replaces_only_by_force(reports, tmp_path):
    json_path, html_path = reports["inconclusive"].save(tmp_path / "run")
    assert json_path.read_text("utf-8") == reports["inconclusive"].to_json()
    assert html_path.read_text("utf-8").startswith("<!doctype html>")
    other = dataclasses.replace(reports["inconclusive"], provenance={"seed": 7})
    with pytest.raises(OutputError, match="force=True"):
        other.save(tmp_path / "run")
    assert json_path.read_text("utf-8") == reports["inconclusive"].to_json()
    other.save(tmp_path / "run", force=True)
    assert json_path.read_text("utf-8") == other.to_json()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["report.html", "report.json"]


def test_one_half_of_an_old_report_is_not_overwritten(reports, tmp_path):
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        reports["inconclusive"].save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_an_output_error(reports, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Cannot write"):
        reports["inconclusive"].save(tmp_path / "file" / "run")


def test_load_refuses_what_is_no_report_file(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        Report.load(tmp_path / "missing.json")
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(UsageError, match="not UTF-8"):
        Report.load(tmp_path / "latin.json")
    with open(tmp_path / "huge.json", "wb") as file:
        file.truncate(MAXIMUM_BYTES + 1)
    with pytest.raises(UsageError, match="at most"):
        Report.load(tmp_path / "huge.json")


def test_the_evidence_table_has_a_row_per_assay(reports):
    table = reports["pseudo-aligned"].evidence_table()
    assert table.columns[:8] == [
        "assay",
        "question",
        "verdict",
        "effect",
        "effect_low",
        "effect_high",
        "effect_n",
        "effect_unit",
    ]
    edits = table.filter(table["assay"] == "shown-edits").row(0, named=True)
    assert (edits["effect"], edits["effect_n"], edits["effect_unit"], edits["null"]) == (0.31, 400, "edits", 0.02)
    assert table.filter(table["assay"] == "deception-cue")["effect"].to_list() == [None]
    assert table["verdict"].to_list() == ["PASS", "FAIL", "FAIL", "INCONCLUSIVE", "INCONCLUSIVE"]


def test_the_evidence_table_without_evidence_keeps_its_columns(reports):
    report = reports["pseudo-aligned"]
    empty = dataclasses.replace(report, findings=dataclasses.replace(report.findings, evidence=()))
    assert empty.evidence_table().shape == (0, 16)
    assert empty.evidence_table().columns == report.evidence_table().columns


def test_regrets_of_an_unknown_distribution_are_refused(reports):
    report = reports["pseudo-aligned"]
    regret = {"elsewhere": report.findings.regret["train"]}
    strange = dataclasses.replace(report, findings=dataclasses.replace(report.findings, regret=regret))
    with pytest.raises(ValueError, match="elsewhere"):
        strange.to_json()


def test_inconclusive_evidence_without_reason_is_refused_when_read(reports):
    data = json.loads(reports["inconclusive"].to_json())
    data["evidence"][0]["reason"] = ""
    with pytest.raises(UsageError, match=r"evidence\[0\]"):
        Report.from_json(json.dumps(data))
    assert Evidence("a", "b", Verdict.PASS, "", "").reason == ""
