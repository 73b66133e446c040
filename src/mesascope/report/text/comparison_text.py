"""Two audits side by side for a terminal."""

from __future__ import annotations

from mesascope.report.data.comparison_report import Change, ComparisonReport
from mesascope.report.text.lines import bearable, table_lines, wrapped
from mesascope.report.views.comparison import change_text, estimate_or_none
from mesascope.report.views.plain_text import shortened

NAME: int = 30
"""Columns of an agent's name and of an answer."""


def comparison_text(report: ComparisonReport, *, width: int = 100) -> str:
    """Returns one screen: the answers, what changed, and the verdicts that differ.

    **Arguments:**

    - `report`: the comparison.
    - `width`: columns.
    """
    width = bearable(width)
    agents = [shortened(name, NAME) for name in report.agents]
    # Effects of assays stand on the page and in the JSON: there are too many for a screen.
    changes = [change for change in report.changes if not change.name.startswith("effect of ")]
    rows = [*report.answers, *(_row(change) for change in changes)]
    lines = table_lines(("", *agents), [[shortened(cell, NAME) for cell in row] for row in rows], width)
    lines += ["", "Differences (second less first)"]
    lines += table_lines(("", "difference", ""), [(change.name, *change_text(change)) for change in changes], width)
    if report.verdicts:
        lines += ["", "Assays whose verdict differs", *table_lines(("", *agents), report.verdicts, width)]
    if report.setting:
        lines += ["", *wrapped("Audited otherwise, so that nothing is paired", width)]
        lines += table_lines(("", *agents), report.setting, width)
    return "\n".join(lines)


def _row(change: Change) -> tuple[str, str, str]:
    return change.name, estimate_or_none(change.first), estimate_or_none(change.second)
