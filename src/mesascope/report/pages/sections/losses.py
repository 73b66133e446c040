"""The section about how much is lost: regrets in training and deployment, beside reference policies."""

from __future__ import annotations

from mesascope.audit.findings import Findings
from mesascope.report.figures.style import Figures
from mesascope.report.pages.page import Section, inlined
from mesascope.report.views.headline import estimate_text
from mesascope.report.views.words import ruler_text

ORDER: int = 30
MOST_ROWS: int = 40


def section(findings: Findings, figures: Figures) -> Section | None:
    """Returns the section of an audit's page."""
    rows = _regret_rows(findings)
    if not rows:
        return None
    return Section("losses.html", {"rows": rows, "figure": inlined(figures.get("regrets"))}, figures=("regrets",))


def _regret_rows(findings: Findings) -> list[tuple[str, str, str]]:
    base, own = findings.subject.base_objective, findings.objective.name
    rows = []
    if findings.training_performance is not None:
        rows.append(("Share of the optimum reached", estimate_text(findings.training_performance), "–"))
    named = [(f"Regret on {base} (base)", findings.regret)]
    if own is not None and own != base:
        named.append((f"Regret on {own} (its own)", findings.own_regret))
    for name, regrets in named:
        if regrets:
            rows.append((name, estimate_text(regrets.get("train")), estimate_text(regrets.get("deploy"))))
    names = dict.fromkeys(name for rulers in findings.reference_regrets.values() for name in rulers)
    for name in list(names)[:MOST_ROWS]:
        values = [findings.reference_regrets.get(where, {}).get(name) for where in ("train", "deploy")]
        shown = ["–" if value is None else ruler_text(value) for value in values]
        rows.append((f"Ruler: {name}", shown[0], shown[1]))
    return rows
