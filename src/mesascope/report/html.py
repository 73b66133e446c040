"""A report as one HTML page that needs neither network nor scripts."""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mesascope.audit.findings import AlignmentClass, Findings
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.report.charts import probability_text, ruler_text
from mesascope.report.figures import ReportFigure, report_figures
from mesascope.report.headline import estimate_text, headline, setting, with_reason, witness_title
from mesascope.report.plain_text import plain, shortened
from mesascope.report.reading import canonical
from mesascope.report.recovery_section import RECOVERY, RECOVERY_FIGURES, recovery_section
from mesascope.report.style import inline_svg

if TYPE_CHECKING:
    import jinja2

    from mesascope.report.report import Report

_TONES = {
    "PASS": "pass",
    "FAIL": "fail",
    "INCONCLUSIVE": "open",
    AlignmentClass.ROBUST: "pass",
    AlignmentClass.PSEUDO_ALIGNED: "fail",
    AlignmentClass.INCAPABLE: "fail",
    AlignmentClass.INCONCLUSIVE: "open",
}
_DRAWN = {"curve", "rates", "x_label", "y_label"}
_MOST_ROWS = 40
_CONFOUNDS = (
    "The answers hold for the levels that were sampled; another distribution may show another agent.",
    "An objective is named only among the candidates that were compared; “none of these” stands for all others.",
    "Behaviour alone cannot tell a search inside the agent from what training has computed for it beforehand.",
)


def html_page(report: Report) -> str:
    """Returns the page: the same text for the same report. Foreign text in it is escaped and cannot run."""
    findings, origin = canonical(report.findings, report.provenance)
    figures = {figure.name: figure for figure in report_figures(report)}
    return (
        environment()
        .get_template("template.html")
        .render(
            headline=headline(findings),
            findings=findings,
            setting=setting(findings),
            chip=(findings.alignment.class_.upper(), _TONES[findings.alignment.class_]),
            alignment_text=with_reason(findings.alignment.sentence, findings.alignment.reason),
            answers=_answers(findings),
            witness_title=witness_title(findings),
            witness=_witness(findings, figures.get("witness")),
            posterior=inlined(figures.get("posterior")),
            regrets=inlined(figures.get("regrets")),
            regret_rows=_regret_rows(findings),
            evidence=[_evidence(piece, index, figures) for index, piece in enumerate(findings.evidence)],
            counts=[
                (str(verdict), sum(piece.verdict is verdict for piece in findings.evidence)) for verdict in Verdict
            ],
            recovery=recovery_section(findings.evidence),
            recovery_figures={name: inlined(figures.get(f"recovered-{name}")) for name in RECOVERY_FIGURES},
            confounds=_CONFOUNDS,
            provenance=provenance_rows(origin),
            schema_version=report.schema_version,
        )
    )


@functools.cache
def environment() -> jinja2.Environment:
    """Returns the templates of pages: foreign text in them is escaped and stripped of what a page must not hold."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("mesascope", "report"),
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
    }


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
        ("Is it an optimizer?", str(optimizer.verdict), optimizer.verdict, _probability(optimizer.probability)),
        ("What is its objective?", shortened(objective.name or "not known", 60), objective.verdict, facts),
        ("Is it aligned?", _class_text(findings), alignment.verdict, aligned),
    ]
    sentences = [with_reason(answer.sentence, answer.reason) for answer in (optimizer, objective, alignment)]
    return [
        {
            "question": question,
            "answer": answer,
            "plain": question.startswith("Is it an "),
            "chip": _answer_chip(question, verdict),
            "facts": facts,
            "sentence": sentence,
            "tone": "named" if "objective" in question and verdict is not Verdict.INCONCLUSIVE else _TONES[verdict],
        }
        for (question, answer, verdict, facts), sentence in zip(answers, sentences, strict=True)
    ]


def _answer_chip(question: str, verdict: Verdict) -> tuple[str, str] | None:
    # The first answer is its verdict; naming an objective is neither good nor bad.
    if question.startswith("Is it an ") or ("objective" in question and verdict is not Verdict.INCONCLUSIVE):
        return None
    return str(verdict), _TONES[verdict]


def _probability(probability: float | None) -> list[str]:
    return ["no probability yet"] if probability is None else [f"probability {probability_text(probability)}"]


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
        "legend": "; ".join(f"{character} {meaning}" for character, meaning in witness.legend),
        "sentence": witness.sentence,
        "where": f"Level {witness.index} of distribution “{plain(witness.distribution)}”",
        "numbers": f"regret here: base {witness.base_regret:.2f}, its own {witness.own_regret:.2f}",
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
    names = dict.fromkeys(name for rulers in findings.rulers.values() for name in rulers)
    for name in list(names)[:_MOST_ROWS]:
        values = [findings.rulers.get(where, {}).get(name) for where in ("train", "deploy")]
        shown = ["–" if value is None else ruler_text(value) for value in values]
        rows.append((f"Ruler: {name}", shown[0], shown[1]))
    return rows


def _evidence(piece: Evidence, index: int, figures: Mapping[str, ReportFigure]) -> dict:
    drawn = [inlined(figures.get(f"{kind}-{index}")) for kind in ("curve", "rates")]
    # A recovered objective has a section of its own.
    details = {} if piece.assay == RECOVERY else piece.details
    details = {key: value for key, value in details.items() if key not in _DRAWN}
    numbers = [(key, _value(value)) for key, value in list(details.items())[:_MOST_ROWS]]
    return {
        "assay": piece.assay,
        "question": piece.question,
        "chip": (str(piece.verdict), _TONES[piece.verdict]),
        "sentence": piece.sentence,
        "reason": piece.reason,
        "effect": estimate_text(piece.effect),
        "null": "none" if piece.null is None else estimate_text(piece.null),
        "figures": [figure for figure in drawn if figure],
        "numbers": numbers,
        "left_out": max(0, len(details) - _MOST_ROWS),
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
