"""Differences between two audits with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.report.data.comparison_report import Change
from mesascope.report.figures.charts import Interval, intervals_figure
from mesascope.report.figures.report_figure import ReportFigure
from mesascope.report.figures.style import AGENT, MUTED, svg_of
from mesascope.report.views.comparison import change_text
from mesascope.report.views.words import shortened

MOST_ROWS: int = 40
WIDEST: float = 2.0
"""A number on a larger scale would leave those between 0 and 1 no room; it stands in the table."""


def comparison_figure(changes: Sequence[Change]) -> ReportFigure | None:
    """Returns each difference of shares with its interval; `None` if there is none.

    **Arguments:**

    - `changes`: numbers in both.
    """
    known = [(change, change.difference) for change in changes if change.difference is not None]
    shown = [(change, found) for change, found in known if max(-found.low, found.high) <= WIDEST][:MOST_ROWS]
    if not shown:
        return None
    rows = [
        Interval(
            shortened(change.name, 30),
            *(difference.low, difference.value, difference.high),
            AGENT if change.changed else MUTED,
            "o" if change.paired else "d",
        )
        for change, difference in shown
    ]
    spoken = "; ".join(f"{change.name} {change_text(change)[0]}" for change, _ in shown)
    caption = "Dots are paired by level, diamonds are not; in colour where the interval excludes 0."
    if len(shown) < len(known):
        caption += " Numbers on larger scales stand in the table alone."
    svg = svg_of(intervals_figure(rows, "second less first"))
    return ReportFigure("comparison", "Second less first", spoken, svg, caption)
