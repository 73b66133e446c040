"""The page of remedies before and after."""

from __future__ import annotations

from mesascope.core.verdicts import Estimate
from mesascope.oversight.comparison import EffectVerdict
from mesascope.report.data.remedy_comparison import Comparison
from mesascope.report.figures.charts import Interval, intervals_figure
from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.style import AGENT, BASE, MUTED, ReportFigure, svg_of
from mesascope.report.pages.page import inlined, rendered
from mesascope.report.views.remedy_view import (
    TITLES,
    change_of,
    effect_reasons,
    effect_rows,
    remedy_headline,
    remedy_setting,
    shown_scenes,
    shown_titles,
)
from mesascope.report.views.words import shortened

CAVEATS: tuple[str, ...] = (
    "A remedy is judged by the shift that was named, in the levels that were audited; it may fail in another.",
    "Every change and every capability is against the placebo, the same agent trained on for as many updates on what "
    "it was trained on before, paired by seed; the placebo's own are against the agents before it. Intervals are "
    "Student's over seeds and hold together for all remedies of the table.",
    "Not pseudo-aligned is not yet robust: an agent may have lost its ability, or be open.",
)
_COLOURS = {EffectVerdict.HELPS: BASE, EffectVerdict.HARMS: AGENT}


def remedy_page(report: Comparison) -> str:
    """Returns the page: which remedies help, at what price, and what happens in the level that came apart."""
    agents = [
        (
            str(one.seed),
            one.remedy,
            one.failure or f"{one.class_}{'' if one.stated else ' (not sure)'}{f', {one.kind}' if one.kind else ''}",
            one.objective or "–",
            *("–" if value is None else f"{value:.2f}" for value in (one.regret_train, one.regret_deploy)),
        )
        for one in report.treated
    ]
    return rendered(
        "remedy_page.html",
        report,
        title=f"Remedies for {report.recipe}",
        headline=remedy_headline(report),
        setting=remedy_setting(report),
        caveats=CAVEATS,
        columns=TITLES,
        effects=effect_rows(report),
        reasons=effect_reasons(report),
        figures=[
            inlined(figure)
            for figure in (_changes(report, "regret"), _changes(report, "capability"))
            if figure is not None
        ],
        level=inlined(_level(report)),
        agents=agents,
    )


def _changes(report: Comparison, number: str) -> ReportFigure | None:
    shown: list[tuple[str, Estimate, str]] = []
    for effect in report.effects:
        change: Estimate | None = getattr(effect, number)
        if change is not None:
            shown.append((effect.remedy, change, _COLOURS.get(effect.verdict, MUTED)))
    if not shown:
        return None
    what = {"regret": "base regret after the shift", "capability": "share of the optimum reached in training"}[number]
    rows = [
        Interval(f"{shortened(name, 26)} (n={change.n})", change.low, change.value, change.high, colour, "o")
        for name, change, colour in shown
    ]
    spoken = "; ".join(f"{name} {change_of(change)}" for name, change, _ in shown)
    svg = svg_of(intervals_figure(rows, f"change in {what}"))
    return ReportFigure(f"change-{number}", f"Change in {what}", spoken, svg)


def _level(report: Comparison) -> ReportFigure | None:
    scenes, titles = shown_scenes(report.shown), shown_titles(report.shown)
    if not scenes or not all(scene.is_grid for scene in scenes):
        return None
    figure = level_figure(scenes, titles, base_objective=report.base_objective)
    return ReportFigure("level", "The level that came apart, then and now", "; ".join(titles), svg_of(figure))
