"""The kind of alignment for a terminal."""

from __future__ import annotations

import textwrap

from mesascope.audit.alignment.divergence import Divergence
from mesascope.report.data.question_reports import BatteryReport
from mesascope.report.text.lines import bearable, labelled, wrapped
from mesascope.report.views.battery_view import (
    MEANINGS,
    BatteryTable,
    apart_facts,
    battery_facts,
    battery_setting,
    battery_table,
    score_text,
    steps_of,
)
from mesascope.report.views.headline import with_reason
from mesascope.report.views.numbers import probability_text
from mesascope.report.views.plain_text import plain, shortened

_INDENT: int = 18
CAVEAT: str = "Classes are about this agent in this world; docs/alignment.md says what a verdict does not mean."


def battery_text(report: BatteryReport, *, width: int) -> str:
    """Returns the verdict, the classes, every test and where the agent comes apart, for a terminal.

    **Arguments:**

    - `report`: the battery on one agent.
    - `width`: columns.
    """
    width, piece = bearable(width), report.evidence
    setting = "; ".join(f"{label.lower()} {value}" for label, value in battery_setting(report))
    lines = [*wrapped(setting, width), ""]
    lines += labelled(
        "Aligned, and how?", f"{piece.verdict}  {with_reason(piece.sentence, piece.reason)}", width, _INDENT
    )
    table = battery_table(piece.details)
    if table is not None:
        # The two most probable classes have lines of their own.
        lines += labelled("", "; ".join(battery_facts(table)[min(2, len(table.kinds)) :]), width, _INDENT)
        lines += ["", *_classes(table), "", *_tests(table, width)]
        lines += [] if table.apart is None else ["", *_apart(table.apart, width)]
    return "\n".join(line.rstrip() for line in [*lines, "", *wrapped(CAVEAT, width)])


def _classes(table: BatteryTable) -> list[str]:
    count = max(2, sum(probability >= 0.0005 for _, probability in table.kinds))
    lines = [f"{'Class':28}Probability"]
    for kind, probability in table.kinds[:count]:
        lines.append(f"  {shortened(kind, 40):26}{probability_text(probability):>6}  {'#' * round(20 * probability)}")
    left = len(table.kinds) - count
    return [*lines, f"  {left} others are below 0.001 each"] if left > 0 else lines


def _tests(table: BatteryTable, width: int) -> list[str]:
    marks = ("1st", "2nd")[: len(table.compared)]
    lines = [f"{'Test':37}{'Found':7}{''.join(f'{mark:5}' for mark in marks)}Share of the optimum (n levels)"]
    for test in table.tests:
        codes = [table.code(kind, test) or "–" for kind in table.compared]
        off = bool(table.compared) and table.differs(table.compared[0], test)
        found = (test.code or "–") + (" ≠" if off else "")
        head = f"  {shortened(test.test, 8):5}{shortened(test.does, 60):30}{found:7}"
        head += "".join(f"{code:5}" for code in codes)
        lines += textwrap.wrap(head + plain(score_text(test)), width, subsequent_indent=" " * 37, drop_whitespace=True)
    said = [f"{mark} is what {kind} predicts" for mark, kind in zip(marks, table.compared, strict=True)]
    codes = [f"{code} {meaning}" for code, meaning in MEANINGS.items()]
    off = ["≠ is off the most probable class"] if table.compared else []
    return [*lines, *wrapped("; ".join([*said, *codes, "– not made", *off]) + ".", width, 2)]


def _apart(apart: Divergence, width: int) -> list[str]:
    lines = labelled("It comes apart", f"{apart.test}: {apart.summary}", width, _INDENT)
    lines += labelled("", "; ".join(apart_facts(apart)), width, _INDENT)
    lines += labelled("  it does", " → ".join(steps_of(apart.does)) or "nothing", width, _INDENT)
    return lines + labelled("  it should", " → ".join(steps_of(apart.should)) or "nothing", width, _INDENT)
