"""The pages of statements about all of a set, and of attacks."""

from __future__ import annotations

from mesascope.proof.verdict import Status
from mesascope.report.data.proof_reports import VerifyReport
from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.style import ReportFigure, svg_of
from mesascope.report.pages.page import inlined, rendered
from mesascope.report.views.proof_view import verdict_facts, verdict_scenes, verdict_sentence, verify_setting

STATUS_TONES: dict[Status, str] = {Status.PROVED: "pass", Status.REFUTED: "fail", Status.UNKNOWN: "open"}
"""The look of what became of a statement."""
VERIFY_CAVEATS: tuple[str, ...] = (
    "It speaks of the set that is named above and of nothing outside it.",
    "It speaks of the likeliest action, ties counted against the agent, unless it says otherwise.",
    "An open statement is not a proved one: what was not looked at may refute it.",
)


def verify_page(report: VerifyReport) -> str:
    """Returns the page: the statement, what became of it, and the witness beside a level in which it holds."""
    verdict = report.verdict
    titles, scenes = verdict_scenes(verdict)
    spoken = "; ".join(
        f"{title}, {len(scene.agent_path)} places visited" for title, scene in zip(titles, scenes, strict=True)
    )
    figure = ReportFigure("witness", "The witness", spoken, svg_of(level_figure(scenes, titles))) if scenes else None
    return rendered(
        "verify_page.html",
        report,
        title=f"{report.agent}: {verdict.status}",
        headline=report.statement,
        setting=verify_setting(report),
        caveats=VERIFY_CAVEATS,
        chip=(str(verdict.status), STATUS_TONES[verdict.status]),
        sentence=verdict_sentence(verdict),
        facts=verdict_facts(verdict),
        figure=inlined(figure),
        levels=[(title, "\n".join(scene.rows)) for title, scene in zip(titles, scenes, strict=True)],
    )
