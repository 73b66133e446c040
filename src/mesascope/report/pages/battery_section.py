"""The part of a page about the kind of alignment: the table of tests, the classes, and where the agent comes apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mesascope.core.details import details_data
from mesascope.core.verdicts import Evidence
from mesascope.report.figures.battery_figure import battery_caption, battery_figure, battery_spoken
from mesascope.report.figures.report_figures import ReportFigure
from mesascope.report.figures.style import svg_of
from mesascope.report.pages.page import TONES, inlined
from mesascope.report.views.battery_table import Apart, BatteryTable, TestRow, battery_of, battery_table
from mesascope.report.views.headline import with_reason
from mesascope.report.views.numbers import probability_text, ruler_text


def battery_section(evidence: Sequence[Evidence], *, whole: bool = False) -> dict | None:
    """Returns what the template shows of the alignment battery; `None` where there is no table to show.

    **Arguments:**

    - `evidence`: of a report. Everything is drawn from its details.
    - `whole`: whether the section is the page, so that its table of tests stands open.
    """
    piece = battery_of(evidence)
    table = None if piece is None else battery_table(details_data(piece.details))
    if piece is None or table is None:
        return None
    return {
        "whole": whole,
        "chip": (str(piece.verdict), TONES[piece.verdict]),
        "sentence": with_reason(piece.sentence, piece.reason),
        "facts": battery_facts(table),
        "figure": inlined(battery_drawing(table)),
        "compared": table.compared,
        "tests": [_row(table, test) for test in table.tests],
        "apart": None if table.apart is None else _apart(table.apart),
    }


def battery_drawing(table: BatteryTable) -> ReportFigure:
    """Returns the table as a figure with its caption."""
    return ReportFigure(
        "battery",
        "What each test found, and what each class predicts",
        battery_spoken(table),
        svg_of(battery_figure(table)),
        battery_caption(table),
    )


def battery_facts(table: BatteryTable) -> list[str]:
    """Returns the classes that come into question and how far they are apart, in a few words each."""
    facts = [f"{kind}: probability {probability_text(probability)}" for kind, probability in table.kinds[:2]]
    if table.distance is not None and len(table.compared) == 2:
        tests = f"{table.distance} test{'' if table.distance == 1 else 's'}"
        facts.append(f"{' and '.join(table.compared)} differ in {tests} of those made")
    if len(table.together) > 1:
        facts.append(f"not told apart by any test that was made: {', '.join(table.together)}")
    made = sum(test.code is not None for test in table.tests)
    facts.append(f"{made} of {len(table.tests)} tests made")
    return facts


def score_text(test: TestRow) -> str:
    """Returns a test's score with its interval and n, and what else is pursued where it falls."""
    if test.code is None or test.score is None:
        return test.reason or "not measured"
    value, low, high = map(ruler_text, test.score)
    text = f"{value} [{low}, {high}], n = {test.levels}"
    if test.code == "F" and test.swapped is not None:
        text += f"; of the swapped objective {ruler_text(test.swapped)}"
    if test.code in "XL" and test.pursued is not None:
        text += f"; of “{test.pursued[0]}” {ruler_text(test.pursued[1])}"
    return text


def apart_facts(apart: Apart) -> list[str]:
    """Returns what changes in the level, and what the agent gets there, in a few words each."""
    facts = [f"{name} = {value}" for name, value in apart.settings]
    if math.isfinite(apart.share):
        facts.append(f"{ruler_text(apart.share)} of the optimum of the base objective")
    if apart.pursued is not None:
        facts.append(f"{ruler_text(apart.pursued[1])} of that of “{apart.pursued[0]}”")
    return facts


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
