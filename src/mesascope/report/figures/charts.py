"""Charts of a report: posterior, regrets, curves and rates; each number also stands there as text."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mesascope.audit.findings import Findings, ObjectiveAnswer
from mesascope.core.details import Line
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Estimate
from mesascope.report.figures.style import AGENT, BASE, FAINT, GOOD, INK, MUTED, OTHER, WIDTH, figure_settings
from mesascope.report.views.points import MOST_RATES, Drop, Point
from mesascope.report.views.words import drawable, ruler_text, shortened


@dataclass(frozen=True)
class Interval:
    """A row of a chart: a number with its interval, and how it is drawn."""

    name: str
    low: float
    value: float
    high: float
    colour: str
    marker: str


SHOWN_CANDIDATES = 8
ALWAYS_SHOWN = ("none of these", "a habit", "random")
"""The rivals of the candidates: what an objective has to be better than."""
_TWO_LINES = 0.38
_BEYOND = 30


def posterior_rows(answer: ObjectiveAnswer, base_objective: str) -> list[tuple[str, float]]:
    """Returns the candidates worth showing: the likeliest eight, and always the base objective and its rivals."""
    first = list(answer.posterior[:SHOWN_CANDIDATES])
    return (
        first
        + [entry for entry in answer.posterior[SHOWN_CANDIDATES:] if entry[0] in (*ALWAYS_SHOWN, base_objective)][:4]
    )


@figure_settings()
def posterior_figure(rows: Sequence[tuple[str, float]], base_objective: str | None = None) -> Figure:
    """Returns posterior probabilities of what is named as bars; a base objective among it is marked in the label."""
    figure, axes = _axes(len(rows))
    names = [shortened(name, 26) + (" (base)" if name == base_objective else "") for name, _ in rows]
    colours = [BASE if name == base_objective else MUTED if name in ALWAYS_SHOWN else AGENT for name, _ in rows]
    axes.barh(range(len(rows)), [probability for _, probability in rows], color=colours, height=0.62)
    for index, (_, probability) in enumerate(rows):
        axes.text(probability + 0.015, index, probability_text(probability), va="center", fontsize=9)
    _rows_axis(axes, names)
    axes.set(xlim=(0, 1.18), xlabel="posterior probability")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    return figure


@figure_settings()
def regret_figure(findings: Findings) -> Figure:
    """Returns normalised regrets with intervals, in training and deployment, beside those of reference policies."""
    rows: list[tuple[str, Estimate | float | None, str]] = []
    own = findings.objective.name
    for distribution, title in (("train", "Training"), ("deploy", "Deployment")):
        block: list[tuple[str, Estimate | float | None, str]] = []
        if distribution in findings.regret:
            name = f"on {shortened(findings.subject.base_objective, 16)} (base)"
            block.append((name, findings.regret[distribution], BASE))
        if distribution in findings.own_regret and own and own != findings.subject.base_objective:
            block.append((f"on {shortened(own, 16)} (its own)", findings.own_regret[distribution], AGENT))
        references = findings.reference_regrets.get(distribution, {})
        block += [(shortened(name, 20), value, MUTED) for name, value in list(references.items())[:12]]
        if block:
            rows += [(title, None, INK), *block]
    figure, axes = _axes(len(rows), row_height=0.33)
    numbers = [_ends(value) for _, value, _ in rows]
    finite = [number for ends in numbers if ends for number in ends if math.isfinite(number)]
    low, high = min([0.0, *finite]), max([1.0, *finite])
    span = high - low
    for index, ((_, value, colour), ends) in enumerate(zip(rows, numbers, strict=True)):
        if ends is None or not math.isfinite(ends[1]):
            continue
        marker = "o" if isinstance(value, Estimate) else "d"
        axes.plot([ends[0], ends[2]], [index, index], color=colour, linewidth=3, alpha=0.6, solid_capstyle="butt")
        axes.plot(ends[1], index, marker, color=colour, markersize=6)
    _rows_axis(axes, [name for name, _, _ in rows])
    _right_texts(axes, [_estimate_text(value) for _, value, _ in rows])
    for label, (_, value, _) in zip(axes.get_yticklabels(), rows, strict=True):
        if value is None:
            label.set(weight="bold")
    axes.axvline(0, color=FAINT, linewidth=1, zorder=0)
    axes.axvline(1, color=FAINT, linewidth=1, zorder=0)
    axes.set(xlim=(low - 0.06 * span, high + 0.06 * span), xlabel="normalised regret (0 optimal, 1 uniform)")
    axes.set_xticks([tick for tick in (0, 0.5, 1) if low <= tick <= high])
    return figure


@figure_settings()
def curve_figure(points: Sequence[Point], x_label: str, y_label: str, drop: Drop | None = None) -> Figure:
    """Returns a curve with the interval of each point and, above it, how many units stand behind it.

    **Arguments:**

    - `points`: by `x`.
    - `x_label`, `y_label`: what is measured.
    - `drop`: where the curve falls, to be marked.
    """
    figure, axes = plain_axes(2.9, _wrapped(x_label, 42), _wrapped(y_label, 30))
    xs, values = [point.x for point in points], [point.value for point in points]
    if all(x == round(x) for x in xs):
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    below = [max(0.0, point.value - point.low) for point in points]
    above = [max(0.0, point.high - point.value) for point in points]
    axes.errorbar(xs, values, yerr=[below, above], color=BASE, ecolor=BASE, marker="o", markersize=5, capsize=2.5)
    low, high = min(point.low for point in points), max(point.high for point in points)
    if drop is not None:
        low, high = min(low, drop.far), max(high, drop.near)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    room = (high - low) or 1.0
    counted = [point for point in points if point.n is not None]
    every = max(1, math.ceil(len(counted) / 8))
    for point in counted[::every]:
        axes.text(point.x, high + 0.09 * room, str(point.n), ha="center", fontsize=8, color=MUTED)
    axes.set_ylim(low - 0.05 * room, high + 0.2 * room)
    if drop is not None:
        _mark_drop(axes, drop, (min(xs), max(xs)), (low, high))
    if counted:
        axes.set_title("n stands above the points; bars are intervals", fontsize=8.5, color=MUTED, loc="left")
    return figure


def _mark_drop(axes: Axes, drop: Drop, across: tuple[float, float], up: tuple[float, float]) -> None:
    (first, last), (low, high) = across, up
    axes.vlines(drop.x, low, high, color=AGENT, linestyle="--", linewidth=1.6)
    # Before the fall there is room below the curve, beyond it above.
    early = drop.x - first < 0.6 * (last - first)
    axes.annotate(
        drop.label,
        (drop.x, low + (0.62 if early else 0.3) * (high - low)),
        xytext=(4 if early else -4, 0),
        textcoords="offset points",
        ha="left" if early else "right",
        va="center",
        fontsize=9,
        color=AGENT,
    )
    for level, start, end, name in ((drop.near, first, drop.x, "near"), (drop.far, drop.x, last, "far")):
        axes.plot([start, end], [level, level], color=AGENT, linestyle=":", linewidth=1.6, zorder=1)
        axes.annotate(
            f"{name} {ruler_text(level)}",
            (start if name == "near" else end, level),
            xytext=(0, -10 if name == "near" else 8),
            textcoords="offset points",
            ha="left" if name == "near" else "right",
            va="center",
            fontsize=8.5,
            color=AGENT,
        )


@figure_settings()
def lines_figure(lines: Sequence[Line], x_label: str, y_label: str, *, logarithmic: bool = False) -> Figure:
    """Returns lines over the same steps, the agent's own first; references are thin, so that it stands out.

    A logarithmic axis ends where others are `_BEYOND` times as large or small as the agent's own ever are.
    """
    figure, axes = plain_axes(3.4, _wrapped(x_label, 42), _wrapped(y_label, 30))
    looks = itertools.cycle(itertools.product(("-", "--", ":", "-."), (AGENT, BASE, GOOD, OTHER, INK, MUTED)))
    for line, (style, colour) in zip(lines[:MOST_RATES], looks, strict=False):
        steps = [(step + 1, value) for step, value in enumerate(line.values) if drawable(value) is not None]
        width = 1.1 if line.reference else 2.0
        axes.plot(*zip(*steps, strict=True), style, color=colour, linewidth=width, label=shortened(line.name, 30))
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    own = [value for value in (drawable(value) or 0.0 for line in lines[:1] for value in line.values) if value > 0]
    if logarithmic and own:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, min(own) / _BEYOND), min(high, max(own) * _BEYOND))
    figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=8.5)
    return figure


@figure_settings()
def rates_figure(points: Sequence[Point], label: str = "share") -> Figure:
    """Returns rates as bars with intervals, the numbers and their n beside them."""
    figure, axes = _axes(len(points), row_height=_TWO_LINES)
    high = max([1.0, *(point.high for point in points)])
    for index, point in enumerate(points):
        axes.barh(index, point.value, color=(BASE, AGENT)[index % 2] if index < 2 else MUTED, height=0.6)
        axes.plot([point.low, point.high], [index, index], color=INK, linewidth=1.4)
    _rows_axis(axes, [shortened(point.name, 24) for point in points])
    _right_texts(axes, [_rate_text(point) for point in points])
    low = min([0.0, *(point.low for point in points)])
    axes.set(xlim=(low, high * 1.02), xlabel=_wrapped(label, 34))
    if high == 1 and low >= -1:
        axes.set_xticks([0, 0.5, 1])
    return figure


@figure_settings()
def intervals_figure(rows: Sequence[Interval], x_label: str) -> Figure:
    """Returns numbers with their intervals, a row each, beside a line at zero."""
    figure, axes = _axes(len(rows))
    for place, row in enumerate(rows):
        axes.plot([row.low, row.high], [place, place], color=row.colour, linewidth=2.2)
        axes.plot(row.value, place, row.marker, color=row.colour, markersize=6)
    axes.axvline(0.0, color=INK, linewidth=0.8)
    axes.set_xlabel(_wrapped(x_label, 24))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    _rows_axis(axes, [row.name for row in rows])
    return figure


def plain_axes(height: float, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """Returns an empty chart of so many inches with lines to read values by; call inside `figure_settings`."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    return figure, axes


def _axes(rows: int, *, row_height: float = 0.28) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, 0.75 + row_height * rows), layout="constrained")
    return figure, figure.add_subplot()


def _rows_axis(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _right_texts(axes: Axes, texts: Sequence[str]) -> None:
    # As labels of a second axis the layout makes room for them, however long they are.
    right = axes.twinx()
    right.set_ylim(axes.get_ylim())
    right.set_yticks(range(len(texts)), texts)
    right.tick_params(axis="y", length=0, labelsize=8.5)
    right.spines[:].set_visible(False)


def _wrapped(label: str, width: int) -> str:
    return textwrap.fill(shortened(label, 3 * width), width)


def _rate_text(point: Point) -> str:
    interval = f"{ruler_text(point.value)} [{ruler_text(point.low)}, {ruler_text(point.high)}]"
    return interval if point.n is None else f"{interval}\nn={point.n}"


def _ends(value: Estimate | float | None) -> tuple[float, float, float] | None:
    if value is None:
        return None
    return (value.low, value.value, value.high) if isinstance(value, Estimate) else (value, value, value)


def _estimate_text(value: Estimate | float | None) -> str:
    if isinstance(value, Estimate):
        return f"{value}\nn={value.n}"
    return "" if value is None else ruler_text(value)
