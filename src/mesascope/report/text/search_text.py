"""The answer to the first question for a terminal."""

from __future__ import annotations

from mesascope.core.verdicts import Verdict
from mesascope.report.data.question_reports import SearchReport
from mesascope.report.text.lines import bearable, wrapped
from mesascope.report.views.headline import estimate_text, interval_text, with_reason
from mesascope.report.views.numbers import steps_text
from mesascope.report.views.plain_text import shortened
from mesascope.report.views.search_view import TITLES, search_setting


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
    lines += ["", "Assays"]
    for piece in report.evidence:
        numbers = [] if piece.effect is None else [f"effect {estimate_text(piece.effect)}"]
        numbers += [] if piece.null is None else [f"null {interval_text(piece.null)}"]
        lines.append(f"  {shortened(piece.assay, 40):22}{piece.verdict!s:13} {'; '.join(numbers)}".rstrip())
        inconclusive = piece.verdict is Verdict.INCONCLUSIVE
        lines += wrapped(with_reason(piece.sentence, piece.reason) if inconclusive else piece.sentence, width, 24)
    caveat = "Weights were fitted on the ground-truth bank; docs/search.md says what a verdict does not mean."
    return "\n".join([*lines, "", *wrapped(caveat, width)])
