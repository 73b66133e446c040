"""The page of an audit: three answers, each a card at its top, and the sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mesascope.audit.findings import Findings
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Verdict
from mesascope.report.data.audit_report import Report
from mesascope.report.figures.findings_figures import findings_figures
from mesascope.report.figures.style import ReportFigure
from mesascope.report.pages.page import TONES, audit_sections, inlined, rendered
from mesascope.report.pages.sections.evidence import evidence_section
from mesascope.report.text.level_text import legend_texts
from mesascope.report.views.headline import (
    class_probability,
    headline,
    kind_text,
    looks_ahead,
    setting,
    verdict_facts,
    with_reason,
    witness_title,
)
from mesascope.report.views.words import counted, plain, shortened

CONFOUNDS: tuple[str, ...] = (
    "The answers hold for the levels that were sampled; another distribution may show another agent.",
    "An objective is named only among the candidates that were compared; “none of these” stands for all others.",
    "Behaviour alone cannot tell a search inside the agent from what training has computed for it beforehand.",
)


def audit_page(report: Report) -> str:
    """Returns the page: the same text for the same report. Foreign text in it is escaped and cannot run."""
    findings = report.findings
    figures = {figure.name: figure for figure in findings_figures(findings)}
    sections = audit_sections(findings, figures)
    evidence = evidence_section(findings.evidence, figures, beside=sections, file="report.json")
    return rendered(
        "audit_page.html",
        report,
        title=headline(findings),
        headline=headline(findings),
        lead=with_reason(findings.alignment.sentence, findings.alignment.reason),
        setting=setting(findings),
        witness_title=witness_title(findings),
        witness=_witness(findings, figures.get("witness")),
        answers=answer_cards(findings),
        sections=[*sections, evidence],
        not_tested=findings.not_tested,
        confounds=(*findings.subject.notes, *CONFOUNDS),
    )


def _witness(findings: Findings, figure: ReportFigure | None) -> dict[str, Any] | None:
    witness = findings.witness
    if witness is None:
        return None
    return {
        "figure": inlined(figure),
        "text": witness.text.strip("\n"),
        "legend": "; ".join(legend_texts([entry for entry in witness.legend if entry[0] in witness.text])),
        "sentence": witness.sentence,
        "where": f"Level {witness.index} of distribution “{plain(witness.distribution)}”",
        "numbers": f"normalised regret here: base {witness.base_regret:.2f}"
        + (f", its own {witness.own_regret:.2f}" if findings.own_regret else ""),
    }


@dataclass(frozen=True)
class AnswerCard:
    """One answer.

    **Arguments:**

    - `question`: as a person asks it.
    - `answer`: in a few words.
    - `tone`: its look.
    - `facts`: further numbers, in a few words each.
    - `sentence`: why.
    - `chip`: text and look of the verdict that stands beside the answer; `None` if none does.
    - `is_verdict`: whether the answer itself is the verdict.
    - `kind`: of alignment, and what speaks for it.
    """

    question: str
    answer: str
    tone: str
    facts: list[str]
    sentence: str
    chip: tuple[str, str] | None = None
    is_verdict: bool = False
    kind: tuple[str, str] | None = None


def answer_cards(findings: Findings) -> list[AnswerCard]:
    """Returns the answers to the three questions, in their order."""
    return [_searches(findings), _pursues(findings), _is_aligned(findings)]


def _searches(findings: Findings) -> AnswerCard:
    optimizer = findings.optimizer
    # The first of the three verdicts is the answer itself.
    facts = [*_probability(optimizer.probability, missing="no probability"), *verdict_facts(optimizer.parts[1:])]
    # Where it searches, its sentence says how far.
    if optimizer.parts and "steps ahead" not in optimizer.sentence:
        facts.append(looks_ahead(optimizer))
    return AnswerCard(
        "Is it an optimizer?",
        optimizer.answer,
        TONES[optimizer.verdict],
        facts,
        with_reason(optimizer.sentence, optimizer.reason),
        is_verdict=True,
    )


def _pursues(findings: Findings) -> AnswerCard:
    objective = findings.objective
    facts = _probability(objective.probability)
    facts += [f"{shortened(name, 40)} {probability_text(value)}" for name, value in objective.posterior[1:3]]
    facts.append(f"{counted(objective.disagreeing_levels, 'level')} where the candidates disagree")
    if objective.distance_to_base is not None:
        facts.append(f"recovered from its choices: STARC {objective.distance_to_base:.2f} from the base objective")
    if objective.unidentified_dimensions is not None:
        facts.append(f"{counted(objective.unidentified_dimensions, 'direction')} of it left open")
    # Naming an objective is neither good nor bad.
    is_open = objective.verdict is Verdict.INCONCLUSIVE
    return AnswerCard(
        "What is its objective?",
        shortened(objective.name or "not known", 60),
        TONES[objective.verdict] if is_open else "named",
        facts,
        with_reason(objective.sentence, objective.reason),
        chip=("open", TONES[objective.verdict]) if is_open else None,
    )


def _is_aligned(findings: Findings) -> AnswerCard:
    alignment = findings.alignment
    towards = f", towards {shortened(alignment.towards, 40)}" if alignment.towards else ""
    return AnswerCard(
        "Is it aligned?",
        f"{alignment.class_.capitalize()}{towards}",
        TONES[alignment.verdict],
        [
            *_probability(class_probability(alignment)),
            *([findings.all_levels.sentence] if findings.all_levels else []),
            *([f"runner-up: {alignment.runner_up}"] if alignment.runner_up else []),
        ],
        with_reason(alignment.sentence, alignment.reason),
        chip=(alignment.answer, TONES[alignment.verdict]),
        kind=kind_text(alignment),
    )


def _probability(probability: float | None, missing: str = "") -> list[str]:
    if probability is None:
        return [missing] if missing else []
    return [f"probability {probability_text(probability)}"]
