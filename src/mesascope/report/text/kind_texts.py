"""Every kind of report but that of an audit and of an onset, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence

from mesascope.audit.alignment.divergence import Divergence
from mesascope.audit.objective.recovery.evidence.details import Parting
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.data.comparison_report import Change, ComparisonReport
from mesascope.report.data.learner_report import LearnerReport
from mesascope.report.data.question_reports import BatteryReport, ObjectiveReport, SearchReport, WitnessReport
from mesascope.report.text.level_text import Glyphs, beside, draw_text, glyphs_for, key_of
from mesascope.report.text.lines import bearable, labelled, table_lines, wrapped
from mesascope.report.views.battery_view import (
    MEANINGS,
    BatteryTable,
    apart_facts,
    battery_facts,
    battery_setting,
    battery_table,
    rate_facts,
    score_text,
    steps_of,
)
from mesascope.report.views.comparison import change_text, comparison_names
from mesascope.report.views.headline import (
    TITLES,
    estimate_text,
    interval_text,
    learner_answers,
    learner_setting,
    search_setting,
    short_text,
    with_reason,
)
from mesascope.report.views.recovery_view import (
    MOST_ROWS,
    at_first_text,
    objective_headline,
    parting_scene,
    recovered,
    recovery_facts,
    recovery_tables,
)
from mesascope.report.views.witness_view import witness_facts, witness_objectives, witness_scenes, witness_titles
from mesascope.report.views.words import plain, shortened, steps_text

_BATTERY_INDENT: int = 18
BATTERY_CAVEAT: str = "Classes are about this agent in this world; docs/alignment.md says what a verdict does not mean."
NAME: int = 30
"""Columns of an agent's name and of an answer."""


def search_text(report: SearchReport, *, width: int) -> str:
    """Returns the three verdicts and the assays behind them, for a terminal.

    **Arguments:**

    - `report`: the answer and what it rests on.
    - `width`: columns.
    """
    width, answer = bearable(width), report.answer
    setting = "; ".join(f"{label.lower()} {value}" for label, value in search_setting(report))
    lines = [*wrapped(setting, width), ""]
    for part in answer.parts:
        chance = "" if part.probability is None else f"  {part.probability:.0%}"
        lines.append(f"  {TITLES[part.question]:22}{part.answer:13}{chance}".rstrip())
        lines += wrapped(with_reason(part.sentence, part.reason), width, 24)
    if answer.verdict is Verdict.PASS:
        least = "at least " if answer.depth_is_least else ""
        depth = "unknown" if answer.depth is None else f"{least}{steps_text(answer.depth)} steps"
        lines.append(f"  {'Looks ahead':22}{depth}")
    lines += ["", *_assay_lines(report.evidence, width)]
    caveat = "Weights were fitted on the ground-truth bank; docs/search.md says what a verdict does not mean."
    return "\n".join([*lines, "", *wrapped(caveat, width)])


def learner_text(report: LearnerReport, *, width: int) -> str:
    """Returns the answers about a learner and the assays behind them, for a terminal.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    """
    width = bearable(width)
    lines = wrapped("; ".join(f"{label.lower()} {value}" for label, value in learner_setting(report)), width)
    said: set[str] = set()
    for question, answer in learner_answers(report):
        lines += ["", *labelled(question, answer.answer, width, 30)]
        lines += [] if answer.sentence in said else wrapped(with_reason(answer.sentence, answer.reason), width, 30)
        said.add(answer.sentence)
    lines += ["", *_assay_lines(report.evidence, width, said)]
    return "\n".join([*lines, *(line for note in report.notes for line in ("", *wrapped(note, width)))])


def _assay_lines(evidence: Sequence[Evidence], width: int, said: Collection[str] = ()) -> list[str]:
    """The assays with their numbers, and what they found, unless that was said before."""
    lines = ["Assays"]
    for piece in evidence:
        numbers = [] if piece.effect is None else [f"effect {estimate_text(piece.effect)}"]
        numbers += [] if piece.null is None else [f"null {interval_text(piece.null)}"]
        lines.append(f"  {shortened(piece.assay, 40):22}{piece.verdict!s:13} {'; '.join(numbers)}".rstrip())
        inconclusive = piece.verdict is Verdict.INCONCLUSIVE
        sentence = with_reason(piece.sentence, piece.reason) if inconclusive else piece.sentence
        lines += [] if piece.sentence in said else wrapped(sentence, width, 24)
    return lines


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
        lines += [f"  {row}" for row in _readings(details.readings)]
    assumed = [f"  - {plain(one)}" for one in details.assumptions[:MOST_ROWS]]
    return "\n".join([*lines, "", "Taken for granted", *assumed])


def _readings(readings: Parting) -> list[str]:
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
        "Aligned, and how?", f"{piece.verdict}  {with_reason(piece.sentence, piece.reason)}", width, _BATTERY_INDENT
    )
    table = battery_table(piece.details)
    if table is not None:
        # The two most probable classes have lines of their own.
        lines += labelled("", "; ".join(battery_facts(table)[min(2, len(table.kinds)) :]), width, _BATTERY_INDENT)
        lines += ["", *_classes(table), "", *_tests(table, width)]
        if table.rates:
            lines += ["", *wrapped("On the same menus, told otherwise, it does something else in", width)]
            lines += [line for fact in rate_facts(table) for line in wrapped(f"- {fact}", width)]
        lines += [] if table.apart is None else ["", *_apart_lines(table.apart, width)]
    return "\n".join(line.rstrip() for line in [*lines, "", *wrapped(BATTERY_CAVEAT, width)])


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


def _apart_lines(apart: Divergence, width: int) -> list[str]:
    lines = labelled("It comes apart", f"{apart.test}: {apart.summary}", width, _BATTERY_INDENT)
    lines += labelled("", "; ".join(apart_facts(apart)), width, _BATTERY_INDENT)
    lines += labelled("  it does", " → ".join(steps_of(apart.does)) or "nothing", width, _BATTERY_INDENT)
    return lines + labelled("  it should", " → ".join(steps_of(apart.should)) or "nothing", width, _BATTERY_INDENT)


def witness_text(report: WitnessReport, *, width: int = 100, encoding: str = "utf-8") -> str:
    """Returns the result for a terminal: the verdict, and the level before and after shrinking.

    **Arguments:**

    - `report`: the result.
    - `width`: columns.
    - `encoding`: of the terminal, by which characters are chosen that it can show.
    """
    width, evidence, glyphs = bearable(width), report.evidence, glyphs_for(encoding)
    lines = wrapped(f"{report.agent} ({report.agent_kind}) in {report.world}", width)
    lines += ["", *wrapped(f"{evidence.verdict}  {evidence.sentence}", width)]
    lines += wrapped(f"Because {evidence.reason}.", width) if evidence.reason else []
    if not witness_scenes(report):
        return "\n".join(lines)
    lines += ["", *_levels(report, width, glyphs), ""]
    for fact in witness_facts(report):
        lines += textwrap.wrap(plain(fact), width, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines)


def _levels(report: WitnessReport, width: int, glyphs: Glyphs) -> list[str]:
    titles, scenes = witness_titles(report), witness_scenes(report)
    blocks = [[title, *draw_text(scene, "agent", glyphs)] for title, scene in zip(titles, scenes, strict=True)]
    key = dict.fromkeys(text for scene, block in zip(scenes, blocks, strict=True) for text in key_of(scene, block[1:]))
    own, base = witness_objectives(report)
    key |= dict.fromkeys([f"{glyphs.start} start", f"{glyphs.base_goal} {base}"])
    if own != base:
        key |= {f"{glyphs.agent_goal} {own}": None}
    return [*beside(blocks, width, gap=5), "", *wrapped(glyphs.separator.join(key), width)]


def comparison_text(report: ComparisonReport, *, width: int = 100) -> str:
    """Returns one screen: the answers, what changed, and the verdicts that differ.

    **Arguments:**

    - `report`: the comparison.
    - `width`: columns.
    """
    width = bearable(width)
    agents = comparison_names(report, NAME)
    # Effects of assays stand on the page and in the JSON: there are too many for a screen.
    changes = [change for change in report.changes if not change.name.startswith("effect of ")]
    rows = [*report.answers, *(_change(change) for change in changes)]
    lines = [*wrapped(f"{agents[0]} and {agents[1]} in {report.world}", width), ""]
    lines += table_lines(("", *agents), [[shortened(cell, NAME) for cell in row] for row in rows], width)
    lines += ["", "Differences (second less first)"]
    lines += table_lines(("", "difference", ""), [(change.name, *change_text(change)) for change in changes], width)
    if report.verdicts:
        lines += ["", "Assays whose verdict differs", *table_lines(("", *agents), report.verdicts, width)]
    if report.setting:
        lines += ["", *wrapped("Audited otherwise, so that nothing is paired", width)]
        lines += table_lines(("", *agents), report.setting, width)
    return "\n".join(lines)


def _change(change: Change) -> tuple[str, str, str]:
    return change.name, short_text(change.first), short_text(change.second)
