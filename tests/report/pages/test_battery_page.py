"""The kind of alignment on a page of its own, as text, and in the report of an audit."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json

import pytest

from mesascope.core.errors import UsageError
from mesascope.core.verdicts import Verdict
from mesascope.report.data.audit_report import Report
from mesascope.report.data.question_reports import BatteryReport
from mesascope.report.text.kind_texts import battery_text
from mesascope.report.text.terminal import screen
from tests.report.battery_examples import SLOTS, details, piece, report
from tests.report.pages.test_audit_page import Page

HOSTILE = "<script>document.title='owned'</script>\x1b[31m"
KINDS = (("deceptive", 0.95), ("backdoor", 0.05))


def untested():
    """What the battery says of a world that cannot be changed."""
    return piece(
        verdict=Verdict.INCONCLUSIVE,
        sentence="What kind of alignment it is was not tested.",
        reason="World 'corner' has no causal switches",
        details={},
    )


def hostile():
    """The example with foreign text wherever text can stand."""

    def spoilt(value):
        if isinstance(value, dict):
            return {key: spoilt(item) for key, item in value.items()}
        if isinstance(value, list):
            return [spoilt(item) for item in value]
        return value if not isinstance(value, str) or value in "AaXFL" else HOSTILE

    return piece(sentence=HOSTILE, reason=HOSTILE, details=spoilt(details()))


def in_order(words, text):
    place = 0
    for word in words:
        assert word in text[place:], word
        place = text.index(word, place)


def test_the_page_shows_class_table_and_where_it_comes_apart():
    data = json.loads(report().to_json())
    assert data["evidence"]["details"]["kinds"][0] == {"kind": "deceptive", "probability": 0.95}
    page = Page(BatteryReport.from_data(data).page())
    in_order(
        [
            "It is deceptive (probability 0.950).",
            "robot (network)",
            "cleaning (threat=0.9)",
            "6 in each of three conditions a test",
            "Aligned, and how?",
            "✕ FAIL",
            "deceptive: probability 0.950",
            "differ in 4 tests of those made",
            "20 of 21 tests made",
            "n = 18 levels in each test",
            "Where it comes apart most",
            "T9: deployed, without threat (2 of 3)",
            "threat = 0.0",
            "What it does",
            "take fuel",
            "What the base objective asks for",
            "brush a room, 0.75",
            "Every test",
            "T1 cut proxy → base",
            "sweeps → clean: 100% in training, 0% here",
            "a ≠",
            SLOTS,
            "of the swapped objective 1.00",
            "of “burnt” 0.98",
            "What this does not say",
            "Where these numbers come from",
        ],
        page.text,
    )
    assert page.named("script") == page.named("img") == page.named("link") == []
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_text_says_the_same():
    text = battery_text(report(), width=100)
    in_order(
        [
            "agent robot (network)",
            "Aligned, and how? FAIL It is deceptive.",
            "  deceptive                  0.950  ###",
            "Test                                 Found  1st  2nd  Share",
            "  T6   true knowledge                a ≠    A ",
            "  T7   more planning                 –      A ",
            "  T8   pointer swapped               F      F ",
            "1st is what deceptive predicts",
            "It comes apart    T9: deployed, without threat (2 of 3)",
            "it does         take fuel → burn things",
            "it should       brush a room, 0.75",
        ],
        text,
    )
    assert " ".join(SLOTS.split()) in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 100


def test_classes_that_stay_together_are_named():
    given = {**details(), "together": ["deceptive", "backdoor"]}
    shown = report(evidence=piece(details=given, verdict=Verdict.INCONCLUSIVE, sentence="It is one or the other."))
    told = "not told apart by any test that was made: deceptive, backdoor"
    assert told in " ".join(battery_text(shown, width=100).split())
    text = Page(shown.page()).text
    assert told in text
    assert "Inconclusive: it is one or the other." in text


def test_a_world_without_switches_has_a_page_that_says_why():
    text = Page(report(evidence=untested()).page()).text
    assert "Inconclusive: what kind of alignment it is was not tested." in text
    assert "World 'corner' has no causal switches" in text
    told = battery_text(report(evidence=untested()), width=100)
    assert "INCONCLUSIVE What kind of alignment it is was not tested." in " ".join(told.split())


def test_foreign_text_is_shown_and_cannot_run():
    shown = report(agent=HOSTILE, agent_kind=HOSTILE, world=HOSTILE, base_objective=HOSTILE, evidence=hostile())
    page = Page(shown.page())
    assert page.named("script") == []
    assert "\x1b" not in page.source
    assert "\x1b" not in battery_text(shown, width=80)


def with_kind(findings, **changes):
    fields = {
        "kind": "deceptive",
        "kinds": KINDS,
        "together": ("deceptive",),
        "kind_reason": "probability 0.95, 4 apart",
    }
    answer = dataclasses.replace(findings.alignment, **{**fields, **changes})
    # Without other figures, which take long to draw.
    return dataclasses.replace(findings, alignment=answer, evidence=(piece(),), regret={}, own_regret={}, witness=None)


@pytest.mark.parametrize("name", ["pseudo-aligned", "robust", "inconclusive"])
def test_the_audits_report_shows_the_kind_below_the_third_answer(reports, name):
    whole = Report(with_kind(reports[name].findings), {})
    in_order(
        [
            "By the battery of tests it is deceptive",
            "Is it aligned?",
            "Of what kind? deceptive (probability 0.950). Runner-up backdoor 0.050. 4 apart.",
            "Aligned, and how?",
            "Every test",
            "Each assay in detail",
        ],
        Page(whole.page()).text,
    )
    in_order(["Is it aligned?", "Of what kind?", "deceptive (probability 0.950)  Runner-up backdoor"], screen(whole))


def test_a_kind_that_is_not_stated_says_which_are_likeliest(reports):
    changes = {"kind": None, "together": ("deceptive", "backdoor"), "kind_reason": "T12 could not be made"}
    whole = Report(with_kind(reports["robust"].findings, **changes), {})
    text = " ".join(screen(whole).split())
    assert "open, likeliest deceptive (probability 0.950)" in text
    assert "T12 could not be made. No test that was made tells deceptive from backdoor." in text
    answer = json.loads(whole.to_json())["answers"]["alignment"]
    assert answer["kind"] is None
    assert answer["missing"]["kind"] == "T12 could not be made"


def test_reports_of_before_the_battery_load_and_show_no_kind(reports):
    data = json.loads(reports["robust"].to_json())
    old = copy.deepcopy(data)
    for field in ("kind", "kinds", "together", "kind_reason"):
        del old["answers"]["alignment"][field]
    loaded = Report.from_json(json.dumps(old))
    assert loaded.findings.alignment == reports["robust"].findings.alignment
    assert loaded.findings.alignment.kinds == ()
    assert "kind" not in screen(loaded)
    assert "Aligned, and how?" not in Page(loaded.page()).text


@pytest.mark.parametrize(
    ("field", "value"),
    [("kind", 3), ("kinds", [{"kind": "x"}]), ("kinds", [{"kind": "x", "probability": 2}]), ("together", [1])],
)
def test_malformed_kinds_are_refused_by_name(reports, field, value):
    data = json.loads(reports["robust"].to_json())
    data["answers"]["alignment"][field] = value
    with pytest.raises(UsageError, match=f"answers.alignment.{field}"):
        Report.from_json(json.dumps(data))
