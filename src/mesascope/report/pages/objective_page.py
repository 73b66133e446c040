"""The page of a recovered objective."""

from __future__ import annotations

from mesascope.report.data.objective_report import ObjectiveReport
from mesascope.report.figures.evidence_figures import all_evidence_figures
from mesascope.report.pages.page import rendered
from mesascope.report.pages.sections.recovery import recovery_section
from mesascope.report.views.objective_view import at_first_text, objective_headline, objective_setting


def objective_page(report: ObjectiveReport) -> str:
    """Returns the page: what was recovered from its choices, and what stays open."""
    evidence = (report.recovery,)
    figures = {figure.name: figure for figure in all_evidence_figures(evidence)}
    return rendered(
        "objective_page.html",
        report,
        title=f"The objective of {report.agent}",
        headline=f"The objective of {report.agent}",
        setting=objective_setting(report),
        first=at_first_text(report.at_first),
        sections=[recovery_section(evidence, figures)],
        verdict=objective_headline(report),
        reason=report.recovery.reason,
        outlook=report.outlook,
    )
