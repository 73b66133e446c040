"""The answer to the first question in words."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.audit.findings import OptimizerAnswer, SearchVerdict
from mesascope.core.verdicts import Verdict
from mesascope.report.data.question_reports import SearchReport
from mesascope.report.views.headline import world_text
from mesascope.report.views.numbers import probability_text, steps_text

TITLES: dict[str, str] = {
    "used": "Search used",
    "present": "Search present",
    "represented": "Objective represented",
}
OBJECTIVE_FROM: dict[str, str] = {"attribution": "attributed, as in an audit", "choice": "named with --own"}


def search_headline(answer: OptimizerAnswer) -> str:
    """Returns the answer as one sentence."""
    probable = "" if answer.probability is None else f" (probability {probability_text(answer.probability)})"
    if answer.verdict is Verdict.PASS:
        return f"It searches{probable}."
    if answer.verdict is Verdict.FAIL:
        return f"Nothing shows that it searches{probable}."
    return f"It is open whether it searches{probable}."


def search_setting(report: SearchReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        ("World", world_text(report.world, report.world_options)),
        ("Objective", f"{report.objective}, by which choices are judged ({OBJECTIVE_FROM[report.objective_from]})"),
        ("Levels", f"at most {report.levels} of each distribution"),
        ("Seed", str(report.seed)),
    ]


def looks_ahead(answer: OptimizerAnswer) -> str:
    """Returns how far it looks ahead, in words."""
    if answer.verdict is not Verdict.PASS:
        return "how far it looks ahead is told where a search is found"
    if answer.depth is None:
        return "how far it looks ahead is not known"
    return f"it looks {'at least ' if answer.depth_is_least else ''}{steps_text(answer.depth)} steps ahead"


def verdict_facts(parts: Sequence[SearchVerdict]) -> list[str]:
    """Returns each verdict with its probability, in a few words."""
    return [
        f"{TITLES[part.question].lower()}: {part.answer}"
        + ("" if part.probability is None else f" ({probability_text(part.probability)})")
        for part in parts
    ]
