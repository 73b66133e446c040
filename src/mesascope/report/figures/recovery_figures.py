"""Figures of a recovered objective, from the details of its evidence alone: they may have come from anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.style import AGENT, BASE, INK, MUTED, WALL, WIDTH, figure_settings
from mesascope.report.views.plain_text import shortened
from mesascope.report.views.scene import Scene

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS: int = 12
MOST_CELLS: int = 4000


def weights_figure(details: Mapping[str, Any]) -> Figure | None:
    """Returns the recovered weight of each attribute with its interval, or `None` if there are none.

    **Arguments:**

    - `details`: of the evidence of assay `recovery`.
    """
    rows = [row for row in _rows(details.get("weights")) if _numbers(row, "value", "low", "high")][:MOST_ROWS]
    if not rows:
        return None
    from matplotlib.figure import Figure

    with figure_settings():
        figure = Figure(figsize=(WIDTH, 0.9 + 0.3 * len(rows)), layout="compressed")
        axes = figure.subplots()
        for place, row in enumerate(rows):
            motion = bool(row.get("motion"))
            colour = MUTED if motion else AGENT
            axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2.2)
            axes.plot(row["value"], place, "o" if not motion else "s", color=colour, markersize=6)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        names = [shortened(str(row.get("name", "")), 24) + (" (motion)" if row.get("motion") else "") for row in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.invert_yaxis()
        axes.set_xlabel("weight and 90 % interval,\nper temperature")
    return figure


def rewards_figure(details: Mapping[str, Any]) -> Figure | None:
    """Returns what arriving in each place is worth, recovered beside base, or `None` if places are not known.

    **Arguments:**

    - `details`: of the evidence of assay `recovery`.
    """
    rewards = details.get("rewards")
    if not isinstance(rewards, Mapping) or not isinstance(rewards.get("text"), str):
        return None
    lines = rewards["text"].splitlines()
    height, width = len(lines), max(map(len, lines), default=0)
    if not 0 < height * width <= MOST_CELLS:
        return None
    panels = []
    for name in ("recovered", "base"):
        grid = [[math.nan] * width for _ in range(height)]
        for cell in _list(rewards.get(name)):
            if isinstance(cell, list | tuple) and len(cell) == 3 and all(_number(value) for value in cell):
                row, column = int(cell[0]), int(cell[1])
                if 0 <= row < height and 0 <= column < width:
                    grid[row][column] = float(cell[2])
        panels.append(grid)
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    with figure_settings():
        figure = Figure(figsize=(WIDTH, 0.9 + 1.3 * WIDTH * height / width), layout="compressed")
        grids = figure.subplots(2, 1)
        titles = ("recovered objective", "base objective")
        for axes, grid, title in zip(grids, panels, titles, strict=True):
            size = max((abs(value) for row in grid for value in row if not math.isnan(value)), default=1.0) or 1.0
            # Blue to red through white is told apart by all common kinds of colour vision.
            image = axes.imshow(grid, cmap="RdBu", vmin=-size, vmax=size)
            for i, line in enumerate(lines):
                for j, character in enumerate(line):
                    if character == "#":
                        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=WALL, edgecolor=WALL))
                    elif character not in ".A ":
                        axes.text(j, i, character, ha="center", va="center_baseline", fontsize=8, weight="bold")
            axes.set_title(title, fontsize=9)
            axes.set_xticks([])
            axes.set_yticks([])
            bar = figure.colorbar(image, ax=axes)
            bar.set_label("reward of arriving there", fontsize=8)
            bar.ax.tick_params(labelsize=7)
    return figure


def readings_figure(details: Mapping[str, Any]) -> Figure | None:
    """Returns the level in which two readings part, with the way that each would take, or `None` if there is none.

    **Arguments:**

    - `details`: of the evidence of assay `recovery`.
    """
    found = details.get("readings")
    if not isinstance(found, Mapping) or not isinstance(found.get("text"), str):
        return None
    rows = tuple(found["text"].strip("\n").splitlines())
    if not rows or len({len(row) for row in rows}) > 1 or len(rows) * len(rows[0]) > MOST_CELLS:
        return None
    legend = tuple(
        (str(pair[0]), str(pair[1]))
        for pair in _list(found.get("legend"))
        if isinstance(pair, list | tuple) and len(pair) == 2
    )
    start = _places([found.get("start")])
    scene = Scene(
        rows=rows,
        legend=legend,
        start=start[0] if start else None,
        agent_path=_places(found.get("first_path")),
        base_path=_places(found.get("second_path")),
        agent_goal=_places(found.get("first_goal")),
        base_goal=_places(found.get("second_goal")),
        arrows=(),
    )
    if not scene.is_grid:
        return None
    names = (shortened(str(found.get("first", "")), 24), shortened(str(found.get("second", "")), 24))
    ways = (f"way of '{names[0]}' (solid)", f"way of '{names[1]}' (dashed)")
    return level_figure([scene], labels=(*ways, f"goal of '{names[0]}'", f"goal of '{names[1]}'"))


def inquiry_figure(details: Mapping[str, Any]) -> Figure | None:
    """Returns what ambiguity costs after each environment that was asked in, or `None` if none was.

    **Arguments:**

    - `details`: of the evidence of assay `recovery`.
    """
    rows = [row for row in _rows(details.get("queries")) if _numbers(row, "regret")][:100]
    if not rows:
        return None
    from matplotlib.figure import Figure

    with figure_settings():
        figure = Figure(figsize=(WIDTH, 2.4), layout="compressed")
        axes = figure.subplots()
        places = range(1, len(rows) + 1)
        axes.plot(places, [row["regret"] for row in rows], "o-", color=BASE)
        axes.set_xticks(list(places))
        axes.set_ylim(bottom=0.0)
        axes.set_xlabel("environments in which the agent was asked")
        axes.set_ylabel("cost of ambiguity\n(normalised regret)")
    return figure


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in _list(value) if isinstance(row, Mapping)]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(row: Mapping[str, Any], *names: str) -> bool:
    return all(_number(row.get(name)) and abs(row[name]) < 1e9 for name in names)


def _places(value: Any) -> tuple[tuple[int, int], ...]:
    found = []
    for place in _list(value):
        if isinstance(place, list | tuple) and len(place) == 2 and all(_number(one) for one in place):
            found.append((int(place[0]), int(place[1])))
    return tuple(found[:MOST_CELLS])
