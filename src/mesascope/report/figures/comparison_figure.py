"""Differences between two audits with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.report.data.comparison_report import Change
from mesascope.report.figures.charts import rows_chart
from mesascope.report.figures.report_figure import ReportFigure
from mesascope.report.figures.style import AGENT, INK, MUTED, figure_settings, svg_of
from mesascope.report.views.comparison import change_text
from mesascope.report.views.plain_text import shortened

MOST_ROWS: int = 40


def comparison_figure(changes: Sequence[Change]) -> ReportFigure | None:
    """Returns each difference with its interval; `None` if there is none.

    **Arguments:**

    - `changes`: numbers in both.
    """
    shown = [change for change in changes if change.difference is not None][:MOST_ROWS]
    if not shown:
        return None
    with figure_settings():
        figure, axes = rows_chart([shortened(change.name, 30) for change in shown])
        for place, change in enumerate(shown):
            if change.difference is not None:
                colour = AGENT if change.changed else MUTED
                marker = "o" if change.paired else "d"
                axes.plot([change.difference.low, change.difference.high], [place, place], color=colour, linewidth=2.2)
                axes.plot(change.difference.value, place, marker, color=colour, markersize=6)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        axes.set_xlabel("second less first")
    spoken = "; ".join(f"{change.name} {change_text(change)[0]}" for change in shown)
    caption = "Dots are paired by level, diamonds are not; in colour where the interval excludes 0."
    return ReportFigure("comparison", "Second less first", spoken, svg_of(figure), caption)
