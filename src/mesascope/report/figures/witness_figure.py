"""The worst level of an agent, before and after shrinking."""

from __future__ import annotations

from mesascope.report.data.witness_report import WitnessReport
from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.report_figure import ReportFigure
from mesascope.report.figures.style import svg_of
from mesascope.report.views.witness_view import witness_objectives, witness_scenes, witness_titles


def witness_svg(report: WitnessReport) -> str | None:
    """Returns the level before and after shrinking as SVG, `None` if there is none."""
    scenes = witness_scenes(report)
    if not scenes:
        return None
    own, base = witness_objectives(report)
    return svg_of(level_figure(scenes, witness_titles(report), agent_objective=own, base_objective=base))


def witness_figure(report: WitnessReport) -> ReportFigure | None:
    """Returns the level before and after shrinking as a figure of a page, `None` if there is none."""
    svg = witness_svg(report)
    if svg is None:
        return None
    scenes = zip(witness_titles(report), witness_scenes(report), strict=True)
    spoken = "; ".join(f"{title}, {len(scene.agent_path)} places visited" for title, scene in scenes)
    return ReportFigure("witness", "The worst level, as found and as shrunk", spoken, svg)
