"""Scenes as a figure: walls, objects, the two ways and their goals, and the policy as a vector field."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch, Rectangle, RegularPolygon
from matplotlib.path import Path

from mesascope.report.data.question_reports import WitnessReport
from mesascope.report.figures.keys import hollow, letters, mark, set_key
from mesascope.report.figures.style import AGENT, BASE, FAINT, FLOOR, INK, MUTED, WALL, WIDTH, figure_settings, svg_of
from mesascope.report.views.scene import Place, Scene
from mesascope.report.views.witness_view import witness_objectives, witness_scenes, witness_titles
from mesascope.report.views.words import shortened

_LARGEST_CELL = 0.5
_LEGEND_LINE = 0.21
# The two ways are drawn beside each other where they share cells.
_OFFSET = 0.11
_MOST_GOALS = 12
_MOST_LINES = 60

LABELS: tuple[str, str, str, str] = (
    "the agent's way (solid)",
    "the base objective's way (dashed)",
    "what the agent pursues",
    "goal of the base objective",
)


@figure_settings()
def level_figure(
    scenes: Sequence[Scene],
    titles: Sequence[str] = (),
    *,
    agent_objective: str | None = None,
    base_objective: str | None = None,
    with_key: bool = True,
    labels: tuple[str, str, str, str] = LABELS,
) -> Figure:
    """Returns a figure of levels, in rows of at most four.

    **Arguments:**

    - `scenes`: at least one; one that is no grid is shown as text.
    - `titles`: one a scene, or none at all.
    - `agent_objective`, `base_objective`: names for the legend.
    - `with_key`: say below what the marks and letters mean.
    - `labels`: for the legend: the solid way, the dashed way, and the goals of both.
    """
    columns = 1 if len(scenes) == 1 else min(4, max(2, math.ceil(math.sqrt(len(scenes)))))
    lines = math.ceil(len(scenes) / columns)
    height, width = _size(scenes[0])
    panel = min(WIDTH if len(scenes) == 1 else 2.6, max(width * _LARGEST_CELL, 1.0))
    tall = panel * height / width if scenes[0].is_grid else 0.2 + 0.16 * height
    handles = _handles(scenes, agent_objective, base_objective, labels) if with_key else []
    key_columns = 1 if any(len(str(handle.get_label())) > 30 for handle in handles) else 2
    key_height = _LEGEND_LINE * math.ceil(len(handles) / key_columns) + (0.1 if handles else 0)
    title_height = 0.3 if titles else 0.0
    size = (max(WIDTH, columns * panel), lines * (tall + title_height) + key_height)
    figure = Figure(figsize=size, layout="compressed")
    grid = figure.subplots(lines, columns, squeeze=False)
    for index, axes in enumerate(grid.ravel()):
        axes.set_axis_off()
        if index < len(scenes):
            if titles:
                axes.set_title(shortened(titles[index], 40), fontsize=9)
            draw_scene(axes, scenes[index])
    set_key(figure, handles, columns=key_columns, size=10.5, length=2.4)
    return figure


def _size(scene: Scene) -> tuple[int, float]:
    if scene.is_grid:
        return len(scene.rows), len(scene.rows[0])
    return min(len(scene.rows), _MOST_LINES), 2 * WIDTH


def draw_scene(axes: Axes, scene: Scene, *, width: float = WIDTH) -> None:
    """Draws a scene.

    **Arguments:**

    - `axes`: to be drawn into.
    - `scene`: one that is no grid is shown as text.
    - `width`: of the axes in inches, for the size of letters.
    """
    if not scene.is_grid:
        # What is cut off here can be read in the text form.
        text = "\n".join(shortened(row, 60) for row in scene.rows[:_MOST_LINES])
        axes.text(0.0, 1.0, text, transform=axes.transAxes, va="top", family="DejaVu Sans Mono", fontsize=7.5)
        return
    height, columns = len(scene.rows), len(scene.rows[0])
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
    axes.add_patch(Rectangle((-0.5, -0.5), columns, height, facecolor=FLOOR, edgecolor="none"))
    axes.vlines([x - 0.5 for x in range(columns + 1)], -0.5, height - 0.5, color=FAINT, linewidth=0.6)
    axes.hlines([y - 0.5 for y in range(height + 1)], -0.5, columns - 0.5, color=FAINT, linewidth=0.6)
    size = 72 * 0.55 * min(width / columns, _LARGEST_CELL)
    fill_cells(axes, [place for place, character in scene.cells if scene.is_wall(character)], WALL)
    for (i, j), character in scene.cells:
        if not scene.is_wall(character) and not scene.is_floor(character):
            axes.text(j, i, character, ha="center", va="center_baseline", fontsize=size, weight="bold", zorder=6)
    _field(axes, scene)
    _path(axes, scene.base_path, BASE, _OFFSET, "--", zorder=4)
    _path(axes, scene.agent_path, AGENT, -_OFFSET, "-", zorder=5)
    for row, column in scene.base_goal[:_MOST_GOALS]:
        axes.add_patch(Circle((column, row), 0.41, fill=False, edgecolor=BASE, linewidth=2.0, zorder=7))
    for row, column in scene.agent_goal[:_MOST_GOALS]:
        axes.add_patch(
            RegularPolygon((column, row), 4, radius=0.48, fill=False, edgecolor=AGENT, linewidth=2.0, zorder=7)
        )
    if scene.start is not None:
        row, column = scene.start
        axes.add_patch(Circle((column, row), 0.17, facecolor=INK, edgecolor="none", zorder=8))


def fill_cells(axes: Axes, places: Sequence[Place], colour: Any) -> None:
    """Fills cells with a colour, all of them one shape: one for each makes a page five times as large, and slow."""
    if places:
        corners = ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5))
        squares = [Path([(column + x, row + y) for x, y in corners], closed=True) for row, column in places]
        axes.add_patch(PathPatch(Path.make_compound_path(*squares), facecolor=colour, edgecolor=colour, linewidth=0.5))


def _field(axes: Axes, scene: Scene) -> None:
    moves = [(arrow, arrow.step) for arrow in scene.arrows if arrow.step not in (None, (0, 0))]
    if moves:
        # Half a cell for a sure action, a quarter for one hardly likelier than the others.
        length = [0.25 + 0.3 * arrow.probability for arrow, _ in moves]
        norm = [math.hypot(*step) for _, step in moves if step is not None]
        columns = [step[1] * scale / size for (_, step), scale, size in zip(moves, length, norm, strict=True) if step]
        rows = [step[0] * scale / size for (_, step), scale, size in zip(moves, length, norm, strict=True) if step]
        axes.quiver(
            [arrow.place[1] for arrow, _ in moves],
            [arrow.place[0] for arrow, _ in moves],
            columns,
            rows,
            angles="xy",
            scale_units="xy",
            scale=1,
            units="xy",
            width=0.045,
            headwidth=4.5,
            headlength=4.5,
            headaxislength=4,
            pivot="mid",
            color=MUTED,
            alpha=0.55,
            zorder=3,
        )
    for arrow in scene.arrows:
        row, column = arrow.place
        if arrow.step == (0, 0):
            axes.plot(column, row, ".", color=MUTED, alpha=0.55, markersize=4, zorder=3)
        elif arrow.step is None:
            size = 72 * 0.17 * min(WIDTH / max(len(line) for line in scene.rows), _LARGEST_CELL)
            label = shortened(arrow.label, 10)
            axes.text(column, row, label, ha="center", va="center", fontsize=size, color=MUTED, zorder=3)


def _path(axes: Axes, path: tuple[Place, ...], colour: str, offset: float, dashes: str, *, zorder: int) -> None:
    points = [(column + offset, row + offset) for row, column in path]
    if len(points) < 2:
        return
    axes.plot(*zip(*points, strict=True), color=colour, linestyle=dashes, linewidth=2.2, zorder=zorder)
    moved = [(a, b) for a, b in itertools.pairwise(points) if a != b]
    if moved:
        tail, head = moved[-1]
        style = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.2, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=head, xytext=tail, arrowprops=style, zorder=zorder)


def _handles(
    scenes: Sequence[Scene], agent_objective: str | None, base_objective: str | None, labels: tuple[str, str, str, str]
) -> list[Line2D]:
    def any_scene(field: str) -> bool:
        return any(getattr(scene, field) for scene in scenes)

    own = f" ({shortened(agent_objective, 24)})" if agent_objective else ""
    base = f" ({shortened(base_objective, 24)})" if base_objective else ""
    handles = []
    if any(scene.start is not None for scene in scenes):
        handles.append(mark("o", "start", 6, color=INK))
    if any_scene("agent_path"):
        handles.append(Line2D([], [], color=AGENT, linewidth=2.2, label=labels[0]))
    if any_scene("base_path"):
        handles.append(Line2D([], [], color=BASE, linewidth=2.2, linestyle="--", label=labels[1]))
    if any_scene("agent_goal"):
        handles.append(hollow("D", f"{labels[2]}{own}", 8, AGENT))
    if any_scene("base_goal"):
        handles.append(hollow("o", f"{labels[3]}{base}", 10, BASE))
    if any(arrow.step not in (None, (0, 0)) for scene in scenes for arrow in scene.arrows):
        handles.append(mark(">", "policy: likeliest action", 6, color=MUTED))
    return [*handles, *letters(scenes[0], scenes, most=12)]


def witness_svg(report: WitnessReport) -> str | None:
    """Returns the worst level of an agent before and after shrinking as SVG, `None` if there is none."""
    scenes = witness_scenes(report)
    if not scenes:
        return None
    own, base = witness_objectives(report)
    return svg_of(level_figure(scenes, witness_titles(report), agent_objective=own, base_objective=base))
