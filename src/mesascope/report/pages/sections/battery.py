"""The section about the kind of alignment: the table of tests, the classes, and where the agent comes apart."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.audit.findings import Findings
from mesascope.core.verdicts import Evidence
from mesascope.report.figures.battery_figure import battery_drawing
from mesascope.report.figures.report_figure import Figures
from mesascope.report.pages.page import TONES, inlined
from mesascope.report.pages.section import Section
from mesascope.report.views.battery_table import BATTERY, Apart, BatteryTable, TestRow, battery_of, battery_table
from mesascope.report.views.battery_view import apart_facts, battery_facts, score_text
from mesascope.report.views.headline import with_reason

ORDER: int = 20


def section(findings: Findings, figures: Figures) -> Section | None:
    """Returns the section of an audit's page."""
    return battery_section(findings.evidence)


def battery_section(evidence: Sequence[Evidence], *, whole: bool = False) -> Section | None:
    """Returns the section about the alignment battery; `None` where there is no table to show.

    **Arguments:**

    - `evidence`: of a report. Everything is drawn from its details.
    - `whole`: whether the section is the page, so that its table of tests stands open.
    """
    piece = battery_of(evidence)
    table = None if piece is None else battery_table(piece.details)
    if piece is None or table is None:
        return None
    content = {
        "whole": whole,
        "chip": (str(piece.verdict), TONES[piece.verdict]),
        "sentence": with_reason(piece.sentence, piece.reason),
        "facts": battery_facts(table),
        "figure": inlined(battery_drawing(table)),
        "compared": table.compared,
        "tests": [_row(table, test) for test in table.tests],
        "apart": None if table.apart is None else _apart(table.apart),
    }
    return Section("battery.html", content, assays=(BATTERY,))


def _row(table: BatteryTable, test: TestRow) -> dict:
    return {
        "name": test.name,
        "does": test.does,
        "found": test.code or "–",
        "predicted": [table.predicted[kind].get(test.name, "–") for kind in table.compared],
        "differs": bool(table.compared) and table.differs(table.compared[0], test),
        "score": score_text(test),
        "checks": "; ".join(dict.fromkeys(f"{what}: {found}" for what, found in test.checks)),
    }


def _apart(apart: Apart) -> dict:
    return {
        "title": f"{apart.test}: {apart.summary}",
        "does": apart.does,
        "should": apart.should,
        "facts": apart_facts(apart),
        "text": apart.text.strip("\n"),
    }
