"""Pictures of the first question: the plan as sites hold it, and the board before and after an edit."""

from __future__ import annotations

import math
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle

from mesascope.report.figures.keys import hollow, letters, mark, set_key
from mesascope.report.figures.level_figure import draw_scene, fill_cells
from mesascope.report.figures.style import AGENT, BASE, FAINT, INK, OTHER, SEQUENTIAL, WIDTH, figure_settings
from mesascope.report.views.scene import Place, Scene
from mesascope.report.views.search_examples import Choice, Decoded, Edited
from mesascope.report.views.words import shortened

SHADES: int = 20
"""So few that the colour bar consists of shapes, and a page needs no embedded picture."""


@figure_settings()
def plans_figure(decoded: Decoded) -> Figure:
    """Returns the true values of all places of one level, and beside them what is read off each site.

    **Arguments:**

    - `decoded`: the example.
    """
    panels = [("true values", decoded.values)]
    panels += [(_site_title(site, explained), values) for site, explained, values in decoded.sites]
    columns = 4 if len(panels) > 6 else 3
    lines = math.ceil(len(panels) / columns)
    height, width = len(decoded.scene.rows), len(decoded.scene.rows[0])
    panel = WIDTH / columns
    size = (WIDTH, lines * (min(panel * height / width, 2 * panel) + 0.38) + 0.85)
    figure = Figure(figsize=size, layout="compressed")
    grid = figure.subplots(lines, columns, squeeze=False)
    known = [value for row in decoded.values for value in row if math.isfinite(value)]
    low, high = min(known), max(known)
    scale = ScalarMappable(Normalize(low, high if high > low else low + 1.0), colormaps[SEQUENTIAL].resampled(SHADES))
    for index, axes in enumerate(grid.ravel()):
        axes.set_axis_off()
        if index < len(panels):
            title, values = panels[index]
            axes.set_title(title, fontsize=8)
            _values(axes, decoded, values, scale, panel)
    bar = figure.colorbar(
        scale, ax=grid.ravel().tolist(), orientation="horizontal", extend="both", aspect=28, pad=0.02, fraction=0.06
    )
    bar.set_label(shortened(decoded.level.label, 60), fontsize=9)
    bar.ax.tick_params(labelsize=8.5)
    set_key(figure, _plan_handles(decoded), columns=3)
    return figure


@figure_settings()
def edit_figure(edited: Edited) -> Figure | None:
    """Returns the boards before and after an edit with the agent's choice and the optimal ones; `None` if no board.

    **Arguments:**

    - `edited`: the example.
    """
    if not edited.is_board or edited.place is None:
        return None
    scene = edited.before.scene
    panel = WIDTH / 2
    tall = min(panel * len(scene.rows) / len(scene.rows[0]), 2 * WIDTH)
    handles = [
        mark("o", "the agent", 6, color=INK),
        Line2D([], [], color=AGENT, linewidth=4.5, label="its likeliest choice"),
        Line2D([], [], color=BASE, linewidth=1.6, label="what is optimal"),
        hollow("s", "the edit", 9, OTHER),
        *letters(scene, [scene], most=8, without="A"),
    ]
    size = (WIDTH, tall + 0.45 + 0.24 * math.ceil(len(handles) / 2))
    figure = Figure(figsize=size, layout="compressed")
    for axes, name, choice in zip(
        figure.subplots(1, 2), ("before", "after"), (edited.before, edited.after), strict=True
    ):
        axes.set_axis_off()
        axes.set_title(f"{name}: {_action_title(choice)}", fontsize=9.5)
        draw_scene(axes, _without_agent(choice.scene, edited.place), width=panel)
        row, column = edited.edit
        frame = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=OTHER, linewidth=2.6, zorder=9)
        axes.add_patch(frame)
        _arrows(axes, edited.place, choice)
    set_key(figure, handles, columns=2)
    return figure


def _values(axes: Axes, decoded: Decoded, values: Any, scale: Any, panel: float) -> None:
    scene = decoded.scene
    height, width = len(scene.rows), len(scene.rows[0])
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
    shades: dict[Any, list[Place]] = {}
    for (i, j), character in scene.cells:
        if math.isfinite(values[i][j]):
            shades.setdefault(scale.to_rgba(values[i][j]), []).append((i, j))
        elif scene.is_wall(character):
            shades.setdefault(FAINT, []).append((i, j))
    for colour, places in shades.items():
        fill_cells(axes, places, colour)
    for place, marker in ((decoded.goal, "*"), (decoded.place, "o")):
        if place is not None:
            points = 72 * panel / max(width, height)
            size = min(points * (0.85 if marker == "*" else 0.5), 11.0)
            axes.plot(place[1], place[0], marker, color="white", markeredgecolor="black", markersize=size, zorder=5)


def _plan_handles(decoded: Decoded) -> list[Line2D]:
    scene, handles = decoded.scene, []
    for place, marker, label, size in ((decoded.place, "o", "the agent", 6), (decoded.goal, "*", "the goal", 10)):
        if place is not None:
            handles.append(mark(marker, label, size, color="white", markeredgecolor="black"))
    if any(scene.is_wall(character) for _, character in scene.cells):
        handles.append(mark("s", "wall", 8, color=FAINT))
    return handles


def _site_title(site: str, explained: float) -> str:
    share = "share not known" if math.isnan(explained) else f"explains {max(explained, 0.0):.0%}"
    return f"{shortened(site, 14)}\n{share}"


def _action_title(choice: Choice) -> str:
    names = " or ".join(name for name, _ in choice.chosen)
    return f"{shortened(names, 16)} ({choice.probability:.0%})"


def _without_agent(scene: Scene, place: Place) -> Scene:
    # The agent is a dot, under the tails of its arrows.
    rows = [
        row[: place[1]] + "." + row[place[1] + 1 :] if number == place[0] and row[place[1]] == "A" else row
        for number, row in enumerate(scene.rows)
    ]
    return Scene(tuple(rows), scene.legend, start=place)


def _arrows(axes: Axes, place: Place, choice: Choice) -> None:
    for steps, colour, width, head, order in (
        (choice.chosen, AGENT, 4.5, 14, 10),
        (choice.optimal, BASE, 1.6, 8, 11),
    ):
        for _, step in steps:
            row, column = place
            if step == (0, 0):
                ring = Circle((column, row), 0.36, fill=False, edgecolor=colour, linewidth=width, zorder=order)
                axes.add_patch(ring)
            elif step is not None:
                reach = 1.15 / math.hypot(*step)
                style = {"arrowstyle": "-|>", "color": colour, "linewidth": width, "mutation_scale": head}
                style |= {"shrinkA": 0, "shrinkB": 0, "joinstyle": "miter", "capstyle": "butt"}
                head_at = (column + reach * step[1], row + reach * step[0])
                axes.annotate("", xy=head_at, xytext=(column, row), arrowprops=style, zorder=order)
