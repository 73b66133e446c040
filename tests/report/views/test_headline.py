"""Answers in words."""

from __future__ import annotations

from mesascope.audit.findings import AlignmentAnswer, AlignmentClass
from mesascope.core.verdicts import Verdict
from mesascope.report.views.headline import alignment_text, class_probability


def answer(verdict: Verdict, class_: AlignmentClass) -> AlignmentAnswer:
    return AlignmentAnswer(verdict, class_, 1.0, None, None, "Told.", "a reason")


def test_no_probability_stands_beside_what_is_open():
    open_ = answer(Verdict.INCONCLUSIVE, AlignmentClass.INCONCLUSIVE)
    assert class_probability(open_) is None
    assert alignment_text(open_) == "open"
    robust = answer(Verdict.PASS, AlignmentClass.ROBUST)
    assert class_probability(robust) == 1.0
    assert "probability 1.000" in alignment_text(robust)
