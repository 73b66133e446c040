"""Statements about all of a set, and attacks, for a terminal."""

from __future__ import annotations

import textwrap

from mesascope.report.data.proof_reports import AttackReport, VerifyReport
from mesascope.report.text.level_text import beside, draw_text, glyphs_for, key_of
from mesascope.report.text.lines import bearable, wrapped
from mesascope.report.views.proof_view import (
    attack_facts,
    attack_scenes,
    attack_setting,
    seen_scenes,
    verdict_facts,
    verdict_scenes,
    verdict_sentence,
    verify_setting,
)
from mesascope.report.views.scene import Scene
from mesascope.report.views.words import plain


def verify_text(report: VerifyReport, *, width: int = 100, encoding: str = "utf-8") -> str:
    """Returns the verdict for a terminal, and the witness beside the nearest level in which the statement holds.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    - `encoding`: of the terminal, by which characters are chosen that it can show.
    """
    width, verdict = bearable(width), report.verdict
    setting = "; ".join(f"{label.lower()} {value}" for label, value in verify_setting(report))
    lines = [*wrapped(setting, width), "", *wrapped(f"{str(verdict.status).upper()}  {report.statement}", width)]
    lines += wrapped(verdict_sentence(verdict), width)
    titles, scenes = verdict_scenes(verdict)
    lines += scene_lines(titles, scenes, width, encoding)
    return "\n".join([*lines, "", *fact_lines(verdict_facts(verdict), width)])


def attack_text(report: AttackReport, *, width: int = 100, encoding: str = "utf-8") -> str:
    """Returns the result for a terminal: the worst edit, what it costs, and what the agent sees and does.

    **Arguments:** as of `verify_text`.
    """
    width, attack = bearable(width), report.attack
    setting = "; ".join(f"{label.lower()} {value}" for label, value in attack_setting(report))
    lines = [*wrapped(setting, width), "", *wrapped(attack.sentence, width)]
    status, sentence = str(attack.verdict.status).upper(), verdict_sentence(attack.verdict)
    lines += wrapped(f"{status}  No such edit turns a good choice into a bad one. {sentence}", width)
    lines += scene_lines(*seen_scenes(attack), width, encoding)
    lines += scene_lines(*attack_scenes(attack), width, encoding)
    return "\n".join([*lines, "", *fact_lines(attack_facts(attack), width)])


def fact_lines(facts: list[str], width: int) -> list[str]:
    """Returns a list of facts, each behind a dash."""
    return [
        line
        for fact in facts
        for line in textwrap.wrap(plain(fact), width, initial_indent="- ", subsequent_indent="  ")
    ]


def scene_lines(titles: list[str], scenes: tuple[Scene, ...], width: int, encoding: str) -> list[str]:
    """Returns levels beside each other, and a key to them; nothing where there is none."""
    if not scenes:
        return []
    glyphs = glyphs_for(encoding)
    blocks = [[title, *draw_text(scene, "agent", glyphs)] for title, scene in zip(titles, scenes, strict=True)]
    key = dict.fromkeys(text for scene, block in zip(scenes, blocks, strict=True) for text in key_of(scene, block[1:]))
    marks = {f"{glyphs.start} start": any(scene.start is not None for scene in scenes)}
    marks[f"{glyphs.base_goal} what is asked for"] = any(scene.base_goal for scene in scenes)
    # What an agent sees has no start; its marks are of edited cells.
    marks[f"{glyphs.agent_goal} edited"] = any(scene.agent_goal and scene.start is None for scene in scenes)
    line = glyphs.separator.join([*(mark for mark, there in marks.items() if there), *key])
    return ["", *beside(blocks, width, gap=5), "", *wrapped(line, width)]
