"""The part of a page about the first question: three verdicts, the depth, and the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mesascope.audit.findings import OptimizerAnswer, SearchVerdict
from mesascope.core.details import details_data
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.figures.report_figures import ReportFigure, edit_caption
from mesascope.report.pages.page import TONES, inlined
from mesascope.report.text.search_text import TITLES
from mesascope.report.views.headline import with_reason
from mesascope.report.views.numbers import probability_text, steps_text
from mesascope.report.views.plain_text import shortened
from mesascope.report.views.search_examples import EDITS, HORIZON, PLANS, edited_level

PICTURES: tuple[tuple[str, str, str], ...] = (
    (PLANS, "plans", "The plan, decoded from site to site"),
    (EDITS, "edit", "The board before and after an edit"),
    (HORIZON, "curve", "Skill against distance"),
)
"""Assay, kind of figure and heading of each picture of the section."""


def search_section(
    answer: OptimizerAnswer, evidence: Sequence[Evidence], figures: Mapping[str, ReportFigure]
) -> dict | None:
    """Returns what the template shows of the first answer; `None` where it consists of no parts.

    **Arguments:**

    - `answer`: to the first question.
    - `evidence`: of a report.
    - `figures`: of the same report, by name. Those that are used are listed under `shown`.
    """
    if not answer.parts:
        return None
    pictures, shown = [], []
    for assay, kind, heading in PICTURES:
        found = next(((index, piece) for index, piece in enumerate(evidence) if piece.assay == assay), None)
        if found is None:
            continue
        index, piece = found
        figure = figures.get(f"{kind}-{index}")
        text = None if figure is not None or kind != "edit" else _edit_text(piece)
        if figure is None and text is None:
            continue
        pictures.append({"heading": heading, "figure": inlined(figure), "text": text, "sentence": piece.sentence})
        shown += [] if figure is None else [figure.name]
    return {
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
        "shown": tuple(shown),
    }


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


def _probability(probability: float | None) -> str:
    return "no probability" if probability is None else f"probability {probability_text(probability)}"


def _edit_text(piece: Evidence) -> dict | None:
    """Returns an edited level that is no board as two texts, changed lines marked."""
    edited = edited_level(details_data(piece.details))
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
