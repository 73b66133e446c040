"""The page of two audits side by side."""

from __future__ import annotations

from mesascope.report.data.comparison_report import ComparisonReport
from mesascope.report.figures.comparison_figure import comparison_figure
from mesascope.report.pages.page import inlined, rendered
from mesascope.report.views.comparison import change_text, estimate_or_none
from mesascope.report.views.plain_text import shortened

CAVEATS: tuple[str, ...] = (
    "Where differences are not paired, their intervals are those of two samples of levels that know nothing of each "
    "other, and wide.",
    "Many numbers are compared, each with an interval of its own: one in twenty excludes 0 by chance.",
    "An answer that is open in one of them and given in the other need not mean that the agents differ.",
)


def comparison_page(report: ComparisonReport) -> str:
    """Returns the page: the answers side by side, and every number that stands in both."""
    first, second = report.agents
    changed = [change.name for change in report.changes if change.changed]
    told = f"{len(changed)} of {len(report.changes)} numbers changed" if report.changes else "Nothing can be compared"
    return rendered(
        "comparison_page.html",
        report,
        title=f"{shortened(first, 40)} and {shortened(second, 40)}",
        headline=f"{told}{': ' if changed else '.'}{', '.join(changed[:4])}{'.' if changed else ''}",
        setting=[("First", first), ("Second", second), ("World", report.world)],
        caveats=CAVEATS,
        agents=(shortened(first, 40), shortened(second, 40)),
        answers=report.answers,
        figure=inlined(comparison_figure(report.changes)),
        changes=[
            (change.name, estimate_or_none(change.first), estimate_or_none(change.second), *change_text(change))
            for change in report.changes
        ],
        verdicts=report.verdicts,
        differences=report.setting,
    )
