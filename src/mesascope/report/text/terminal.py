"""The one screen of text with which an audit ends."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from mesascope.audit.findings import AlignmentClass, Findings, ObjectiveAnswer, Witness
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Verdict
from mesascope.report.data.audit_report import Report
from mesascope.report.text.level_text import UNICODE, Glyphs, beside, draw_text, glyphs_for, key_of, width_of
from mesascope.report.views.headline import (
    alignment_text,
    depth_text,
    kind_text,
    setting,
    short_text,
    with_reason,
    witness_title,
)
from mesascope.report.views.scene import scene_of_witness
from mesascope.report.views.words import counted, plain, shortened

LABEL_WIDTH = 22
NARROWEST, WIDEST = 60, 100
_CODES = {
    "PASS": "1;32",
    "FAIL": "1;31",
    "INCONCLUSIVE": "1;33",
    "label": "1",
    "agent": "33",
    "base": "36",
    "policy": "2",
    "wall": "2",
    "floor": "2",
    "object": "1",
    "start": "1",
}
_CLASS_VERDICT = {
    AlignmentClass.ROBUST: "PASS",
    AlignmentClass.PSEUDO_ALIGNED: "FAIL",
    AlignmentClass.PARTLY_PSEUDO_ALIGNED: "FAIL",
    AlignmentClass.MISALIGNED: "FAIL",
    AlignmentClass.COINCIDES: "INCONCLUSIVE",
    AlignmentClass.PARTLY_ALIGNED: "INCONCLUSIVE",
    AlignmentClass.LOST_ABILITY: "FAIL",
    AlignmentClass.INCAPABLE: "FAIL",
    AlignmentClass.INCONCLUSIVE: "INCONCLUSIVE",
}
Paint = Callable[[str, str], str]


@runtime_checkable
class Output(Protocol):
    """What can be printed to: a terminal, a file, a buffer."""

    def write(self, text: str, /) -> int: ...
    def flush(self) -> None: ...
    def isatty(self) -> bool: ...


def print_screen(report: Report, *, stream: Output | None = None, report_path: object = None) -> None:
    """Prints the screen of a report, in colours if a terminal listens and `NO_COLOR` is not set.

    **Arguments:**

    - `report`: to be shown.
    - `stream`: standard output by default.
    - `report_path`: where the HTML report stands, for the last line.
    """
    out = sys.stdout if stream is None else stream
    text = screen(
        report,
        width=shutil.get_terminal_size((WIDEST, 24)).columns,
        colour=wants_colour(out, os.environ),
        glyphs=glyphs_for(getattr(out, "encoding", None)),
        report_path=report_path,
    )
    encoding = getattr(out, "encoding", None) or "ascii"
    # Foreign names may hold letters that this stream cannot carry.
    out.write(text.encode(encoding, "backslashreplace").decode(encoding))
    # A process of ours ends at once, whatever an agent has registered: what is not flushed would be lost.
    out.flush()


def wants_colour(stream: Output, environment: Mapping[str, str]) -> bool:
    """Returns whether a stream is a terminal whose user has not asked for no colours (no-color.org)."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb" and stream.isatty()


def screen(
    report: Report,
    *,
    width: int = WIDEST,
    colour: bool = False,
    glyphs: Glyphs = UNICODE,
    report_path: object = None,
) -> str:
    """Returns the screen of a report.

    **Arguments:**

    - `report`: to be shown.
    - `width`: columns of the terminal; between 60 and 100 are used.
    - `colour`: use ANSI colours. Without them nothing is lost: every colour has a word or a mark.
    - `glyphs`: characters that the terminal can show.
    - `report_path`: where the HTML report stands.
    """
    width = min(max(width, NARROWEST), WIDEST)

    def paint(text: str, role: str) -> str:
        return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if colour and role in _CODES else text

    findings = report.findings
    lines = textwrap.wrap(glyphs.separator.join(f"{name.lower()} {value}" for name, value in setting(findings)), width)
    lines.append("")
    for label, head, role, text in _answers(findings):
        lines += _row(label, text, width, paint, head=head, role=role)
    lines += _regret_rows(findings, width, paint)
    if findings.all_levels is not None:
        lines += _row("All levels", plain(findings.all_levels.sentence), width, paint)
    lines += _witness_rows(findings, width, paint, glyphs)
    found = Counter(piece.verdict for piece in findings.evidence)
    checks = glyphs.separator.join(f"{found[verdict]} {verdict}" for verdict in Verdict)
    lines += _row("Evidence", f"{checks}, of {len(findings.evidence)}", width, paint)
    lines += _row("Not tested", _untested(findings), width, paint)
    if report_path is not None:
        # A path is never broken over lines, so that it can be copied.
        lines.append(f"{paint('Report'.ljust(LABEL_WIDTH), 'label')} {plain(str(report_path))}")
    return _translated("\n".join(lines), glyphs) + "\n"


def _answers(findings: Findings) -> list[tuple[str, str, str, str]]:
    """Returns for each question a label, the answer in words, its colour, and what stands behind it."""
    optimizer, objective, alignment = findings.optimizer, findings.objective, findings.alignment
    posterior = "; ".join(
        f"{'probability' if candidate == objective.name else shortened(candidate, 30)} {probability_text(value)}"
        for candidate, value in _told(findings)
    )
    levels = f"{counted(objective.disagreeing_levels, 'level')} where they disagree"
    evidence = "; ".join(part for part in (posterior, levels, recovered_text(objective)) if part)
    is_open = objective.verdict is Verdict.INCONCLUSIVE
    # The sentence would repeat these numbers; the reason says what is missing.
    why = f"{evidence}. {with_reason('', objective.reason)}" if is_open else evidence
    kind = kind_text(alignment)
    told = [] if kind is None else [("Of what kind?", kind[0], "label" if alignment.kind else "INCONCLUSIVE", kind[1])]
    return [
        (
            "Is it an optimizer?",
            _with_probability(optimizer.answer, optimizer.probability),
            str(optimizer.verdict),
            with_reason(depth_text(optimizer), optimizer.reason),
        ),
        ("What is its objective?", shortened(objective.answer, 50), "INCONCLUSIVE" if is_open else "label", why),
        (
            "Is it aligned?",
            alignment_text(alignment),
            _CLASS_VERDICT[alignment.class_],
            with_reason(alignment.sentence, alignment.reason),
        ),
        *told,
    ]


def recovered_text(objective: ObjectiveAnswer) -> str:
    """Returns how far the recovered objective is from the base objective, and what is open; empty if not known."""
    if objective.distance_to_base is None:
        return ""
    text = f"recovered from its choices: STARC {objective.distance_to_base:.2f} (at most 2) from the base objective"
    open_ = objective.unidentified_dimensions
    return text if open_ is None else f"{text}, {counted(open_, 'direction')} open"


def _with_probability(text: str, probability: float | None) -> str:
    return text if probability is None else f"{text} (probability {probability_text(probability)})"


def _told(findings: Findings) -> list[tuple[str, float]]:
    """The likeliest candidate, the runner-up, the base objective and "none of these", each once."""
    posterior = findings.objective.posterior
    wanted = {name for name, _ in posterior[:2]} | {findings.subject.base_objective, "none of these"}
    return [entry for entry in posterior if entry[0] in wanted][:4]


def _untested(findings: Findings) -> str:
    """Returns what was not looked at; why, where there is room to say so, and else the report says it."""
    if len(findings.not_tested) > 1:
        return "; ".join(plain(what) for what, _ in findings.not_tested)
    return "".join(f"{plain(what)} ({plain(why)})" for what, why in findings.not_tested) or "nothing was left out"


def _row(label: str, text: str, width: int, paint: Paint, *, head: str = "", role: str = "label") -> list[str]:
    indent = " " * (LABEL_WIDTH + 1)
    room = max(width - len(indent), 20)
    whole = f"{head}  {text}" if head else text
    wrapped = textwrap.wrap(whole, room, break_long_words=True, break_on_hyphens=False) or [""]
    lines = [indent + line for line in wrapped]
    lines[0] = paint(label.ljust(LABEL_WIDTH), "label") + " " + wrapped[0]
    if head and wrapped[0].startswith(head):
        lines[0] = paint(label.ljust(LABEL_WIDTH), "label") + " " + paint(head, role) + wrapped[0][len(head) :]
    return lines


def _regret_rows(findings: Findings, width: int, paint: Paint) -> list[str]:
    lines = []
    if findings.training_performance is not None:
        lines += _row(
            "Competence", f"{short_text(findings.training_performance)} of the optimum in training", width, paint
        )
    base, own = findings.subject.base_objective, findings.objective.name
    rows = [(f"on {shortened(base, 18)} (base)", findings.regret)]
    # "None of these" is no objective on which anything could be lost.
    if own is not None and own != base and findings.own_regret:
        rows.append((f"on {shortened(own, 18)} (its own)", findings.own_regret))
    where = [name for name in ("train", "deploy") if any(name in regrets for _, regrets in rows)]
    if not where:
        return lines
    table = [("", *({"train": "training", "deploy": "deployment"}[name] for name in where))]
    table += [(name, *(short_text(regrets.get(place)) for place in where)) for name, regrets in rows]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(where) + 1)]
    if sum(widths) + 3 * len(where) + LABEL_WIDTH + 1 > width:
        for name, regrets in rows:
            told = ", ".join(f"{place} {short_text(regrets.get(place))}" for place in where)
            lines += _row("Regret", f"{name}: {told}", width, paint)
        return lines
    for index, cells in enumerate(table):
        text = "   ".join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip()
        lines.append(f"{paint(('Regret' if index == 0 else '').ljust(LABEL_WIDTH), 'label')} {text}")
    return lines


def _witness_rows(findings: Findings, width: int, paint: Paint, glyphs: Glyphs) -> list[str]:
    witness = findings.witness
    if witness is None:
        return _row(witness_title(findings), "none of the audited levels can be shown", width, paint)
    lines = _row(witness_title(findings), plain(witness.sentence), width, paint)
    return [*lines, *_pictures(witness, findings, width, paint, glyphs)]


def _pictures(witness: Witness, findings: Findings, width: int, paint: Paint, glyphs: Glyphs) -> list[str]:
    scene = scene_of_witness(witness)
    indent = " " * (LABEL_WIDTH + 1)
    size = width_of(scene)
    if size > width or len(scene.rows) > 40:
        return [f"{indent}(the level is too large for this screen; the report draws it)"]
    if not scene.is_grid:
        rows = [indent + row if len(indent) + size <= width else row for row in scene.rows]
        key = glyphs.separator.join(key_of(scene, list(scene.rows)))
        return [*rows, *(indent + line for line in textwrap.wrap(key, max(width - len(indent), 20)))]
    own = shortened(findings.objective.name or "unknown", 24)
    base = shortened(findings.subject.base_objective, 24)
    panels = [("the agent's way", draw_text(scene, "agent", glyphs, paint))]
    if scene.base_path:
        panels.append(("the base objective's way", draw_text(scene, "base", glyphs, paint)))
    room = width - len(indent)
    pad = indent if size <= room else ""
    widest = max(len(title) for title, _ in panels)
    pictures = beside([[title.ljust(widest), *picture] for title, picture in panels], room)
    lines = [f"{pad}{line}".rstrip() for line in pictures]
    seen = draw_text(scene, "agent", glyphs) + (draw_text(scene, "base", glyphs) if scene.base_path else [])
    marks = [f"{glyphs.start} start"] if scene.start is not None else []
    if scene.agent_goal:
        marks.append(f"{glyphs.agent_goal} what the agent pursues ({own})")
    if scene.base_goal:
        marks.append(f"{glyphs.base_goal} goal of the base objective ({base})")
    key = glyphs.separator.join([*marks, *key_of(scene, seen)])
    return [*lines, *(indent + line for line in textwrap.wrap(key, room))]


def _translated(text: str, glyphs: Glyphs) -> str:
    if glyphs is UNICODE:
        return text.replace(" -> ", " → ")
    # One character for one, so that lines keep their width.
    table = str.maketrans({"…": "~", "–": "-", "—": "-", "→": ">", "·": "|", "“": '"', "”": '"', "’": "'", "‘": "'"})
    return text.translate(table)
