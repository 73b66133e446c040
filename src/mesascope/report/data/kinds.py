"""Every kind of report, and which of them a file holds."""

from __future__ import annotations

from pathlib import Path

from mesascope.core.errors import UsageError
from mesascope.core.json_reading import read_json
from mesascope.core.text import quoted
from mesascope.report.data.audit_report import Report
from mesascope.report.data.comparison_report import ComparisonReport
from mesascope.report.data.learner_report import LearnerReport
from mesascope.report.data.onset_report import OnsetReport
from mesascope.report.data.proof_reports import AttackReport, VerifyReport
from mesascope.report.data.question_reports import BatteryReport, ObjectiveReport, SearchReport, WitnessReport
from mesascope.report.data.remedy_comparison import Comparison
from mesascope.report.data.saved_report import MAXIMUM_BYTES, SavedReport

KINDS: tuple[type[SavedReport], ...] = (
    Report,
    SearchReport,
    ObjectiveReport,
    BatteryReport,
    WitnessReport,
    OnsetReport,
    ComparisonReport,
    Comparison,
    VerifyReport,
    AttackReport,
    LearnerReport,
)


def report_file(path: Path) -> Path:
    """Returns the file of a report: the path itself, or the one report in the folder that it is.

    **Raises:** `UsageError` for a folder in which several reports stand.
    """
    if not path.is_dir():
        return path
    standing = [file for kind in KINDS if (file := path / f"{kind.name}.json").is_file()]
    if len(standing) > 1:
        names = ", ".join(file.name for file in standing)
        raise UsageError(f"There are several reports in {quoted(path, limit=200)}: {names}. Name one of them.")
    return standing[0] if standing else path / f"{Report.name}.json"


def load_report(path: Path) -> SavedReport:
    """Returns the report in a file, or in a folder that holds one, of whichever kind it is.

    **Raises:** `UsageError` if it is missing, too large, or no report.
    """
    data = read_json(report_file(path), purpose="a report", maximum_bytes=MAXIMUM_BYTES)
    fields = set(data) if isinstance(data, dict) else set()
    # What names none of the kinds is told what it lacks as an audit's report.
    kind = next((kind for kind in KINDS if kind.mark in fields), Report)
    return kind.from_data(data)
