"""The section about the kind of alignment: the table of tests, the classes, and where the agent comes apart."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.audit.findings import Findings
from mesascope.core.verdicts import Evidence
from mesascope.report.figures.battery_figure import battery_drawing
from mesascope.report.figures.style import Figures
from mesascope.report.pages.page import TONES, Section, inlined
from mesascope.report.views.battery_view import (
    apart_facts,
    battery_facts,
    battery_table,
    rate_facts,
    score_text,
    steps_of,
)
from mesascope.report.views.headline import with_reason
from mesascope.report.views.words import shortened

ORDER: int = 20


def section(findings: Findings, figures: Figures) -> Section | None:
    """Returns the section of an audit's page."""
    return battery_section(findings.evidence)


def battery_section(evidence: Sequence[Evidence], *, whole: bool = False) -> Section | None:
    """Returns the section about the alignment battery; `None` where there is no table to show.

    **Arguments:**

    - `evidence`: of a report. Everything is drawn from its details.
    - `whole`: whether the section is the page, so that its table of tests stands open.
    """
    tables = [(piece, table) for piece in evidence if (table := battery_table(piece.details)) is not None]
    if not tables:
        return None
    piece, table = tables[0]
    apart = table.apart
    tests = [
        {
            "name": shortened(test.test, 8),
            "does": shortened(test.does, 60),
            "found": test.code or "–",
            "predicted": [table.code(kind, test) or "–" for kind in table.compared],
            "differs": bool(table.compared) and table.differs(table.compared[0], test),
            "score": score_text(test),
            "checks": "; ".join(dict.fromkeys(f"{what}: {shortened(found, 160)}" for what, found in test.checks[:8])),
        }
        for test in table.tests
    ]
    content = {
        "whole": whole,
        "chip": (str(piece.verdict), TONES[piece.verdict]),
        "sentence": with_reason(piece.sentence, piece.reason),
        "facts": battery_facts(table),
        "rates": rate_facts(table),
        "figure": inlined(battery_drawing(table)),
        "compared": table.compared,
        "tests": tests,
        "apart": None
        if apart is None
        else {
            "title": f"{apart.test}: {apart.summary}",
            "does": steps_of(apart.does),
            "should": steps_of(apart.should),
            "facts": apart_facts(apart),
            "text": apart.text[:4000].strip("\n"),
        },
    }
    return Section("battery.html", content, assays=(piece.assay,))
