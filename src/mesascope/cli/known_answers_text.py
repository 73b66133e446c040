"""How the known answers look on a terminal: a table for each section of the paper."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence

from mesascope.theory.catalogue import SECTIONS
from mesascope.theory.known_answer import Recomputed

MARGIN = 6
"""Columns that the verdict takes, and by which what explains a row is indented."""


def known_answers_text(found: Sequence[Recomputed], width: int) -> str:
    """Returns the tables, and one last line with how many passed.

    **Arguments:**

    - `found`: in the order of sections.
    - `width`: columns of the terminal; numbers are never wrapped, so tables are at least as wide as those.
    """
    name_width = max(len(one.answer.id) for one in found)
    lines = [f"{'':{MARGIN}}{'id':{name_width}}  {'expected':>12} {'computed':>12} {'difference':>10} {'tolerance':>9}"]
    for section, rows in itertools.groupby(found, key=lambda one: one.answer.section):
        lines += ["", f"§{section}  {SECTIONS.get(section, '')}".rstrip()]
        for one in rows:
            lines += _row(one, name_width, width)
    passed = sum(one.passed for one in found)
    seconds = sum(one.seconds for one in found)
    lines += ["", f"{passed} of {len(found)} known answers passed, {len(found) - passed} failed ({seconds:.1f} s)"]
    return "\n".join(lines)


def _row(one: Recomputed, name_width: int, width: int) -> list[str]:
    answer = one.answer
    computed = "none" if one.computed is None else f"{one.computed:.8g}"
    difference = "none" if one.difference is None else "0" if one.difference == 0 else f"{one.difference:.1e}"
    numbers = f"{answer.expected:12.8g} {computed:>12} {difference:>10} {answer.tolerance:9.0e}"
    if answer.tolerance == 0:
        numbers = f"{answer.expected:12.8g} {computed:>12} {difference:>10} {'exact':>9}"
    words = [f"{answer.statement} ({answer.source})"]
    if answer.published is not None:
        words.append(f"printed: {answer.published:g}")
    words += [text for text in (answer.remark, one.reason) if text]
    wrapped = textwrap.wrap("; ".join(words), max(30, width - MARGIN), break_on_hyphens=False)
    first = f"{'pass' if one.passed else 'FAIL':{MARGIN}}{answer.id:{name_width}}  {numbers}"
    return [first, *(" " * MARGIN + line for line in wrapped)]
