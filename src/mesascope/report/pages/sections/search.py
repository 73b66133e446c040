"""The section about the first question: three verdicts, the depth, and the pictures."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.audit.findings import Findings, OptimizerAnswer
from mesascope.audit.search.candidate_plans import CandidatePlansDetails
from mesascope.audit.search.horizon import HorizonDetails
from mesascope.audit.search.shown_edits import ShownEditsDetails
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Evidence
from mesascope.report.figures.evidence_figures import edit_caption
from mesascope.report.figures.style import Figures
from mesascope.report.pages.page import TONES, Section, inlined
from mesascope.report.views.headline import TITLES, looks_ahead, with_reason
from mesascope.report.views.search_examples import edited_level
from mesascope.report.views.words import shortened

ORDER: int = 10
PICTURES: tuple[tuple[type, str, str], ...] = (
    (CandidatePlansDetails, "plans", "The plan, decoded from site to site"),
    (ShownEditsDetails, "edit", "The board before and after an edit"),
    (HorizonDetails, "curve", "Skill against distance"),
)
"""Details that are drawn, name of the figure, and heading of each picture of the section."""


def section(findings: Findings, figures: Figures) -> Section | None:
    """Returns the section of an audit's page."""
    return search_section(findings.optimizer, findings.evidence, figures)


def search_section(answer: OptimizerAnswer, evidence: Sequence[Evidence], figures: Figures) -> Section | None:
    """Returns the section about the first answer; `None` where it consists of no parts.

    **Arguments:**

    - `answer`: to the first question.
    - `evidence`: of a report.
    - `figures`: of the same report, by name.
    """
    if not answer.parts:
        return None
    pictures, shown = [], []
    for details, kind, heading in PICTURES:
        found = next(
            ((index, piece) for index, piece in enumerate(evidence) if isinstance(piece.details, details)), None
        )
        if found is None:
            continue
        index, piece = found
        figure = figures.get(f"{kind}-{index}")
        text = None if figure is not None or details is not ShownEditsDetails else _edit_text(piece)
        if figure is None and text is None:
            continue
        pictures.append({"heading": heading, "figure": inlined(figure), "text": text, "sentence": piece.sentence})
        shown += [] if figure is None else [figure.name]
    content = {
        "verdicts": [
            {
                "title": TITLES[part.question],
                "chip": (part.answer, TONES[part.verdict]),
                "tone": TONES[part.verdict],
                "probability": _probability(part.probability),
                "sentence": with_reason(part.sentence, part.reason),
                "contributions": [(shortened(assay, 40), f"{added:+.1f}") for assay, added in part.contributions[:20]],
            }
            for part in answer.parts
        ],
        "depth": looks_ahead(answer),
        "pictures": pictures,
    }
    return Section("search.html", content, figures=tuple(shown))


def _probability(probability: float | None) -> str:
    return "no probability" if probability is None else f"probability {probability_text(probability)}"


def _edit_text(piece: Evidence[ShownEditsDetails]) -> dict[str, str] | None:
    """Returns an edited level that is no board as two texts, changed lines marked."""
    edited = None if piece.details is None else edited_level(piece.details)
    if edited is None:
        return None
    before, after = edited.before.scene.rows, edited.after.scene.rows
    marks = [" " if old == new else ">" for old, new in zip(before, after, strict=False)]
    marks += [">"] * abs(len(before) - len(after))

    def marked(rows: tuple[str, ...]) -> str:
        return "\n".join(f"{mark} {row[:120]}" for mark, row in zip(marks[:60], rows, strict=False))

    letters = {character for row in (*before, *after) for character in row}
    legend = [(character, meaning) for character, meaning in edited.before.scene.legend if character in letters]
    return {
        "before": marked(before),
        "after": marked(after),
        "legend": "; ".join(f"{character} {meaning}" for character, meaning in legend[:40]),
        "sentence": edit_caption(piece, edited),
    }
