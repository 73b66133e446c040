"""The page of the first answer alone."""

from __future__ import annotations

from mesascope.report.data.search_report import SearchReport
from mesascope.report.figures.evidence_figures import all_evidence_figures
from mesascope.report.pages.page import rendered
from mesascope.report.pages.sections.evidence import evidence_section
from mesascope.report.pages.sections.search import search_section
from mesascope.report.views.search_view import search_headline, search_setting

CAVEATS: tuple[str, ...] = (
    "Weights were fitted on agents whose kind is known (the ground-truth bank); docs/search.md says how well they hold "
    "on others, and what a verdict does not mean.",
    "That something can be read off activations does not show that it is used; that is what writing to them is for.",
    "The answers hold for the levels that were sampled and for the objective by which choices were judged.",
)


def search_page(report: SearchReport) -> str:
    """Returns the page: whether it searches, and all evidence."""
    figures = {figure.name: figure for figure in all_evidence_figures(report.evidence)}
    search = search_section(report.answer, report.evidence, figures)
    evidence = evidence_section(report.evidence, figures, beside=[search], file="search.json", with_questions=False)
    return rendered(
        "sections_page.html",
        report,
        title=f"Does {report.agent} search?",
        headline=search_headline(report.answer),
        setting=search_setting(report),
        caveats=CAVEATS,
        sections=[search, evidence],
    )
