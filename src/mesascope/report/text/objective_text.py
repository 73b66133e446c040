"""A recovered objective for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mesascope.core.details import details_data
from mesascope.report.data.objective_report import ObjectiveReport
from mesascope.report.text.lines import bearable, table_lines, wrapped
from mesascope.report.views.objective_view import at_first_text, objective_headline
from mesascope.report.views.recovery_view import recovery_view


def objective_text(report: ObjectiveReport, *, width: int = 100) -> str:
    """Returns the result for a terminal.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    """
    width = bearable(width)
    lines = [f"{report.agent} ({report.agent_kind}) in {report.world}, trained on {report.base_objective}", ""]
    lines += [*wrapped(objective_headline(report), width), *wrapped(report.recovery.reason, width)]
    view = recovery_view([report.recovery])
    if view is None:
        return "\n".join(lines)
    lines += ["", *wrapped("; ".join(view["facts"]), width)]
    if report.at_first:
        lines += ["", *wrapped(at_first_text(report.at_first), width)]
    for table in view["tables"]:
        lines += ["", *wrapped(table["title"], width), *table_lines(table["columns"], table["rows"], width)]
        if table["title"].startswith("Planners"):
            lines += wrapped(view["twins"], width)
    lines += ["", "Left open", *wrapped(f"{view['open']} {report.outlook}", width)]
    readings = details_data(report.recovery.details).get("readings")
    if readings:
        lines += ["", f"Two readings that act alike in training and part here ({readings['distribution']} level)"]
        lines += wrapped(view["readings"], width)
        lines += [f"  {row}" for row in _drawn(readings)]
    return "\n".join([*lines, "", "Taken for granted", *(f"  - {one}" for one in view["assumptions"])])


def _drawn(readings: Mapping[str, Any]) -> list[str]:
    """The level with the first way as 1, the second as 2, and both as +; objects stay what they are."""
    rows = [list(row) for row in readings["text"].splitlines()]
    first, second = ({tuple(place) for place in readings[name]} for name in ("first_path", "second_path"))
    for row, column in first | second:
        if rows[row][column] in ". ":
            both = (row, column) in first and (row, column) in second
            rows[row][column] = "+" if both else "1" if (row, column) in first else "2"
    if readings.get("start"):
        row, column = readings["start"]
        rows[row][column] = "A"
    key = f"A start, 1 way of '{readings['first']}', 2 way of '{readings['second']}', + both"
    return ["".join(row) for row in rows] + [key]
