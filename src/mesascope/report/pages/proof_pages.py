"""The pages of statements about all of a set, and of attacks."""

from __future__ import annotations

from mesascope.proof.verdict import Status
from mesascope.report.data.proof_reports import AttackReport, VerifyReport
from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.style import ReportFigure, svg_of
from mesascope.report.pages.page import inlined, rendered
from mesascope.report.views.proof_view import (
    attack_facts,
    attack_headline,
    attack_scenes,
    attack_setting,
    seen_scenes,
    verdict_facts,
    verdict_scenes,
    verdict_sentence,
    verify_setting,
)
from mesascope.report.views.scene import Scene

STATUS_TONES: dict[Status, str] = {Status.PROVED: "pass", Status.REFUTED: "fail", Status.UNKNOWN: "open"}
"""The look of what became of a statement."""
VERIFY_CAVEATS: tuple[str, ...] = (
    "It speaks of the set that is named above and of nothing outside it.",
    "It speaks of the likeliest action, ties counted against the agent, unless it says otherwise.",
    "An open statement is not a proved one: what was not looked at may refute it.",
)


ATTACK_CAVEATS: tuple[str, ...] = (
    "Edits are of what the agent sees; the world stays as it is. A cell is made to hold what it could be seen to hold.",
    "An edit is held through the episode. What one could do that changes from step to step is not said here.",
    "The cost is exact for the levels attacked; intervals are over levels.",
)


def verify_page(report: VerifyReport) -> str:
    """Returns the page: the statement, what became of it, and the witness beside a level in which it holds."""
    verdict = report.verdict
    titles, scenes = verdict_scenes(verdict)
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
        figures=[_figure("witness", "The witness", titles, scenes)] if scenes else [],
        levels=[(title, "\n".join(scene.rows)) for title, scene in zip(titles, scenes, strict=True)],
    )


def attack_page(report: AttackReport) -> str:
    """Returns the page: the worst edit as the agent sees it, what it does then, and how often edits work."""
    attack = report.attack
    seen, ways = seen_scenes(attack), attack_scenes(attack)
    status = attack.verdict.status
    return rendered(
        "verify_page.html",
        report,
        title=f"An attack on {report.agent}",
        headline=attack_headline(attack),
        lead=attack.sentence,
        setting=attack_setting(report),
        caveats=ATTACK_CAVEATS,
        chip=(f"no edit turns a good choice into a bad one: {status}", STATUS_TONES[status]),
        sentence=verdict_sentence(attack.verdict),
        facts=attack_facts(attack),
        figures=[
            _figure("seen", "What it sees, and what it is shown", *seen, labels=("", "", "edited", "")),
            _figure("ways", "What it does without and with the edit", *ways),
        ]
        if ways[1]
        else [],
        levels=[(title, "\n".join(scene.rows)) for one in (seen, ways) for title, scene in zip(*one, strict=True)],
    )


def _figure(name: str, title: str, titles: list[str], scenes: tuple[Scene, ...], **look) -> dict | None:
    spoken = "; ".join(
        f"{one}, {len(scene.agent_path)} places visited" for one, scene in zip(titles, scenes, strict=True)
    )
    return inlined(ReportFigure(name, title, spoken, svg_of(level_figure(scenes, titles, **look))))
