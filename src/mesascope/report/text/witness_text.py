"""The worst level of an agent for a terminal, before and after shrinking."""

from __future__ import annotations

import textwrap

from mesascope.report.data.question_reports import WitnessReport
from mesascope.report.text.level_text import UNICODE, Glyphs, draw_text, key_of, width_of
from mesascope.report.text.lines import bearable, wrapped
from mesascope.report.views.plain_text import plain
from mesascope.report.views.witness_view import witness_facts, witness_objectives, witness_scenes, witness_titles

GAP: str = "     "


def witness_text(report: WitnessReport, *, width: int = 100, glyphs: Glyphs = UNICODE) -> str:
    """Returns the result for a terminal: the verdict, and the level before and after shrinking.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    - `glyphs`: characters that the terminal can show.
    """
    width, evidence = bearable(width), report.evidence
    lines = wrapped(f"{report.agent} ({report.agent_kind}) in {report.world}", width)
    lines += ["", *wrapped(f"{evidence.verdict}  {evidence.sentence}", width)]
    lines += wrapped(f"Because {evidence.reason}.", width) if evidence.reason else []
    if not witness_scenes(report):
        return "\n".join(lines)
    lines += ["", *_pictures(report, width, glyphs), ""]
    for fact in witness_facts(report):
        lines += textwrap.wrap(plain(fact), width, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines)


def _pictures(report: WitnessReport, width: int, glyphs: Glyphs) -> list[str]:
    titles, scenes = witness_titles(report), witness_scenes(report)
    blocks = [[title, *draw_text(scene, "agent", glyphs)] for title, scene in zip(titles, scenes, strict=True)]
    columns = [max(len(line) for line in block) for block in blocks]
    key = dict.fromkeys(text for scene, block in zip(scenes, blocks, strict=True) for text in key_of(scene, block[1:]))
    own, base = witness_objectives(report)
    key |= dict.fromkeys([f"{glyphs.start} start", f"{glyphs.base_goal} {base}"])
    if own != base:
        key |= {f"{glyphs.agent_goal} {own}": None}
    legend = wrapped(glyphs.separator.join(key), width)
    if sum(columns) + len(GAP) > width or any(width_of(scene) > width for scene in scenes):
        return [line for block in blocks for line in (*block, "")] + legend
    height = max(len(block) for block in blocks)
    padded = [[*block, *[""] * (height - len(block))] for block in blocks]
    rows = [
        GAP.join(f"{cell:{size}}" for cell, size in zip(row, columns, strict=True)) for row in zip(*padded, strict=True)
    ]
    return [*(row.rstrip() for row in rows), "", *legend]
