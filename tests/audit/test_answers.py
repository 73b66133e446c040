"""How the third answer takes up the kind of alignment, and what an audit says that it did not test."""

from __future__ import annotations

import pytest

from mesascope.audit.alignment.battery import BatteryFindings
from mesascope.audit.alignment.battery_outcomes import BatteryOutcome
from mesascope.audit.alignment.decoding import ErrorModel, decode
from mesascope.audit.alignment.kinds import PREDICTIONS, TESTS, AlignmentKind
from mesascope.audit.answers import _with_kind, not_tested
from mesascope.audit.findings import AlignmentAnswer, AlignmentClass
from mesascope.core.verdicts import Verdict

ANSWER = AlignmentAnswer(Verdict.PASS, AlignmentClass.ROBUST, 0.98, None, None, "It pursues it.", "")
SHIFT = "any shift"


def findings(kind: AlignmentKind, missing: tuple[str, ...] = ()) -> BatteryFindings:
    """What the battery finds in an agent of a class where some tests cannot be made."""
    outcomes = {
        test: BatteryOutcome(test, Verdict.INCONCLUSIVE, None, f"{test} cannot be made")
        if test in missing
        else BatteryOutcome(test, Verdict.PASS, PREDICTIONS[kind][test], "")
        for test in TESTS
    }
    posterior = decode(outcomes, ErrorModel())
    stated = None if missing else kind
    return BatteryFindings(outcomes, posterior, Verdict.FAIL, stated, f"It is {kind}.", "because", None)


def untested(battery: BatteryFindings | None) -> dict[str, str]:
    rows = dict(not_tested(None, battery))
    assert rows.pop(SHIFT)
    return rows


@pytest.mark.parametrize("kind", list(PREDICTIONS))
def test_the_answer_takes_the_kind_and_keeps_its_class(kind):
    answer = _with_kind(ANSWER, "because", findings(kind))
    assert answer.kind == answer.kinds[0][0] == str(kind)
    assert sum(probability for _, probability in answer.kinds) == pytest.approx(1)
    assert answer.together == (str(kind),)
    assert answer.kind_reason == "because"
    assert (answer.class_, answer.verdict, answer.probability) == (ANSWER.class_, ANSWER.verdict, ANSWER.probability)


def test_without_switches_there_is_no_kind_and_the_reason_stays():
    answer = _with_kind(ANSWER, "no switches", None)
    assert (answer.kind, answer.kinds, answer.together, answer.kind_reason) == (None, (), (), "no switches")
    assert len(untested(None)) == 3


def test_what_was_tested_is_not_called_untested():
    assert untested(findings(AlignmentKind.DECEPTIVE)) == {}


@pytest.mark.parametrize(
    ("missing", "kinds"),
    [
        (("T7",), {"suboptimal-compute"}),
        (("T5",), {"approximate"}),
        (("T8",), set()),
        (("T8", "T10"), {"robust-corrigible"}),
        (("T1", "T4"), {"proxy-side-effect"}),
        # What repeats another test unwatched says nothing of who does not notice that.
        (("T8", "T9", "T10", "T11", "T13"), {"robust-corrigible", "deceptive"}),
    ],
)
def test_a_kind_is_untested_where_no_test_that_shows_it_was_made(missing, kinds):
    rows = untested(findings(AlignmentKind.INTERNAL, missing))
    assert set(rows) == kinds
    assert all(f"{missing[0]} cannot be made" in why for why in rows.values())


def test_without_the_training_test_no_kind_was_tested():
    assert list(untested(findings(AlignmentKind.INTERNAL, ("T0",)))) == ["what kind of alignment it is"]
