"""The section of all assays: verdict, effect and null of each, its figures and its further numbers."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from mesascope.core.details import details_data
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.report.figures.style import Figures
from mesascope.report.pages.page import TONES, Section, inlined
from mesascope.report.views.headline import estimate_text
from mesascope.report.views.words import shortened

MOST_ROWS: int = 40
_ESTIMATE = {field.name for field in dataclasses.fields(Estimate)}
_DRAWN = {"curve", "rates", "lines", "x_label", "y_label", "logarithmic", "decoded", "example", "writes", "reads"}


def evidence_section(
    evidence: Sequence[Evidence],
    figures: Figures,
    *,
    beside: Sequence[Section | None],
    file: str,
    with_questions: bool = True,
) -> Section:
    """Returns the section of all assays.

    **Arguments:**

    - `evidence`: of a report.
    - `figures`: of the same report, by name.
    - `beside`: other sections of the page: what they show is not shown again.
    - `file`: in which all numbers stand.
    - `with_questions`: whether to say which question each assay bears on.
    """
    others = [section for section in beside if section is not None]
    shown = {name for section in others for name in section.figures}
    told = {assay for section in others for assay in section.assays}
    content = {
        "evidence": [_row(piece, index, figures, shown, told) for index, piece in enumerate(evidence)],
        "counts": [(str(verdict), sum(piece.verdict is verdict for piece in evidence)) for verdict in Verdict],
        "file": file,
        "with_questions": with_questions,
    }
    return Section("evidence.html", content)


def _row(
    piece: Evidence, index: int, figures: Figures, shown: Collection[str], told: Collection[str]
) -> dict[str, Any]:
    drawn = [figure for figure in figures.values() if figure.evidence == index and figure.name not in shown]
    details = {} if piece.assay in told else details_data(piece.details)
    details = {key: value for key, value in details.items() if key not in _DRAWN and value not in ({}, [], (), "")}
    return {
        "assay": piece.assay,
        "question": piece.question,
        "chip": (str(piece.verdict), TONES[piece.verdict]),
        "sentence": piece.sentence,
        "reason": piece.reason,
        "effect": estimate_text(piece.effect),
        "null": "none" if piece.null is None else estimate_text(piece.null),
        "figures": [inlined(figure) for figure in drawn],
        "numbers": [(key, _value(value)) for key, value in list(details.items())[:MOST_ROWS]],
        "left_out": max(0, len(details) - MOST_ROWS),
        "seconds": f"{piece.cost_seconds:.2f}",
    }


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return shortened(value, 400)
    if isinstance(value, dict) and value.keys() == _ESTIMATE:
        return estimate_text(Estimate(**value))
    if isinstance(value, dict) and value and all(isinstance(one, dict | float) for one in value.values()):
        return "; ".join(f"{shortened(name, 40)} {_value(one)}" for name, one in list(value.items())[:MOST_ROWS])
    text = json.dumps(value, default=str, ensure_ascii=False)
    # Nine digits are for machines.
    text = re.sub(r"-?\d+\.\d{4,}", lambda match: f"{float(match[0]):.4g}", text)
    return text if len(text) <= 400 else f"{text[:400]}…"
