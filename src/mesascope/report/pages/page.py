"""What all pages share: the templates, figures inside them, and the rows of evidence and of provenance."""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mesascope.audit.findings import AlignmentClass
from mesascope.core.details import details_data
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.figures.report_figures import ReportFigure
from mesascope.report.figures.style import inline_svg
from mesascope.report.views.battery_table import BATTERY
from mesascope.report.views.headline import estimate_text
from mesascope.report.views.plain_text import plain, shortened
from mesascope.report.views.recovery_section import RECOVERY

if TYPE_CHECKING:
    import jinja2

TONES: dict[Verdict | AlignmentClass, str] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.INCONCLUSIVE: "open",
    AlignmentClass.ROBUST: "pass",
    AlignmentClass.PSEUDO_ALIGNED: "fail",
    AlignmentClass.INCAPABLE: "fail",
    AlignmentClass.INCONCLUSIVE: "open",
}
"""The look of verdicts and classes."""

MOST_ROWS: int = 40
_DRAWN = {"curve", "rates", "x_label", "y_label", "decoded", "example"}
_PER_PIECE = ("curve", "rates", "plans", "edit")
"""Figures of one piece of evidence; their names go on with its number."""


@functools.cache
def environment() -> jinja2.Environment:
    """Returns the templates of pages: foreign text in them is escaped and stripped of what a page must not hold."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("mesascope.report.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value, lines=True) if type(value) is str else value,
    )


def inlined(figure: ReportFigure | None) -> dict | None:
    """Returns a figure as the templates take it; `None` stays `None`."""
    if figure is None:
        return None
    import markupsafe

    # Safe to leave as it is: letters are drawn as paths, so no foreign text is in an SVG of ours.
    return {
        "title": figure.title,
        "description": figure.description,
        "svg": markupsafe.Markup(inline_svg(figure.svg, figure.name)),
        "caption": figure.caption,
    }


def verdict_counts(evidence: Sequence[Evidence]) -> list[tuple[str, int]]:
    """Returns how many pieces of evidence have each verdict."""
    return [(str(verdict), sum(piece.verdict is verdict for piece in evidence)) for verdict in Verdict]


def evidence_rows(
    evidence: Sequence[Evidence], figures: Mapping[str, ReportFigure], *, shown: Collection[str] = ()
) -> list[dict]:
    """Returns evidence as the templates take it.

    **Arguments:**

    - `evidence`: of a report.
    - `figures`: of the same report, by name.
    - `shown`: names of figures that stand elsewhere on the page.
    """
    return [_evidence(piece, index, figures, shown) for index, piece in enumerate(evidence)]


def _evidence(piece: Evidence, index: int, figures: Mapping[str, ReportFigure], shown: Collection[str]) -> dict:
    names = [f"{kind}-{index}" for kind in _PER_PIECE]
    drawn = [inlined(figures.get(name)) for name in names if name not in shown]
    # A recovered objective and the table of tests have sections of their own.
    details = {} if piece.assay in (RECOVERY, BATTERY) else details_data(piece.details)
    details = {key: value for key, value in details.items() if key not in _DRAWN}
    numbers = [(key, _value(value)) for key, value in list(details.items())[:MOST_ROWS]]
    return {
        "assay": piece.assay,
        "question": piece.question,
        "chip": (str(piece.verdict), TONES[piece.verdict]),
        "sentence": piece.sentence,
        "reason": piece.reason,
        "effect": estimate_text(piece.effect),
        "null": "none" if piece.null is None else estimate_text(piece.null),
        "figures": [figure for figure in drawn if figure],
        "numbers": numbers,
        "left_out": max(0, len(details) - MOST_ROWS),
        "seconds": f"{piece.cost_seconds:.2f}",
    }


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str):
        return shortened(value, 400)
    text = json.dumps(value, default=str, ensure_ascii=False)
    # Nine digits are for machines.
    text = re.sub(r"-?\d+\.\d{4,}", lambda match: f"{float(match[0]):.4g}", text)
    return text if len(text) <= 400 else f"{text[:400]}…"


def provenance_rows(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns where numbers come from, as labels and texts."""
    rows = []
    command = provenance.get("command")
    if command:
        rows.append(("Command", shlex.join(str(word) for word in command)))
    git = provenance.get("git")
    if isinstance(git, Mapping):
        state = ", with uncommitted changes" if git.get("dirty") else ""
        rows.append(("Revision", f"{git['commit']}{state}" if git.get("commit") else "not a git checkout"))
    versions = provenance.get("versions")
    if isinstance(versions, Mapping):
        rows.append(("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    for key, label, unit in (
        ("seed", "Seed", ""),
        ("platform", "Platform", ""),
        ("wall_seconds", "Wall time", " s"),
        ("cpu_seconds", "CPU time", " s"),
    ):
        if key in provenance:
            rows.append((label, f"{provenance[key]}{unit}"))
    return rows
