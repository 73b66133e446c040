"""All figures of an audit: where the agent comes apart, the posterior, regrets, evidence; and of two compared."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.audit.findings import Findings
from mesascope.core.text import probability_text
from mesascope.report.data.comparison_report import Change
from mesascope.report.figures.charts import Interval, intervals_figure, posterior_figure, posterior_rows, regret_figure
from mesascope.report.figures.evidence_figures import all_evidence_figures
from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.style import AGENT, MUTED, ReportFigure, svg_of
from mesascope.report.views.comparison import change_text
from mesascope.report.views.headline import witness_title
from mesascope.report.views.scene import scene_of_witness
from mesascope.report.views.words import plain, shortened

MOST_CHANGES: int = 40
WIDEST: float = 2.0
"""A number on a larger scale would leave those between 0 and 1 no room; it stands in the table."""


def findings_figures(findings: Findings) -> tuple[ReportFigure, ...]:
    """Returns every figure that findings have numbers for, the level where the agent comes apart first.

    **Arguments:**

    - `findings`: as they are read back from JSON, so that one just computed is drawn as one read.
    """
    evidence = all_evidence_figures(findings.evidence)
    return (*_witness(findings), *_posterior(findings), *_regrets(findings), *evidence)


def _witness(findings: Findings) -> list[ReportFigure]:
    if findings.witness is None:
        return []
    scene = scene_of_witness(findings.witness)
    if not scene.is_grid:
        return []
    base, own = findings.subject.base_objective, findings.objective.name
    description = (
        f"Level {findings.witness.index} of distribution {plain(findings.witness.distribution)}. "
        f"The agent visits {_way(scene.agent_path)}; the way of the base objective {plain(base)} is "
        f"{_way(scene.base_path)}."
    )
    svg = svg_of(level_figure([scene], agent_objective=own, base_objective=base))
    return [ReportFigure("witness", witness_title(findings), description, svg)]


def _way(path: tuple[tuple[int, int], ...]) -> str:
    if not path:
        return "no place that can be shown"
    return f"{len(path)} places from row {path[0][0]}, column {path[0][1]} to row {path[-1][0]}, column {path[-1][1]}"


def _posterior(findings: Findings) -> list[ReportFigure]:
    rows = posterior_rows(findings.objective, findings.subject.base_objective)
    if not rows:
        return []
    numbers = "; ".join(f"{plain(name)} {probability_text(probability)}" for name, probability in rows)
    svg = svg_of(posterior_figure(rows, findings.subject.base_objective))
    hidden = len(findings.objective.posterior) - len(rows)
    more = f" {hidden} less probable candidates are not drawn." if hidden else ""
    return [ReportFigure("posterior", "Which objective explains its behaviour", f"{numbers}.{more}", svg)]


def _regrets(findings: Findings) -> list[ReportFigure]:
    if not (findings.regret or findings.own_regret):
        return []
    parts = []
    for name, regrets in (("base objective", findings.regret), ("its own objective", findings.own_regret)):
        parts += [f"{name}, {where}: {regret}, n = {regret.n}" for where, regret in regrets.items()]
    svg = svg_of(regret_figure(findings))
    return [ReportFigure("regrets", "How much it loses, beside reference policies", "; ".join(parts) + ".", svg)]


def comparison_figure(changes: Sequence[Change]) -> ReportFigure | None:
    """Returns each difference of shares with its interval; `None` if there is none.

    **Arguments:**

    - `changes`: numbers in both.
    """
    known = [(change, change.difference) for change in changes if change.difference is not None]
    shown = [(change, found) for change, found in known if max(-found.low, found.high) <= WIDEST][:MOST_CHANGES]
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
