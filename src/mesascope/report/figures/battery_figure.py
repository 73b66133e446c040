"""The table of the alignment battery as a picture: the agent's own row above the row that each class predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mesascope.audit.alignment.battery import TestRow as Test
from mesascope.core.text import probability_text
from mesascope.report.figures.style import (
    AGENT,
    BASE,
    FAINT,
    GOOD,
    INK,
    MUTED,
    OTHER,
    PAPER,
    WALL,
    WIDTH,
    ReportFigure,
    figure_settings,
    svg_of,
)
from mesascope.report.views.battery_view import MEANINGS, BatteryTable
from mesascope.report.views.words import shortened

COLOURS: dict[str, tuple[str, str]] = {
    "A": (FAINT, INK),
    "a": (GOOD, PAPER),
    "X": (AGENT, PAPER),
    "F": (OTHER, PAPER),
    "L": (WALL, PAPER),
}
"""Of a cell and its letter; what is as it should be stays in the background."""
_WORDS = {"A": "full", "a": "nearly", "X": "fallen", "F": "swapped", "L": "lost"}
_GAP = 0.45
"""Between the agent's row and the first class, in rows."""
_LABELS, _BARS, _GUTTER = 1.5, 3.4, 0.12
"""Where cells and bars begin, and what lies between them, in inches."""
_ROW, _BELOW, _KEY_HEIGHT = 0.178, 0.56, 1.55
"""Height of a row, of what stands below a block, and of the key, in inches."""


@figure_settings()
def battery_figure(table: BatteryTable) -> Figure:
    """Returns the table: classes down, tests across in two blocks so that letters stay readable on a phone.

    **Arguments:**

    - `table`: of one agent.
    """
    blocks = _blocks(table.tests)
    # Classes that predict no row need a place for their probability only.
    listed = tuple(kind for kind in table.rows if kind in table.predicted)
    shown = (table.rows, listed)[: len(blocks)]
    heights = [_ROW * (len(kinds) + 1 + _GAP) for kinds in shown]
    key_alone = len(blocks) == 1 and bool(table.kinds)
    total = sum(heights) + _BELOW * len(blocks) + (_KEY_HEIGHT if key_alone else 0)
    widest = max(map(len, blocks))
    # Places are given in inches: measuring hundreds of letters for a layout would take longer than drawing them.
    figure = Figure(figsize=(WIDTH, total))

    def place(left: float, width: float, top: float, height: float) -> Axes:
        return figure.add_axes((left / WIDTH, 1 - (top + height) / total, width / WIDTH, height / total))

    top = 0.0
    for index, (tests, kinds, height) in enumerate(zip(blocks, shown, heights, strict=True)):
        _cells(place(_LABELS, _BARS - _GUTTER - _LABELS, top, height), table, kinds, tests, widest)
        if index == 0 and table.kinds:
            _bars(place(_BARS, WIDTH - _BARS, top, height), table)
        else:
            _key(place(_BARS, WIDTH - _BARS, top, _KEY_HEIGHT))
        top += height + _BELOW
    if key_alone:
        _key(place(_LABELS, WIDTH - _BARS, top, _KEY_HEIGHT))
    return figure


def battery_drawing(table: BatteryTable) -> ReportFigure:
    """Returns the table as a figure with its caption."""
    return ReportFigure(
        "battery",
        "What each test found, and what each class predicts",
        battery_spoken(table),
        svg_of(battery_figure(table)),
        battery_caption(table),
    )


def battery_caption(table: BatteryTable) -> str:
    """Returns what must be known to read the picture."""
    codes = ", ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())
    missing = [test.test for test in table.tests if test.code is None]
    unmade = f"Hatched: tests that could not be made ({', '.join(missing)}). " if missing else ""
    return (
        f"Top row: what was found, n = {table.levels} in each test. Below: what each class predicts. {codes}. Framed: "
        f"where the agent differs from the class. {unmade}Bars: probability of each class; a class without letters "
        "predicts no row."
    )


def battery_spoken(table: BatteryTable) -> str:
    """Returns what the picture says, in words and numbers."""
    found = ", ".join(f"{test.test} {test.code or 'not made'}" for test in table.tests)
    chances = "; ".join(f"{kind} {probability_text(probability)}" for kind, probability in table.kinds)
    off = "; ".join(
        f"{kind} in {', '.join(names) if names else 'no test'}"
        for kind, names in (
            (kind, [test.test for test in table.tests if table.differs(kind, test)]) for kind in table.compared
        )
    )
    return f"Found: {found}. Probabilities: {chances or 'none'}. Differs from {off or 'nothing that was compared'}."


def _blocks(tests: Sequence[Test]) -> list[tuple[Test, ...]]:
    if len(tests) <= 12:
        return [tuple(tests)]
    names = [test.test for test in tests]
    # From T8 on it is what the agent is told that changes, and what it does when nobody watches.
    half = names.index("T8") if "T8" in names else (len(tests) + 1) // 2
    return [block for block in (tuple(tests[:half]), tuple(tests[half:])) if block]


def _heights(count: int) -> list[float]:
    return [0.0, *(1 + _GAP + row for row in range(count))]


def _cells(axes: Axes, table: BatteryTable, kinds: Sequence[str], tests: Sequence[Test], columns: int) -> None:
    heights = _heights(len(kinds))
    cells = []
    for column, test in enumerate(tests):
        unmade = test.code is None
        cells.append(_Cell(column, 0.0, test.code, missing=unmade))
        for kind, height in zip(kinds, heights[1:], strict=True):
            code = table.code(kind, test)
            if code is not None:
                cells.append(_Cell(column, height, code, missing=unmade, framed=table.differs(kind, test)))
    _draw(axes, cells)
    axes.set_xticks(range(len(tests)), [shortened(test.test, 8) for test in tests], rotation=90, fontsize=8)
    axes.set_yticks(heights, ["this agent", *(shortened(kind, 24) for kind in kinds)], fontsize=8)
    axes.get_yticklabels()[0].set(weight="bold")
    axes.set(xlim=(-0.55, columns - 0.45), ylim=(heights[-1] + 0.6, -0.6))
    axes.set_xlabel("test", fontsize=8.5)
    axes.set_ylabel("class", fontsize=8.5)
    axes.yaxis.set_label_coords(-(_LABELS - 0.2) / (_BARS - _GUTTER - _LABELS), 0.5)
    axes.tick_params(length=0, pad=2)
    axes.spines[:].set_visible(False)


@dataclass(frozen=True)
class _Cell:
    column: float
    height: float
    code: str | None
    missing: bool = False
    framed: bool = False


def _draw(axes: Axes, cells: Sequence[_Cell]) -> None:
    filled, hatched, framed = [], [], []
    for cell in cells:
        colour, letter = COLOURS.get(cell.code or "", (PAPER, MUTED))
        corner = (cell.column - 0.46, cell.height - 0.44)
        if cell.missing:
            # What would have been predicted stays readable, in the colour of what does not count.
            hatched.append(Rectangle(corner, 0.92, 0.88))
            letter = MUTED
        else:
            filled.append(Rectangle(corner, 0.92, 0.88, facecolor=colour, edgecolor="none"))
        if cell.framed:
            framed.append(Rectangle((cell.column - 0.4, cell.height - 0.37), 0.8, 0.74))
        axes.text(
            cell.column, cell.height, cell.code or "–", ha="center", va="center_baseline", fontsize=7.5, color=letter
        )
    for patches, look in (
        (filled, {"match_original": True}),
        (hatched, {"facecolor": "none", "edgecolor": FAINT, "hatch": "/////", "linewidth": 0.5}),
        (framed, {"facecolor": "none", "edgecolor": INK, "linewidth": 1.1}),
    ):
        if patches:
            axes.add_collection(PatchCollection(patches, **look))


def _bars(axes: Axes, table: BatteryTable) -> None:
    heights = _heights(len(table.rows))
    chances = dict(table.kinds)
    for kind, height in zip(table.rows, heights[1:], strict=True):
        if kind in chances:
            axes.barh(height, chances[kind], height=0.6, color=BASE)
            axes.text(chances[kind] + 0.06, height, probability_text(chances[kind]), va="center_baseline", fontsize=8)
    axes.set(xlim=(0, 2.3), ylim=(heights[-1] + 0.6, -0.6), yticks=[])
    axes.set_xticks([0, 1], ["0", "1"], fontsize=8)
    axes.set_xlabel("probability", fontsize=8.5, loc="left")
    axes.spines["left"].set_color(FAINT)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0, pad=2)


def _key(axes: Axes) -> None:
    axes.set_axis_off()
    entries = [*_WORDS.items(), (None, "not made"), ("A", "differs")]
    heights = [1.15 * row for row in range(len(entries))]
    last = len(entries) - 1
    cells = [
        _Cell(0, height, code, missing=code is None, framed=row == last)
        for row, (height, (code, _)) in enumerate(zip(heights, entries, strict=True))
    ]
    _draw(axes, cells)
    for height, (_, word) in zip(heights, entries, strict=True):
        axes.text(0.75, height, word, va="center_baseline", fontsize=8)
    axes.set(xlim=(-0.55, 4.65), ylim=(heights[-1] + 0.6, -0.6))
