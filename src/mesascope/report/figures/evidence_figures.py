"""Figures of evidence: curves and rates of whatever assay, and the pictures that belong to one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mesascope.audit.learning.attribution import Attribution
from mesascope.audit.learning.tape_addresses import AddressDetails
from mesascope.audit.objective.recovery.evidence.details import RecoveryDetails
from mesascope.audit.search.candidate_plans import CandidatePlansDetails
from mesascope.audit.search.shown_edits import ShownEditsDetails
from mesascope.core.details import Chart, Line
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.figures.address_figure import address_figure
from mesascope.report.figures.charts import SHOWN_CANDIDATES, curve_figure, lines_figure, posterior_figure, rates_figure
from mesascope.report.figures.recovery_figures import inquiry_figure, readings_figure, rewards_figure, weights_figure
from mesascope.report.figures.search_figures import edit_figure, plans_figure
from mesascope.report.figures.style import ReportFigure, svg_of
from mesascope.report.views.points import MOST_RATES, Point, cliff_drop, curve_points, part_of, rate_points
from mesascope.report.views.search_examples import Edited, decoded_plans, edited_level, level_name
from mesascope.report.views.words import plain, shortened


def all_evidence_figures(evidence: Sequence[Evidence]) -> list[ReportFigure]:
    """Returns the figures of all pieces of evidence, pictures of one kind of details from the first of that kind."""
    figures, seen = [], set()
    for index, piece in enumerate(evidence):
        figures += evidence_figures(piece, index)
        if type(piece.details) not in seen:
            figures += example_figures(piece, index)
        seen.add(type(piece.details))
    return figures


def evidence_figures(piece: Evidence, index: int) -> list[ReportFigure]:
    """Returns the figures of one piece of evidence: a curve, rates, both or none."""
    figures = []
    title = shortened(piece.assay, 60)
    curve, rates = curve_points(piece.details), rate_points(piece.details)
    if curve:
        x_label, y_label = (str(part_of(piece.details, name) or "") for name in ("x_label", "y_label"))
        # Anybody's curve can be fitted with a cliff; only one that passed is there.
        drop = cliff_drop(piece.details) if piece.verdict is Verdict.PASS else None
        svg = svg_of(curve_figure(curve, x_label, y_label, drop))
        marked = "" if drop is None else f" Fitted: {drop.near:.2f} before and {drop.far:.2f} beyond the {drop.label}."
        figures.append(ReportFigure(f"curve-{index}", title, _spoken(curve) + marked, svg, evidence=index))
    if isinstance(piece.details, Chart) and piece.details.lines:
        chart = piece.details
        svg = svg_of(lines_figure(chart.lines, chart.x_label, chart.y_label, logarithmic=chart.logarithmic))
        figures.append(ReportFigure(f"lines-{index}", title, _said(chart.lines), svg, evidence=index))
    if rates:
        label = "share" if curve else str(part_of(piece.details, "y_label") or "share")
        svg = svg_of(rates_figure(rates, label))
        figures.append(ReportFigure(f"rates-{index}", title, _spoken(rates), svg, evidence=index))
    return figures


def example_figures(piece: Evidence, index: int) -> list[ReportFigure]:
    """Returns the pictures that belong to one kind of details alone, those that the details have numbers for.

    **Arguments:**

    - `piece`: evidence of any assay.
    - `index`: its number.
    """
    draw = PICTURES.get(type(piece.details))
    return [] if draw is None else draw(piece, index)


def _plans(piece: Evidence[CandidatePlansDetails], index: int) -> list[ReportFigure]:
    decoded = None if piece.details is None else decoded_plans(piece.details)
    if decoded is None:
        return []
    shares = "; ".join(f"{site} {_share(explained)}" for site, explained, _ in decoded.sites)
    spoken = f"values of every place, true and as read off each site; explained: {shares}"
    level = decoded.level
    counted = [f"{number} {unit}" for number, unit in ((level.states, "states"), (level.levels, "levels")) if number]
    caption = (
        f"A typical level that no probe was fitted to ({level_name(level.level, level.distribution)}): what each place "
        "is truly worth, and what a linear probe reads off each site, in the order in which they fire. Share "
        "explained: of the variance of values on branches that are not chosen"
        f"{', n = ' if counted else ''}{' of '.join(counted)}."
    )
    title, svg = "The plan, decoded from site to site", svg_of(plans_figure(decoded))
    return [ReportFigure(f"plans-{index}", title, spoken, svg, caption, index)]


def _edit(piece: Evidence[ShownEditsDetails], index: int) -> list[ReportFigure]:
    edited = None if piece.details is None else edited_level(piece.details)
    drawing = None if edited is None else edit_figure(edited)
    if edited is None or drawing is None:
        return []
    title, caption = "The board before and after an edit", edit_caption(piece, edited)
    return [ReportFigure(f"edit-{index}", title, edited.sentence, svg_of(drawing), caption, index)]


def _share(explained: float) -> str:
    return "unknown" if math.isnan(explained) else f"{explained:.0%}"


def edit_caption(piece: Evidence[ShownEditsDetails], edited: Edited) -> str:
    """Returns what the agent does in an edited level, and how many cases and levels that is one of."""
    behind = ""
    if piece.details is not None and piece.effect is not None:
        behind = f" One of n = {piece.details.cases} cases in {piece.effect.n} levels."
    return f"{edited.where[:1].upper()}{edited.where[1:]}. {edited.sentence}{behind}"


def _recovered(piece: Evidence[RecoveryDetails], index: int) -> list[ReportFigure]:
    """The figures of a recovered objective, those that it has numbers for."""
    drawn = (
        ("recovered-weights", "What its choices say it wants", weights_figure, "weights of attributes"),
        ("recovered-rewards", "What places are worth to it", rewards_figure, "rewards, recovered beside base"),
        ("recovered-readings", "Where two readings part", readings_figure, "two ways through one level"),
        ("recovered-inquiry", "What asking further settled", inquiry_figure, "cost of ambiguity after each query"),
    )
    figures = []
    for name, title, draw, what in drawn:
        figure = None if piece.details is None else draw(piece.details)
        if figure is not None:
            spoken = f"{what}; the numbers stand in the tables beside it"
            figures.append(ReportFigure(name, title, spoken, svg_of(figure), evidence=index))
    return figures


def _addresses(piece: Evidence[AddressDetails], index: int) -> list[ReportFigure]:
    figure = None if piece.details is None else address_figure(piece.details)
    if piece.details is None or figure is None:
        return []
    spoken = f"weights of the writing and of the reading head over {len(piece.details.writes)} steps"
    n = "" if piece.effect is None else f", one of n = {piece.effect.n} episodes"
    caption = (
        f"Where it writes and reads in an episode of {piece.details.shown} rows{n}. The dotted line is the mark, after "
        "which rows are asked for. Whoever keeps rows in order climbs a staircase on both sides of it."
    )
    return [ReportFigure(f"addresses-{index}", "The tape, step by step", spoken, svg_of(figure), caption, index)]


def _attributed(piece: Evidence[Attribution], index: int) -> list[ReportFigure]:
    rows = [] if piece.details is None else list(piece.details.posterior[:SHOWN_CANDIDATES])
    if not rows:
        return []
    caption = "Which reference learner would have answered so. That one of them is probable does not say that it is "
    caption += "enough: what it predicts of what can be predicted stands beside it."
    spoken = "; ".join(f"{plain(name)} {probability_text(probability)}" for name, probability in rows)
    svg = svg_of(posterior_figure(rows))
    return [ReportFigure(f"posterior-{index}", "Reference learners", f"{spoken}.", svg, caption, index)]


PICTURES: Mapping[type, Callable[[Any, int], list[ReportFigure]]] = MappingProxyType(
    {
        CandidatePlansDetails: _plans,
        ShownEditsDetails: _edit,
        RecoveryDetails: _recovered,
        AddressDetails: _addresses,
        Attribution: _attributed,
    }
)
"""What draws the pictures that belong to one kind of details."""


def _said(lines: Sequence[Line]) -> str:
    ends = ((plain(line.name), [value for value in line.values if value is not None]) for line in lines[:MOST_RATES])
    return "; ".join(f"{name}: {values[0]:.3g} first, {values[-1]:.3g} last" for name, values in ends if values) + "."


def _spoken(points: list[Point]) -> str:
    said = []
    for point in points[:30]:
        where = plain(point.name) if point.name else f"at {point.x:g}"
        count = "" if point.n is None else f", n = {point.n}"
        said.append(f"{where}: {point.value:.2f} [{point.low:.2f}, {point.high:.2f}]{count}")
    return re.sub(r"\s+", " ", "; ".join(said)) + "."
