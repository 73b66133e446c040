"""Two reports side by side: what each says, and what changed between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from mesascope.audit.alignment.regret import RegretDetails
from mesascope.audit.findings import Findings
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.rounding import above, below
from mesascope.core.text import printable, shown
from mesascope.core.verdicts import Estimate

WIDTH: int = 30
"""Columns of a report's answers."""


@dataclass(frozen=True)
class Change:
    """One number in two reports.

    **Arguments:**

    - `name`: what it is.
    - `first`, `second`: in each report; `None` where it is missing.
    - `difference`: second less first; `None` where one is missing.
    - `paired`: whether it is over the same levels, one by one, rather than between two samples of levels.
    """

    name: str
    first: Estimate | None
    second: Estimate | None
    difference: Estimate | None
    paired: bool

    @property
    def changed(self) -> bool:
        """Whether the interval of the difference excludes 0."""
        return self.difference is not None and (above(self.difference.low, 0.0) or below(self.difference.high, 0.0))


@dataclass(frozen=True)
class Comparison:
    """Two reports side by side.

    **Arguments:**

    - `agents`: their names.
    - `setting`: what differs in where and how they were audited, as `(what, first, second)`; empty if nothing does.
    - `answers`: what each report says to each question, as `(question, first, second)`.
    - `verdicts`: assays whose verdict differs, as `(assay, first, second)`.
    - `changes`: numbers.
    """

    agents: tuple[str, str]
    setting: tuple[tuple[str, str, str], ...]
    answers: tuple[tuple[str, str, str], ...]
    verdicts: tuple[tuple[str, str, str], ...]
    changes: tuple[Change, ...]

    def data(self) -> dict:
        """Returns everything, JSON-ready."""
        return {**asdict(self), "changes": [{**asdict(one), "changed": one.changed} for one in self.changes]}

    def __str__(self) -> str:
        """One screen of text."""
        first, second = (shown(name, limit=WIDTH) for name in self.agents)
        lines = [f"{'':24}{first:{WIDTH + 2}}{second}"]
        lines += [_line(*row) for row in self.answers]
        for one in self.changes:
            lines.append(_line(one.name, _number(one.first), _number(one.second)))
            if one.difference is not None:
                how = f"paired by level, n={one.difference.n}" if one.paired else "not paired"
                verdict = "changed" if one.changed else "no difference shown"
                lines.append(f"{'':24}{one.difference.value:+.2f} {_interval(one.difference)} ({how}): {verdict}")
        if self.verdicts:
            lines += ["", "Assays whose verdict differs", *(_line(*row) for row in self.verdicts)]
        if self.setting:
            lines += ["", "Audited otherwise, so that nothing is paired", *(_line(*row) for row in self.setting)]
        return printable("\n".join(lines))


def compare_reports(first: Findings, second: Findings) -> Comparison:
    """Compares two reports: base regret is paired where both are about the same levels.

    **Arguments:**

    - `first`, `second`: findings of two audits.
    """
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
    return Comparison(
        (first.subject.agent, second.subject.agent), setting, tuple(_answers(first, second)), differing, tuple(changes)
    )


def _answers(first: Findings, second: Findings) -> Iterator[tuple[str, str, str]]:
    def said(verdict: object, probability: float | None) -> str:
        return f"{verdict}" if probability is None else f"{verdict} ({probability:.2f})"

    for question, answers in (
        ("Is it an optimizer?", [(one.optimizer.answer, one.optimizer.probability) for one in (first, second)]),
        ("What is its objective?", [(one.objective.name, one.objective.probability) for one in (first, second)]),
        ("Is it aligned?", [(one.alignment.class_, one.alignment.probability) for one in (first, second)]),
    ):
        one, other = (said(*answer) for answer in answers)
        yield question, one, other


def _levels(findings: Findings, place: str) -> list | None:
    """Returns the base regret by level that a report holds; `None` for a report without, or of another form."""
    found = (one.details for one in findings.evidence if isinstance(one.details, RegretDetails))
    return next((list(details.by_level[place]) for details in found if place in details.by_level), None)


def _paired(first: list | None, second: list | None) -> Estimate | None:
    if first is None or second is None or len(first) != len(second):
        return None
    both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    return bootstrap_mean(np.array([b - a for a, b in both], float)) if both else None


def _change(name: str, first: Estimate | None, second: Estimate | None, pair: Estimate | None) -> Change:
    if pair is not None or first is None or second is None:
        return Change(name, first, second, pair, pair is not None)
    value = second.value - first.value
    # Two samples that know nothing of each other: squares of the half-widths add up.
    low = value - math.hypot(second.value - second.low, first.high - first.value)
    high = value + math.hypot(second.high - second.value, first.value - first.low)
    n = min(first.n, second.n)
    return Change(name, first, second, Estimate(value, low, high, n, first.unit, first.confidence), False)


def _line(name: str, first: str, second: str) -> str:
    return f"{shown(name, limit=22):24}{shown(first, limit=WIDTH):{WIDTH + 2}}{shown(second, limit=WIDTH)}"


def _number(estimate: Estimate | None) -> str:
    return "not measured" if estimate is None else f"{estimate} n={estimate.n}"


def _interval(estimate: Estimate) -> str:
    return f"[{estimate.low:+.2f}, {estimate.high:+.2f}]"
