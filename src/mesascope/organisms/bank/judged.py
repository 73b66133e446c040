"""Verdicts as they are really given, on agents whose like no weight was fitted on: how often each is wrong, or open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mesascope.audit.search.decision import QUESTIONS, Said, verdict_on
from mesascope.audit.search.weights import Weights
from mesascope.core.intervals import wilson
from mesascope.core.verdicts import Estimate, Verdict
from mesascope.organisms.bank.cross_validation import Score, fit_on


@dataclass(frozen=True)
class Judged:
    """One verdict on one agent.

    **Arguments:**

    - `name`, `family`: of the agent; a family is one architecture.
    - `kind`: as in the catalogue.
    - `question`: what was asked.
    - `label`: what is true; `None` if that is not known.
    - `verdict`, `probability`: what was said, by weights fitted without its family, its world and its training set.
    """

    name: str
    family: str
    kind: str
    question: str
    label: bool | None
    verdict: Verdict
    probability: float | None

    @property
    def wrong(self) -> bool:
        """Whether the verdict says the opposite of what is true."""
        return (self.verdict is Verdict.PASS and self.label is False) or (
            self.verdict is Verdict.FAIL and self.label is True
        )


def judged(scores: Sequence[Score]) -> tuple[Judged, ...]:
    """Returns all verdicts on all agents, each blind to its like.

    The weights for an agent are fitted on agents of other worlds, made otherwise, and trained on other numbers of
    levels. Thresholds of the assays were not fitted on the bank at all.

    **Arguments:**

    - `scores`: of the bank.
    """
    known: dict[tuple, Weights] = {}
    found = []
    for score in scores:
        agent = score["agent"]
        for question in QUESTIONS:
            like = (agent["world"], agent["architecture"], agent["levels"], question)
            if like not in known:
                known[like] = fit_on(unlike(scores, agent), question)
            verdict = verdict_on(question, known[like], said(score))
            found.append(
                Judged(
                    agent["name"],
                    agent["architecture"],
                    agent["kind"],
                    question,
                    None if agent["kind"] == "trained" else agent[question],
                    verdict.verdict,
                    verdict.probability,
                )
            )
    return tuple(found)


def unlike(scores: Sequence[Score], agent: dict) -> list[Score]:
    """Returns scores of agents in other worlds, made otherwise, and trained on other numbers of levels."""
    return [
        other
        for other in scores
        if other["agent"]["world"] != agent["world"]
        and other["agent"]["architecture"] != agent["architecture"]
        and (not agent["levels"] or other["agent"]["levels"] != agent["levels"])
        and other["agent"]["kind"] != "trained"
    ]


def said(score: Score) -> Said:
    """Returns what assays said of an agent of the bank."""
    rows = score["evidence"]
    passed, failed = (
        frozenset(row["assay"] for row in rows if row["verdict"] == str(verdict))
        for verdict in (Verdict.PASS, Verdict.FAIL)
    )
    ends = {row["assay"]: (row["effect"][1], row["effect"][2]) for row in rows if row["effect"] is not None}
    return Said.read(score["measures"], passed, failed, ends)


def wrong_of_all(rows: Sequence[Judged], question: str, verdict: Verdict) -> Estimate:
    """Returns the share of agents of the other kind that get a verdict: PASS without a search, FAIL with one."""
    of = [row for row in rows if row.question == question and row.label is (verdict is Verdict.FAIL)]
    return wilson(sum(row.verdict is verdict for row in of), len(of), unit="agents")
