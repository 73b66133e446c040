"""Figures of a recovered objective, from the details of its evidence."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from mesascope.audit.objective.recovery.evidence.details import RecoveryDetails
from mesascope.report.figures.charts import Interval, intervals_figure, plain_axes
from mesascope.report.figures.level_figure import fill_cells, level_figure
from mesascope.report.figures.style import AGENT, BASE, MUTED, WALL, WIDTH, figure_settings
from mesascope.report.views.recovery_view import parting_scene
from mesascope.report.views.scene import Scene, inside, rows_of
from mesascope.report.views.words import drawable, shortened

MOST_ROWS: int = 12
MOST_CELLS: int = 4000


def weights_figure(details: RecoveryDetails) -> Figure | None:
    """Returns the recovered weight of each attribute with its interval, or `None` if there are none."""
    rows = [
        Interval(
            shortened(weight.name, 24) + (" (motion)" if weight.motion else ""),
            *(weight.low, weight.value, weight.high),
            MUTED if weight.motion else AGENT,
            "s" if weight.motion else "o",
        )
        for weight in details.weights
        if None not in map(drawable, (weight.low, weight.value, weight.high))
    ]
    return intervals_figure(rows[:MOST_ROWS], "weight and 90 % interval,\nper temperature") if rows else None


@figure_settings()
def rewards_figure(details: RecoveryDetails) -> Figure | None:
    """Returns what arriving in each place is worth, recovered beside base, or `None` if places are not known."""
    rewards = details.rewards
    lines = () if rewards is None else rows_of(rewards.text)
    height, width = len(lines), max(map(len, lines), default=0)
    if rewards is None or not 0 < height * width <= MOST_CELLS:
        return None
    figure = Figure(figsize=(WIDTH, 0.9 + 1.3 * WIDTH * height / width), layout="compressed")
    panels = ((rewards.recovered, "recovered objective"), (rewards.base, "base objective"))
    for axes, (worth, title) in zip(figure.subplots(2, 1), panels, strict=True):
        grid = [[math.nan] * width for _ in range(height)]
        for row, column, value in worth:
            if inside(lines, (row, column)) and drawable(value) is not None:
                grid[row][column] = value
        size = max((abs(value) for row in grid for value in row if not math.isnan(value)), default=1.0) or 1.0
        # Blue to red through white is told apart by all common kinds of colour vision.
        image = axes.imshow(grid, cmap="RdBu", vmin=-size, vmax=size)
        cells = Scene(lines, ()).cells
        fill_cells(axes, [place for place, character in cells if character == "#"], WALL)
        for (i, j), character in cells:
            if character not in ".A #":
                axes.text(j, i, character, ha="center", va="center_baseline", fontsize=8, weight="bold")
        axes.set_title(title, fontsize=9)
        axes.set(xticks=[], yticks=[])
        bar = figure.colorbar(image, ax=axes)
        bar.set_label("reward of arriving there", fontsize=8)
        bar.ax.tick_params(labelsize=7)
    return figure


def readings_figure(details: RecoveryDetails) -> Figure | None:
    """Returns the level in which two readings part, with the way that each would take, or `None` if there is none."""
    found = details.readings
    scene = None if found is None else parting_scene(found)
    if found is None or scene is None or not scene.is_grid or len(scene.rows) * len(scene.rows[0]) > MOST_CELLS:
        return None
    first, second = shortened(found.first, 24), shortened(found.second, 24)
    ways = (f"way of '{first}' (solid)", f"way of '{second}' (dashed)")
    return level_figure([scene], labels=(*ways, f"goal of '{first}'", f"goal of '{second}'"))


@figure_settings()
def inquiry_figure(details: RecoveryDetails) -> Figure | None:
    """Returns what ambiguity costs after each environment that was asked in, or `None` if none was."""
    costs = [query.regret for query in details.queries if drawable(query.regret) is not None][:100]
    if not costs:
        return None
    asked = "environments in which the agent was asked"
    figure, axes = plain_axes(2.4, asked, "cost of ambiguity\n(normalised regret)")
    places = range(1, len(costs) + 1)
    axes.plot(places, costs, "o-", color=BASE)
    axes.set_xticks(list(places))
    axes.set_ylim(bottom=0.0)
    return figure
