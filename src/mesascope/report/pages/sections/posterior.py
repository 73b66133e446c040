"""The section about which objective explains the behaviour: every candidate and its probability."""

from __future__ import annotations

from mesascope.audit.findings import Findings
from mesascope.report.figures.style import Figures
from mesascope.report.pages.page import Section, inlined

ORDER: int = 40
MOST_ROWS: int = 200


def section(findings: Findings, figures: Figures) -> Section | None:
    """Returns the section of an audit's page."""
    figure = inlined(figures.get("posterior"))
    if figure is None:
        return None
    objective = findings.objective
    rows = [(name, f"{probability:.6f}") for name, probability in objective.posterior[:MOST_ROWS]]
    content = {"figure": figure, "sentence": objective.sentence, "count": len(objective.posterior), "rows": rows}
    return Section("posterior.html", content, figures=("posterior",))
