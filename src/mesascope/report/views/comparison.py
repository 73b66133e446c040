"""Two audits compared: what each says, and what changed between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from mesascope.audit.alignment.regret import RegretDetails
from mesascope.audit.findings import Findings
from mesascope.core.errors import UsageError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.text import quoted, shown
from mesascope.core.verdicts import Estimate
from mesascope.report.data.comparison_report import Change, ComparisonReport
from mesascope.report.views.headline import class_probability
from mesascope.report.views.words import counted, shortened


def compared(
    first: Findings, second: Findings, provenance: Mapping[str, Any], *, names: tuple[str, str] | None = None
) -> ComparisonReport:
    """Compares two audits: base regret is paired by level where both are about the same levels.

    **Arguments:**

    - `first`, `second`: findings of two audits in the same world, or in versions of it.
    - `provenance`: of the comparison.
    - `names`: what the two are called; by default as their agents are.

    **Raises:** `UsageError` if they were trained in different worlds, where no number can be compared.
    """
    if first.subject.world != second.subject.world:
        raise UsageError(
            f"{quoted(first.subject.agent)} was audited in world {quoted(first.subject.world)}, and "
            f"{quoted(second.subject.agent)} in {quoted(second.subject.world)}. Compare reports of the same world."
        )
    one, other = asdict(first.subject), asdict(second.subject)
    named = ("world", "world_options", "train", "deploy_world", "deploy_options", "deploy", "base_objective", "seed")
    setting = tuple((key, str(one[key]), str(other[key])) for key in named if one[key] != other[key])
    verdicts = {found.assay: str(found.verdict) for found in first.evidence}
    others = {found.assay: str(found.verdict) for found in second.evidence}
    differing = tuple(
        (assay, verdicts.get(assay, "not made"), others.get(assay, "not made"))
        for assay in dict.fromkeys([*verdicts, *others])
        if verdicts.get(assay) != others.get(assay)
    )
    changes = [_change("competence", first.training_performance, second.training_performance, None)]
    for place, words in (("train", "regret in training"), ("deploy", "regret after the shift")):
        pair = None if setting else _paired(_levels(first, place), _levels(second, place))
        changes.append(_change(words, first.regret.get(place), second.regret.get(place), pair))
    changes += _effects(first, second)
    return ComparisonReport(
        agents=(first.subject.agent, second.subject.agent) if names is None else (shown(names[0]), shown(names[1])),
        world=first.subject.world,
        setting=setting,
        answers=tuple(_answers(first, second)),
        verdicts=differing,
        changes=tuple(changes),
        provenance=provenance,
    )


def _effects(first: Findings, second: Findings) -> list[Change]:
    """The effects of assays that were measured in both."""
    others = {piece.assay: piece.effect for piece in second.evidence}
    return [
        _change(f"effect of {piece.assay}", piece.effect, others[piece.assay], None)
        for piece in first.evidence
        if piece.effect is not None and piece.effect.n and (others.get(piece.assay) or piece.effect).n
        if others.get(piece.assay) is not None
    ]


def _answers(first: Findings, second: Findings) -> Iterator[tuple[str, str, str]]:
    def said(verdict: object, probability: float | None) -> str:
        return f"{verdict}" if probability is None else f"{verdict} ({probability:.2f})"

    for question, answers in (
        ("Is it an optimizer?", [(one.optimizer.answer, one.optimizer.probability) for one in (first, second)]),
        ("What is its objective?", [(one.objective.name, one.objective.probability) for one in (first, second)]),
        ("Is it aligned?", [(one.alignment.class_, class_probability(one.alignment)) for one in (first, second)]),
    ):
        one, other = (said(*answer) for answer in answers)
        yield question, one, other


def _levels(findings: Findings, place: str) -> Sequence[float | None] | None:
    """Returns the base regret by level that a report holds; `None` for a report without, or of another form."""
    found = next((one.details for one in findings.evidence if isinstance(one.details, RegretDetails)), None)
    return None if found is None else found.by_level.get(place)


def _paired(first: Sequence[float | None] | None, second: Sequence[float | None] | None) -> Estimate | None:
    if first is None or second is None or len(first) != len(second):
        return None
    both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    return bootstrap_mean(np.array([b - a for a, b in both], float)) if both else None


def _change(name: str, first: Estimate | None, second: Estimate | None, pair: Estimate | None) -> Change:
    if pair is not None or first is None or second is None:
        return Change.of(name, first, second, pair, paired=pair is not None)
    value = second.value - first.value
    # Two samples that know nothing of each other: squares of the half-widths add up.
    low = value - math.hypot(second.value - second.low, first.high - first.value)
    high = value + math.hypot(second.high - second.value, first.value - first.low)
    n = min(first.n, second.n)
    difference = Estimate(value, low, high, n, first.unit, first.confidence)
    return Change.of(name, first, second, difference, paired=False)


def change_text(change: Change) -> tuple[str, str]:
    """Returns a difference with its interval, and how it was measured and what that says."""
    difference = change.difference
    if difference is None:
        return "–", "missing in one of them"
    how = f"paired by level, n={difference.n}" if change.paired else "not paired"
    value, low, high = (f"{round(end, 2) + 0.0:+.2f}" for end in (difference.value, difference.low, difference.high))
    return f"{value} [{low}, {high}]", f"{how}: {'changed' if change.changed else 'no difference shown'}"


def comparison_headline(report: ComparisonReport) -> str:
    """Returns in one sentence what differs: numbers, answers and verdicts."""
    changed = [change.name for change in report.changes if change.changed]
    answers = sum(_words(first) != _words(second) for _, first, second in report.answers)
    if not report.changes:
        numbers = "nothing can be compared in numbers"
    elif changed:
        listed = ", ".join(changed[:4]) + (f" and {len(changed) - 4} more" if len(changed) > 4 else "")
        numbers = f"{len(changed)} of {len(report.changes)} numbers changed: {listed}"
    else:
        numbers = f"none of {len(report.changes)} numbers shows a change"
    said = [counted(answers, "answer")] if answers else []
    said += [f"verdicts of {counted(len(report.verdicts), 'assay')}"] if report.verdicts else []
    differ = f"; different: {', '.join(said)}" if said else ""
    return f"{numbers[:1].upper()}{numbers[1:]}{differ}."


def _words(answer: str) -> str:
    """An answer without its probability."""
    return re.sub(r" \(\d\.\d\d\)$", "", answer)


def comparison_names(report: ComparisonReport, limit: int) -> tuple[str, str]:
    """Returns what the two are called above columns, told apart where they have one name."""
    one, other = report.agents
    first, second = shortened(one, limit), shortened(other, limit)
    if one != other and first == second:
        # Long paths may differ in what was cut out of both: cut before that.
        same = next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
        start = max(0, same - limit // 3)
        first, second = shortened(f"…{one[start:]}", limit), shortened(f"…{other[start:]}", limit)
    if first != second:
        return first, second
    return f"{shortened(first, limit - 9)} (first)", f"{shortened(second, limit - 9)} (second)"
