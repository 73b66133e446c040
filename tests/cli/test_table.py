from __future__ import annotations

import json

import polars


def test_saved_audits_become_one_table_and_others_are_named(mesascope, tmp_path, report):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text(report.to_json())
    (tmp_path / "run" / "foreign.json").write_text("[]")
    out = tmp_path / "table.parquet"
    code, printed, err = mesascope("table", tmp_path, "--out", out)
    assert code == 0, err
    assert report.findings.subject.world in printed
    assert "foreign.json" in printed
    assert len(polars.read_parquet(out)) == 1
    code, _, err = mesascope("table", tmp_path, "--out", out)
    assert code == 2
    assert "--force" in err
    data = json.loads(mesascope("table", tmp_path, "--json")[1])
    assert len(data["reports"]) == len(data["left_out"]) == 1


def test_an_ending_that_is_no_table_is_refused_before_anything_is_read(mesascope, tmp_path):
    code, out, err = mesascope("table", tmp_path, "--out", tmp_path / "table.txt")
    assert (code, out) == (2, "")
    assert ".parquet" in err
