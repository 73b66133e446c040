"""All figures of a report, made from the report alone: from one just computed or one read back from JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesascope.audit.findings import Findings
from mesascope.core.details import details_data
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.reading import canonical
from mesascope.report.figures.charts import curve_figure, posterior_figure, posterior_rows, rates_figure, regret_figure
from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.recovery_figures import inquiry_figure, readings_figure, rewards_figure, weights_figure
from mesascope.report.figures.search_figures import edit_figure, plans_figure
from mesascope.report.figures.style import svg_of
from mesascope.report.views.headline import witness_title
from mesascope.report.views.numbers import probability_text
from mesascope.report.views.plain_text import plain, shortened
from mesascope.report.views.points import Point, cliff_drop, curve_points, rate_points
from mesascope.report.views.recovery_section import RECOVERY
from mesascope.report.views.scene import scene_of_witness
from mesascope.report.views.search_examples import EDITS, PLANS, Decoded, Edited, decoded_plans, edited_level

if TYPE_CHECKING:
    from mesascope.report.report import Report


@dataclass(frozen=True)
class ReportFigure:
    """A figure as SVG.

    **Arguments:**

    - `name`: `witness`, `posterior`, `regrets`, or `curve-N`, `rates-N`, `plans-N` and `edit-N` for evidence number N,
      from 0.
    - `title`: what it shows.
    - `description`: what it says, in words and numbers, for who cannot see it.
    - `svg`: the drawing; the same bytes for the same report.
    - `caption`: what must be known to read it.
    """

    name: str
    title: str
    description: str
    svg: str
    caption: str = ""


def report_figures(report: Report) -> tuple[ReportFigure, ...]:
    """Returns every figure that the report has numbers for, the level where the agent comes apart first."""
    findings, _ = canonical(report.findings, report.provenance)
    figures = [
        *_witness(findings),
        *_posterior(findings),
        *_regrets(findings),
        *all_evidence_figures(findings.evidence),
    ]
    for piece in findings.evidence:
        if piece.assay == RECOVERY:
            figures += recovery_figures(piece)
    return tuple(figures)


def all_evidence_figures(evidence: Sequence[Evidence]) -> list[ReportFigure]:
    """Returns the figures of all pieces of evidence, examples of an assay from its first piece only."""
    figures, seen = [], set()
    for index, piece in enumerate(evidence):
        figures += evidence_figures(piece, index)
        if piece.assay not in seen:
            figures += example_figures(piece, index)
        seen.add(piece.assay)
    return figures


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
    svg = svg_of(posterior_figure(findings.objective, findings.subject.base_objective))
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


def evidence_figures(piece: Evidence, index: int) -> list[ReportFigure]:
    """Returns the figures of one piece of evidence: a curve, rates, both or none."""
    figures = []
    title = shortened(piece.assay, 60)
    details = details_data(piece.details)
    curve, rates = curve_points(details), rate_points(details)
    if curve:
        x_label, y_label = (str(details.get(name, "")) for name in ("x_label", "y_label"))
        # Anybody's curve can be fitted with a cliff; only one that passed is there.
        drop = cliff_drop(details) if piece.verdict is Verdict.PASS else None
        svg = svg_of(curve_figure(curve, x_label, y_label, drop))
        marked = "" if drop is None else f" Fitted: {drop.near:.2f} before and {drop.far:.2f} beyond the {drop.label}."
        figures.append(ReportFigure(f"curve-{index}", title, _spoken(curve) + marked, svg))
    if rates:
        label = "share" if curve else str(details.get("y_label", "share"))
        svg = svg_of(rates_figure(rates, label))
        figures.append(ReportFigure(f"rates-{index}", title, _spoken(rates), svg))
    return figures


def example_figures(piece: Evidence, index: int) -> list[ReportFigure]:
    """Returns the pictures of one level that an assay of the first question keeps as an example, if it is well-formed.

    **Arguments:**

    - `piece`: evidence of any assay.
    - `index`: its number.
    """
    details = details_data(piece.details)
    decoded = decoded_plans(details) if piece.assay == PLANS else None
    edited = edited_level(details) if piece.assay == EDITS else None
    if decoded is not None:
        shares = "; ".join(f"{site} {_share(explained)}" for site, explained, _ in decoded.sites)
        spoken = f"values of every place, true and as read off each site; explained: {shares}"
        title, svg = "The plan, decoded from site to site", svg_of(plans_figure(decoded))
        return [ReportFigure(f"plans-{index}", title, spoken, svg, _plans_caption(decoded))]
    drawing = None if edited is None else edit_figure(edited)
    if edited is not None and drawing is not None:
        title = "The board before and after an edit"
        return [ReportFigure(f"edit-{index}", title, edited.sentence, svg_of(drawing), edit_caption(piece, edited))]
    return []


def _share(explained: float) -> str:
    return "unknown" if math.isnan(explained) else f"{explained:.0%}"


def _plans_caption(decoded: Decoded) -> str:
    counted = [
        f"{number} {unit}" for number, unit in ((decoded.states, "states"), (decoded.levels, "levels")) if number
    ]
    behind = f", n = {' of '.join(counted)}" if counted else ""
    where = f" ({decoded.where})" if decoded.where else ""
    return (
        f"A typical level that no probe was fitted to{where}: what each place is truly worth, and what a linear probe "
        "reads off each site, in the order in which they fire. Share explained: of the variance of values on branches "
        f"that are not chosen{behind}."
    )


def edit_caption(piece: Evidence, edited: Edited) -> str:
    """Returns what the agent does in an edited level, and how many cases and levels that is one of."""
    cases, effect = details_data(piece.details).get("cases"), piece.effect
    counted = isinstance(cases, int) and not isinstance(cases, bool) and effect is not None
    behind = f" One of n = {cases} cases in {effect.n} levels." if counted and effect is not None else ""
    where = f"{edited.where[:1].upper()}{edited.where[1:]}. " if edited.where else ""
    return f"{where}{edited.sentence}{behind}"


def recovery_figures(piece: Evidence) -> list[ReportFigure]:
    """Returns the figures of a recovered objective, those that it has numbers for."""
    drawn = (
        ("recovered-weights", "What its choices say it wants", weights_figure, "weights of attributes"),
        ("recovered-rewards", "What places are worth to it", rewards_figure, "rewards, recovered beside base"),
        ("recovered-readings", "Where two readings part", readings_figure, "two ways through one level"),
        ("recovered-inquiry", "What asking further settled", inquiry_figure, "cost of ambiguity after each query"),
    )
    figures = []
    for name, title, draw, what in drawn:
        figure = draw(details_data(piece.details))
        if figure is not None:
            figures.append(
                ReportFigure(name, title, f"{what}; the numbers stand in the tables beside it", svg_of(figure))
            )
    return figures


def _spoken(points: list[Point]) -> str:
    said = []
    for point in points[:30]:
        where = plain(point.name) if point.name else f"at {point.x:g}"
        count = "" if point.n is None else f", n = {point.n}"
        said.append(f"{where}: {point.value:.2f} [{point.low:.2f}, {point.high:.2f}]{count}")
    return re.sub(r"\s+", " ", "; ".join(said)) + "."
