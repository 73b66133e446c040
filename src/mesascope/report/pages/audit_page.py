"""The page of an audit."""

from __future__ import annotations

from typing import Any

from mesascope.audit.findings import Findings
from mesascope.report.data.audit_report import Report
from mesascope.report.figures.findings_figures import findings_figures
from mesascope.report.figures.report_figure import ReportFigure
from mesascope.report.pages.answers import answer_cards
from mesascope.report.pages.page import inlined, rendered
from mesascope.report.pages.section import audit_sections
from mesascope.report.pages.sections.evidence import evidence_section
from mesascope.report.text.level_text import legend_texts
from mesascope.report.views.headline import headline, setting, with_reason, witness_title
from mesascope.report.views.words import plain

CONFOUNDS: tuple[str, ...] = (
    "The answers hold for the levels that were sampled; another distribution may show another agent.",
    "An objective is named only among the candidates that were compared; “none of these” stands for all others.",
    "Behaviour alone cannot tell a search inside the agent from what training has computed for it beforehand.",
)


def audit_page(report: Report) -> str:
    """Returns the page: the same text for the same report. Foreign text in it is escaped and cannot run."""
    findings = report.findings
    figures = {figure.name: figure for figure in findings_figures(findings)}
    sections = audit_sections(findings, figures)
    evidence = evidence_section(findings.evidence, figures, beside=sections, file="report.json")
    return rendered(
        "audit_page.html",
        report,
        title=headline(findings),
        headline=headline(findings),
        lead=with_reason(findings.alignment.sentence, findings.alignment.reason),
        setting=setting(findings),
        witness_title=witness_title(findings),
        witness=_witness(findings, figures.get("witness")),
        answers=answer_cards(findings),
        sections=[*sections, evidence],
        not_tested=findings.not_tested,
        confounds=(*findings.subject.notes, *CONFOUNDS),
    )


def _witness(findings: Findings, figure: ReportFigure | None) -> dict[str, Any] | None:
    witness = findings.witness
    if witness is None:
        return None
    return {
        "figure": inlined(figure),
        "text": witness.text.strip("\n"),
        "legend": "; ".join(legend_texts([entry for entry in witness.legend if entry[0] in witness.text])),
        "sentence": witness.sentence,
        "where": f"Level {witness.index} of distribution “{plain(witness.distribution)}”",
        "numbers": f"regret here: base {witness.base_regret:.2f}"
        + (f", its own {witness.own_regret:.2f}" if findings.own_regret else ""),
    }
