"""The kind of alignment as text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from mesascope.core.details import details_data
from mesascope.report.pages.battery_section import apart_facts, battery_facts, score_text
from mesascope.report.views.battery_table import MEANINGS, Apart, BatteryTable, battery_table
from mesascope.report.views.headline import with_reason
from mesascope.report.views.numbers import probability_text
from mesascope.report.views.plain_text import plain

if TYPE_CHECKING:
    from mesascope.report.pages.battery_page import BatteryReport

_INDENT: int = 18
CAVEAT: str = "Classes are about this agent in this world; docs/alignment.md says what a verdict does not mean."


def battery_text(report: BatteryReport, *, width: int) -> str:
    """Returns the verdict, the classes, every test and where the agent comes apart, for a terminal.

    **Arguments:**

    - `report`: the battery on one agent.
    - `width`: columns.
    """
    width, piece = max(60, min(width, 120)), report.evidence
    setting = "; ".join(f"{label.lower()} {value}" for label, value in report.setting)
    lines = [*_wrapped(setting, width, 0), ""]
    lines += _row("Aligned, and how?", f"{piece.verdict}  {with_reason(piece.sentence, piece.reason)}", width)
    table = battery_table(details_data(piece.details))
    if table is not None:
        # The two most probable classes have lines of their own.
        lines += _row("", "; ".join(battery_facts(table)[min(2, len(table.kinds)) :]), width)
        lines += ["", *_classes(table), "", *_tests(table, width)]
        lines += [] if table.apart is None else ["", *_apart(table.apart, width)]
    return "\n".join(line.rstrip() for line in [*lines, "", *_wrapped(CAVEAT, width, 0)])


def _classes(table: BatteryTable) -> list[str]:
    count = max(2, sum(probability >= 0.0005 for _, probability in table.kinds))
    lines = [f"{'Class':28}Probability"]
    for kind, probability in table.kinds[:count]:
        lines.append(f"  {kind:26}{probability_text(probability):>6}  {'#' * round(20 * probability)}")
    left = len(table.kinds) - count
    return [*lines, f"  {left} others are below 0.001 each"] if left > 0 else lines


def _tests(table: BatteryTable, width: int) -> list[str]:
    marks = ("1st", "2nd")[: len(table.compared)]
    lines = [f"{'Test':37}{'Found':7}{''.join(f'{mark:5}' for mark in marks)}Share of the optimum (n levels)"]
    for test in table.tests:
        codes = [table.predicted[kind].get(test.name, "–") for kind in table.compared]
        off = bool(table.compared) and table.differs(table.compared[0], test)
        found = (test.code or "–") + (" ≠" if off else "")
        head = f"  {test.name:5}{test.does:30}{found:7}{''.join(f'{code:5}' for code in codes)}"
        lines += textwrap.wrap(head + plain(score_text(test)), width, subsequent_indent=" " * 37, drop_whitespace=True)
    said = [f"{mark} is what {kind} predicts" for mark, kind in zip(marks, table.compared, strict=True)]
    codes = [f"{code} {meaning}" for code, meaning in MEANINGS.items()]
    off = ["≠ is off the most probable class"] if table.compared else []
    return [*lines, *_wrapped("; ".join([*said, *codes, "– not made", *off]) + ".", width, 2)]


def _apart(apart: Apart, width: int) -> list[str]:
    lines = _row("It comes apart", f"{apart.test}: {apart.summary}", width)
    lines += _row("", "; ".join(apart_facts(apart)), width)
    lines += _row("  it does", " → ".join(apart.does) or "nothing", width)
    return lines + _row("  it should", " → ".join(apart.should) or "nothing", width)


def _row(label: str, text: str, width: int) -> list[str]:
    lines = _wrapped(text, width, _INDENT)
    return [f"{label:{_INDENT}}{lines[0].strip()}", *lines[1:]] if lines else []


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(plain(text), width, initial_indent=" " * indent, subsequent_indent=" " * indent)
