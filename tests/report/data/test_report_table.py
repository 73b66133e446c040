"""Saved audits of many runs as one table."""

from __future__ import annotations

import polars
import pytest

from mesascope.core.errors import UsageError
from mesascope.report.data.report_table import report_table
from tests.report.battery_examples import report as battery_report


@pytest.fixture
def runs(tmp_path, reports):
    for name in ("pseudo-aligned", "inconclusive"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(reports[name].to_json())
        (tmp_path / name / "request.json").write_text("{}")
    return tmp_path


def test_each_audit_is_a_row_with_answers_probabilities_and_intervals(runs):
    table = report_table(runs)
    assert table.left_out == ()
    assert table.frame["path"].to_list() == [
        str(runs / name / "report.json") for name in ("inconclusive", "pseudo-aligned")
    ]
    row = table.frame.row(1, named=True)
    assert (row["agent"], row["world"], row["seed"]) == ("corner (organism)", "corner", 0)
    assert row["searches"] == "open"
    assert (row["objective"], row["objective_probability"]) == ("corner", 0.998)
    assert (row["alignment"], row["alignment_probability"]) == ("pseudo-aligned", 0.99)
    assert [row[f"regret_deploy{end}"] for end in ("", "_low", "_high", "_n")] == [0.84, 0.82, 0.86, 512]
    missing = table.frame.row(0, named=True)
    assert missing["objective"] is None
    assert missing["regret_deploy"] is None


def test_broken_and_foreign_files_are_left_out_and_it_is_said_why(runs):
    (runs / "broken").mkdir()
    (runs / "broken" / "report.json").write_text('{"schema_version": 1,')
    (runs / "broken" / "mine.json").write_text("[1, 2]")
    (runs / "broken" / "old.json").write_text('{"schema_version": 0, "answers": {}}')
    (runs / "broken" / "battery.json").write_text(battery_report().to_json())
    table = report_table(runs)
    assert len(table.frame) == 2
    said = {path.rpartition("/")[2]: why for path, why in table.left_out}
    assert "not JSON" in said["report.json"]
    assert "JSON object" in said["mine.json"]
    assert "mesascope audit" in said["old.json"]
    assert "mesascope battery" in said["battery.json"]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_it_is_written_by_the_ending_of_its_name(runs, tmp_path, ending):
    table = report_table(runs)
    path = table.write(tmp_path / f"table.{ending}")
    again = polars.read_parquet(path) if ending == "parquet" else polars.read_csv(path)
    assert again["agent"].to_list() == table.frame["agent"].to_list()
    assert again["regret_deploy_n"].to_list() == [None, 512]


def test_another_ending_and_nothing_to_read_are_refused(runs, tmp_path):
    with pytest.raises(UsageError, match=r"\.parquet or \.csv"):
        report_table(runs).write(tmp_path / "table.xlsx")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no report of an audit"):
        report_table(tmp_path / "empty")
    with pytest.raises(UsageError, match="No such folder"):
        report_table(tmp_path / "none")
