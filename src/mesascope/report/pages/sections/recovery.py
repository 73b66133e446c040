"""The section about the objective that was recovered from choices."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.audit.findings import Findings
from mesascope.core.verdicts import Evidence
from mesascope.report.figures.style import Figures
from mesascope.report.pages.page import Section, inlined
from mesascope.report.views.recovery_view import MOST_ROWS, recovered, recovery_facts, recovery_tables

ORDER: int = 50
FIGURES: tuple[str, ...] = ("weights", "rewards", "readings", "inquiry")
"""Of the section; in a report their names begin with `recovered-`."""


def section(findings: Findings, figures: Figures) -> Section | None:
    """Returns the section of an audit's page."""
    return recovery_section(findings.evidence, figures)


def recovery_section(evidence: Sequence[Evidence], figures: Figures) -> Section | None:
    """Returns the section about the recovered objective; `None` if nothing was recovered.

    **Arguments:**

    - `evidence`: of a report.
    - `figures`: of the same report, by name.
    """
    piece = recovered(evidence)
    if piece is None or piece.details is None:
        return None
    names = {name: f"recovered-{name}" for name in FIGURES}
    content = {
        "piece": piece,
        "details": piece.details,
        "facts": recovery_facts(piece.details),
        "tables": recovery_tables(piece.details),
        "assumptions": piece.details.assumptions[:MOST_ROWS],
        "figures": {name: inlined(figures.get(whole)) for name, whole in names.items()},
    }
    return Section("recovery.html", content, figures=tuple(names.values()), assays=(piece.assay,))
