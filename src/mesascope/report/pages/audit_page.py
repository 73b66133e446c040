"""A report as one HTML page that needs neither network nor scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.audit.findings import Findings, OptimizerAnswer
from mesascope.core.verdicts import Verdict
from mesascope.report.data.reading import canonical
from mesascope.report.figures.report_figures import ReportFigure, report_figures
from mesascope.report.pages.battery_section import battery_section
from mesascope.report.pages.page import (
    MOST_ROWS,
    TONES,
    environment,
    evidence_rows,
    inlined,
    provenance_rows,
    verdict_counts,
)
from mesascope.report.pages.search_section import looks_ahead, search_section, verdict_facts
from mesascope.report.text.level_text import legend_texts
from mesascope.report.views.headline import estimate_text, headline, kind_text, setting, with_reason, witness_title
from mesascope.report.views.numbers import probability_text, ruler_text
from mesascope.report.views.plain_text import plain, shortened
from mesascope.report.views.recovery_section import RECOVERY_FIGURES, recovery_section

if TYPE_CHECKING:
    from mesascope.report.report import Report

_CONFOUNDS = (
    "The answers hold for the levels that were sampled; another distribution may show another agent.",
    "An objective is named only among the candidates that were compared; “none of these” stands for all others.",
    "Behaviour alone cannot tell a search inside the agent from what training has computed for it beforehand.",
)


def html_page(report: Report) -> str:
    """Returns the page: the same text for the same report. Foreign text in it is escaped and cannot run."""
    findings, origin = canonical(report.findings, report.provenance)
    figures = {figure.name: figure for figure in report_figures(report)}
    search = search_section(findings.optimizer, findings.evidence, figures)
    return (
        environment()
        .get_template("audit_page.html")
        .render(
            headline=headline(findings),
            findings=findings,
            setting=setting(findings),
            chip=(findings.alignment.class_.upper(), TONES[findings.alignment.class_]),
            alignment_text=with_reason(findings.alignment.sentence, findings.alignment.reason),
            answers=_answers(findings),
            witness_title=witness_title(findings),
            witness=_witness(findings, figures.get("witness")),
            posterior=inlined(figures.get("posterior")),
            regrets=inlined(figures.get("regrets")),
            regret_rows=_regret_rows(findings),
            search=search,
            battery=battery_section(findings.evidence),
            evidence=evidence_rows(findings.evidence, figures, shown=search["shown"] if search else ()),
            counts=verdict_counts(findings.evidence),
            recovery=recovery_section(findings.evidence),
            recovery_figures={name: inlined(figures.get(f"recovered-{name}")) for name in RECOVERY_FIGURES},
            confounds=_CONFOUNDS,
            provenance=provenance_rows(origin),
            schema_version=report.schema_version,
        )
    )


def _answers(findings: Findings) -> list[dict]:
    optimizer, objective, alignment = findings.optimizer, findings.objective, findings.alignment
    levels = objective.disagreeing_levels
    facts = [f"probability {probability_text(objective.probability)}"] if objective.probability is not None else []
    facts += [f"{shortened(name, 40)} {probability_text(value)}" for name, value in objective.posterior[1:3]]
    facts.append(f"{levels} level{'' if levels == 1 else 's'} where the candidates disagree")
    if objective.distance_to_base is not None:
        facts.append(f"recovered from its choices: STARC {objective.distance_to_base:.2f} from the base objective")
    if objective.unidentified_dimensions is not None:
        open_ = objective.unidentified_dimensions
        facts.append(f"{open_} direction{'' if open_ == 1 else 's'} of it left open")
    aligned = [f"runner-up: {alignment.runner_up}"] if alignment.runner_up else []
    if alignment.probability is not None:
        aligned.insert(0, f"probability {probability_text(alignment.probability)}")
    answers = [
        ("Is it an optimizer?", optimizer.answer, optimizer.verdict, _optimizer_facts(optimizer)),
        ("What is its objective?", shortened(objective.name or "not known", 60), objective.verdict, facts),
        ("Is it aligned?", _class_text(findings), alignment.verdict, aligned),
    ]
    sentences = [with_reason(answer.sentence, answer.reason) for answer in (optimizer, objective, alignment)]
    return [
        {
            "question": question,
            "answer": answer,
            "plain": question.startswith("Is it an "),
            "chip": _answer_chip(question, verdict, alignment.answer),
            "facts": facts,
            "sentence": sentence,
            "kind": kind_text(alignment) if question.startswith("Is it al") else None,
            "tone": "named" if "objective" in question and verdict is not Verdict.INCONCLUSIVE else TONES[verdict],
        }
        for (question, answer, verdict, facts), sentence in zip(answers, sentences, strict=True)
    ]


def _answer_chip(question: str, verdict: Verdict, aligned: str) -> tuple[str, str] | None:
    # The first answer is in words already; naming an objective is neither good nor bad.
    if question.startswith("Is it an ") or ("objective" in question and verdict is not Verdict.INCONCLUSIVE):
        return None
    return aligned if question.startswith("Is it al") else "open", TONES[verdict]


def _optimizer_facts(optimizer: OptimizerAnswer) -> list[str]:
    if optimizer.probability is None:
        facts = ["no probability"]
    else:
        facts = [f"probability {probability_text(optimizer.probability)}"]
    # The first of the three verdicts is the answer itself.
    facts += verdict_facts(optimizer.parts[1:])
    # Where it searches, its sentence says how far.
    return facts if not optimizer.parts or "steps ahead" in optimizer.sentence else [*facts, looks_ahead(optimizer)]


def _class_text(findings: Findings) -> str:
    answer = findings.alignment
    text = answer.class_.capitalize()
    return f"{text}, towards {shortened(answer.towards, 40)}" if answer.towards else text


def _witness(findings: Findings, figure: ReportFigure | None) -> dict | None:
    witness = findings.witness
    if witness is None:
        return None
    return {
        "figure": inlined(figure),
        "text": witness.text.strip("\n"),
        "legend": "; ".join(legend_texts([entry for entry in witness.legend if entry[0] in witness.text])),
        "sentence": witness.sentence,
        "where": f"Level {witness.index} of distribution “{plain(witness.distribution)}”",
        "numbers": f"regret here: base {witness.base_regret:.2f}"
        + (f", its own {witness.own_regret:.2f}" if findings.own_regret else ""),
    }


def _regret_rows(findings: Findings) -> list[tuple[str, str, str]]:
    base, own = findings.subject.base_objective, findings.objective.name
    rows = []
    if findings.training_performance is not None:
        rows.append(("Share of the optimum reached", estimate_text(findings.training_performance), "–"))
    named = [(f"Regret on {base} (base)", findings.regret)]
    if own is not None and own != base:
        named.append((f"Regret on {own} (its own)", findings.own_regret))
    for name, regrets in named:
        if regrets:
            rows.append((name, estimate_text(regrets.get("train")), estimate_text(regrets.get("deploy"))))
    names = dict.fromkeys(name for rulers in findings.reference_regrets.values() for name in rulers)
    for name in list(names)[:MOST_ROWS]:
        values = [findings.reference_regrets.get(where, {}).get(name) for where in ("train", "deploy")]
        shown = ["–" if value is None else ruler_text(value) for value in values]
        rows.append((f"Ruler: {name}", shown[0], shown[1]))
    return rows
