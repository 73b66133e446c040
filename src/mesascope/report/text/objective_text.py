"""A recovered objective for a terminal."""

from __future__ import annotations

from mesascope.audit.objective.recovery.evidence.details import Parting
from mesascope.report.data.question_reports import ObjectiveReport
from mesascope.report.text.lines import bearable, table_lines, wrapped
from mesascope.report.views.plain_text import plain
from mesascope.report.views.recovery_view import (
    MOST_ROWS,
    at_first_text,
    objective_headline,
    parting_scene,
    recovered,
    recovery_facts,
    recovery_tables,
)


def objective_text(report: ObjectiveReport, *, width: int = 100) -> str:
    """Returns the result for a terminal.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    """
    width = bearable(width)
    lines = [plain(f"{report.agent} ({report.agent_kind}) in {report.world}, trained on {report.base_objective}"), ""]
    lines += [*wrapped(objective_headline(report), width), *wrapped(report.recovery.reason, width)]
    piece = recovered([report.recovery])
    if piece is None or piece.details is None:
        return "\n".join(lines)
    details = piece.details
    lines += ["", *wrapped("; ".join(recovery_facts(details)), width)]
    if report.at_first:
        lines += ["", *wrapped(at_first_text(report.at_first), width)]
    for table in recovery_tables(details):
        lines += ["", *wrapped(table.title, width), *table_lines(table.columns, table.rows, width)]
        lines += wrapped(table.note, width)
    lines += ["", "Left open", *wrapped(f"{details.open.sentence} {report.outlook}", width)]
    if details.readings is not None:
        place = plain(details.readings.distribution)
        lines += ["", f"Two readings that act alike in training and part here ({place} level)"]
        lines += wrapped(details.readings.sentence, width)
        lines += [f"  {row}" for row in _drawn(details.readings)]
    assumed = [f"  - {plain(one)}" for one in details.assumptions[:MOST_ROWS]]
    return "\n".join([*lines, "", "Taken for granted", *assumed])


def _drawn(readings: Parting) -> list[str]:
    """The level with the first way as 1, the second as 2, and both as +; objects stay what they are."""
    scene = parting_scene(readings)
    rows = [list(row) for row in scene.rows]
    first, second = set(scene.agent_path), set(scene.base_path)
    for row, column in first | second:
        if rows[row][column] in ". ":
            both = (row, column) in first and (row, column) in second
            rows[row][column] = "+" if both else "1" if (row, column) in first else "2"
    if scene.start is not None:
        row, column = scene.start
        rows[row][column] = "A"
    key = f"A start, 1 way of '{readings.first}', 2 way of '{readings.second}', + both"
    return ["".join(row) for row in rows] + [plain(key)]
