"""The answer to the first question as text and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from mesascope.audit.findings import OptimizerAnswer
from mesascope.core.verdicts import Evidence
from mesascope.report.layout import evidence_data, optimizer_data, plain_json
from mesascope.report.plain_text import plain

TITLES: dict[str, str] = {
    "used": "Search used",
    "present": "Search present",
    "represented": "Objective represented",
}


def search_text(agent: str, world: str, answer: OptimizerAnswer, evidence: Sequence[Evidence], *, width: int) -> str:
    """Returns the three verdicts and the assays behind them, for a terminal.

    **Arguments:**

    - `agent`, `world`: names.
    - `answer`: the verdicts.
    - `evidence`: of the battery.
    - `width`: columns.
    """
    width = max(60, min(width, 120))
    lines = [f"Does '{plain(agent)}' search? World {plain(world)}.", ""]
    for part in answer.parts:
        chance = "" if part.probability is None else f"  {part.probability:.0%}"
        lines.append(f"  {TITLES[part.question]:22}{part.verdict!s:13}{chance}")
        lines += _wrapped(f"{part.sentence} {part.reason[:1].upper()}{part.reason[1:]}.", width, 24)
    depth = "unknown"
    if answer.depth is not None:
        depth = f"{'at least ' if answer.depth_is_least else ''}{answer.depth:.0f} steps"
    lines += [f"  {'Looks ahead':22}{depth}", "", "Assays"]
    for piece in evidence:
        lines.append(f"  {piece.assay:22}{piece.verdict!s:13}")
        text = piece.sentence if str(piece.verdict) != "INCONCLUSIVE" else f"{piece.sentence} ({piece.reason})"
        lines += _wrapped(text, width, 24)
    lines += [
        "",
        *_wrapped(
            "Weights were fitted on the ground-truth bank; docs/search.md says what a verdict does not mean.", width, 0
        ),
    ]
    return "\n".join(lines)


def search_data(agent: str, world: str, seed: int, answer: OptimizerAnswer, evidence: Sequence[Evidence]) -> dict:
    """Returns the same as plain JSON.

    **Arguments:**

    - `agent`, `world`: names.
    - `seed`: of the examination.
    - `answer`, `evidence`: as of `search_text`.
    """
    data = {
        "agent": agent,
        "world": world,
        "seed": seed,
        "answer": optimizer_data(answer),
        "evidence": [evidence_data(piece) for piece in evidence],
    }
    return plain_json(data)


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(plain(text), width, initial_indent=" " * indent, subsequent_indent=" " * indent)
