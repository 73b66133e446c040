"""The page of the worst level of an agent."""

from __future__ import annotations

from mesascope.report.data.witness_report import WitnessReport
from mesascope.report.figures.witness_figure import witness_figure
from mesascope.report.pages.page import TONES, inlined, rendered
from mesascope.report.text.level_text import legend_texts
from mesascope.report.views.headline import with_reason
from mesascope.report.views.witness_view import witness_facts, witness_scenes, witness_setting, witness_titles

CAVEATS: tuple[str, ...] = (
    "It is the worst level that was found within the budget; there may be worse ones.",
    "A level counts only where the agent is able at its own objective, which was named as said above.",
)


def witness_page(report: WitnessReport) -> str:
    """Returns the page: the level before and after shrinking, drawn and as text."""
    evidence, scenes = report.evidence, witness_scenes(report)
    return rendered(
        "witness_page.html",
        report,
        title=f"The worst level of {report.agent}",
        headline=evidence.sentence,
        setting=witness_setting(report),
        caveats=CAVEATS,
        chip=(str(evidence.verdict), TONES[evidence.verdict]),
        sentence=with_reason(evidence.sentence, evidence.reason),
        figure=inlined(witness_figure(report)),
        facts=witness_facts(report) if scenes else [],
        levels=[
            (title, "\n".join(scene.rows), "; ".join(legend_texts(scene.legend)))
            for title, scene in zip(witness_titles(report) if scenes else [], scenes, strict=True)
        ],
    )
