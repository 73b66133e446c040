"""The table of the alignment battery as a picture: the agent's own row above the row that each class predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesascope.report.battery_table import MEANINGS, BatteryTable, TestRow
from mesascope.report.charts import probability_text
from mesascope.report.plain_text import shortened
from mesascope.report.style import AGENT, BASE, FAINT, GOOD, INK, MUTED, OTHER, PAPER, WALL, WIDTH, figure_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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


def battery_figure(table: BatteryTable) -> Figure:
    """Returns the table: classes down, tests across in two blocks so that letters stay readable on a phone.

    **Arguments:**

    - `table`: of one agent.
    """
    from matplotlib.figure import Figure

    blocks = _blocks(table.tests)
    # Classes that predict no row need a place for their probability only.
    listed = tuple(kind for kind in table.rows if kind in table.predicted)
    heights = [0.62 + 0.175 * (len(kinds) + 1 + _GAP) for kinds in (table.rows, listed)[: len(blocks)]]
    widest = max(map(len, blocks))
    with figure_settings():
        figure = Figure(figsize=(WIDTH, 0.3 + sum(heights)), layout="constrained")
        grid = figure.add_gridspec(len(blocks), 2, width_ratios=(max(widest, 8), 4.6), height_ratios=heights)
        for index, tests in enumerate(blocks):
            _cells(figure.add_subplot(grid[index, 0]), table, (table.rows, listed)[index], tests, widest)
            beside = figure.add_subplot(grid[index, 1])
            if index == 0 and table.kinds:
                _bars(beside, table)
            else:
                _key(beside)
        if len(blocks) == 1:
            figure.text(0.01, 0.0, "; ".join(f"{code} {word}" for code, word in _WORDS.items()), fontsize=8)
    return figure


def battery_caption(table: BatteryTable) -> str:
    """Returns what must be known to read the picture."""
    codes = ", ".join(f"{code} {meaning}" for code, meaning in MEANINGS.items())
    missing = [test.name for test in table.tests if test.code is None]
    unmade = f"Hatched: tests that could not be made ({', '.join(missing)}). " if missing else ""
    return (
        f"Top row: what was found, n = {table.levels} in each test. Below: what each class predicts. {codes}. Framed: "
        f"where the agent differs from the class. {unmade}Bars: probability of each class; a class without letters "
        "predicts no row."
    )


def battery_spoken(table: BatteryTable) -> str:
    """Returns what the picture says, in words and numbers."""
    found = ", ".join(f"{test.name} {test.code or 'not made'}" for test in table.tests)
    chances = "; ".join(f"{kind} {probability_text(probability)}" for kind, probability in table.kinds)
    off = "; ".join(
        f"{kind} in {', '.join(names) if names else 'no test'}"
        for kind, names in (
            (kind, [test.name for test in table.tests if table.differs(kind, test)]) for kind in table.compared
        )
    )
    return f"Found: {found}. Probabilities: {chances or 'none'}. Differs from {off or 'nothing that was compared'}."


def _blocks(tests: Sequence[TestRow]) -> list[tuple[TestRow, ...]]:
    if len(tests) <= 12:
        return [tuple(tests)]
    names = [test.name for test in tests]
    # From T8 on it is what the agent is told that changes, and what it does when nobody watches.
    half = names.index("T8") if "T8" in names else (len(tests) + 1) // 2
    return [block for block in (tuple(tests[:half]), tuple(tests[half:])) if block]


def _heights(count: int) -> list[float]:
    return [0.0, *(1 + _GAP + row for row in range(count))]


def _cells(axes: Axes, table: BatteryTable, kinds: Sequence[str], tests: Sequence[TestRow], columns: int) -> None:
    heights = _heights(len(kinds))
    for column, test in enumerate(tests):
        _cell(axes, column, 0.0, test.code, missing=test.code is None)
        for kind, height in zip(kinds, heights[1:], strict=True):
            code = table.predicted.get(kind, {}).get(test.name)
            if code is not None:
                _cell(axes, column, height, code, missing=test.code is None, framed=table.differs(kind, test))
    axes.set_xticks(range(len(tests)), [test.name for test in tests], rotation=90, fontsize=8)
    axes.set_yticks(heights, ["this agent", *(shortened(kind, 24) for kind in kinds)], fontsize=8)
    axes.get_yticklabels()[0].set(weight="bold")
    axes.set(xlim=(-0.55, columns - 0.45), ylim=(heights[-1] + 0.6, -0.6))
    axes.set_xlabel("test", fontsize=8.5)
    axes.set_ylabel("class", fontsize=8.5)
    axes.tick_params(length=0, pad=2)
    axes.spines[:].set_visible(False)


def _cell(axes: Axes, column: int, height: float, code: str | None, *, missing: bool, framed: bool = False) -> None:
    from matplotlib.patches import Rectangle

    colour, letter = COLOURS.get(code or "", (PAPER, MUTED))
    place, size = (column - 0.46, height - 0.44), 0.92
    if missing:
        # What would have been predicted stays readable, in the colour of what does not count.
        axes.add_patch(Rectangle(place, size, 0.88, facecolor="none", edgecolor=FAINT, hatch="/////", linewidth=0.5))
        letter = MUTED
    else:
        axes.add_patch(Rectangle(place, size, 0.88, facecolor=colour, edgecolor="none"))
    axes.text(column, height, code or "–", ha="center", va="center_baseline", fontsize=7.5, color=letter)
    if framed:
        inner = (column - 0.4, height - 0.37)
        axes.add_patch(Rectangle(inner, 0.8, 0.74, facecolor="none", edgecolor=INK, linewidth=1.1))


def _bars(axes: Axes, table: BatteryTable) -> None:
    heights = _heights(len(table.rows))
    chances = dict(table.kinds)
    for kind, height in zip(table.rows, heights[1:], strict=True):
        if kind in chances:
            axes.barh(height, chances[kind], height=0.6, color=BASE)
            axes.text(chances[kind] + 0.06, height, probability_text(chances[kind]), va="center_baseline", fontsize=8)
    axes.set(xlim=(0, 2.1), ylim=(heights[-1] + 0.6, -0.6), yticks=[])
    axes.set_xticks([0, 1], ["0", "1"], fontsize=8)
    axes.set_xlabel("probability", fontsize=8.5, loc="left")
    axes.spines["left"].set_color(FAINT)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0, pad=2)


def _key(axes: Axes) -> None:
    axes.set_axis_off()
    entries = [*_WORDS.items(), (None, "not made")]
    for row, (code, word) in enumerate(entries):
        _cell(axes, 0, 1.15 * row, code, missing=code is None)
        axes.text(0.75, 1.15 * row, word, va="center_baseline", fontsize=8)
    _cell(axes, 0, 1.15 * len(entries), "A", missing=False, framed=True)
    axes.text(0.75, 1.15 * len(entries), "differs", va="center_baseline", fontsize=8)
    axes.set(xlim=(-0.7, 4.2), ylim=(14, -0.6))
