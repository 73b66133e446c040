"""The first answer on a page: three verdicts, depth, pictures and assays, in the report and on a page of its own."""

from __future__ import annotations

import dataclasses
import itertools
import json

import pytest

from mesascope.audit.findings import OptimizerAnswer
from mesascope.core.errors import UsageError
from mesascope.core.verdicts import Verdict
from mesascope.report.data.audit_report import Report
from mesascope.report.data.question_reports import SearchReport
from mesascope.report.text.kind_texts import search_text
from mesascope.report.views.headline import search_headline
from tests.report.examples import GRAPH, answer, edits, evidence, piece
from tests.report.pages.test_audit_page import Page

HOSTILE = "<script>document.title='owned'</script>\x1b[31m"


def report(**changes) -> SearchReport:
    made = SearchReport(
        "planner", "network", "maze", {"walls": "loops"}, "goal", "choice", 64, 0, answer(), evidence(), {}
    )
    return dataclasses.replace(made, **changes)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report().page())


def test_the_page_shows_verdicts_depth_pictures_and_assays(page):
    order = [
        "It searches (probability 0.987).",
        "planner (network)",
        "maze (walls=loops)",
        "Does it search?",
        "Search used",
        "✓ yes",
        "probability 0.987",
        "Search present",
        "✕ no sign of it",
        "Objective represented",
        "? open",
        "no probability",
        "it looks 3 steps ahead",
        "The plan, decoded from site to site",
        "n = 72 states of 24 levels",
        "The board before and after an edit",
        "Skill against distance",
        "3 assays: 3 PASS, 0 FAIL, 0 INCONCLUSIVE.",
        "1.00 [1.00, 1.00] (n = 42 levels)",
        "What this does not say",
        "Where these numbers come from",
    ]
    place = 0
    for words in order:
        assert words in page.text[place:], words
        place = page.text.index(words, place)
    assert page.named("script") == page.named("img") == page.named("link") == []


def test_headings_are_in_order_and_names_are_unique(page):
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        assert attributes.get("xlink:href", "#").startswith("#")


def test_the_json_has_answer_and_evidence():
    data = json.loads(report().to_json())
    assert data["answer"]["verdict"] == "PASS"
    assert [part["question"] for part in data["answer"]["parts"]] == ["used", "present", "represented"]
    assert [one["assay"] for one in data["evidence"]] == ["horizon", "shown-edits", "candidate-plans"]


def test_what_lies_on_no_board_is_shown_as_text():
    page = Page(report(evidence=(edits(**GRAPH),)).page())
    assert "before > .ab Acb Gba" in page.text
    assert "after > .cb Acb Gba" in page.text
    assert "After the edit in row 0 it chooses 'right' (100%), which is optimal. One of n = 94 cases" in page.text
    assert len(page.named("svg")) == 1


@pytest.mark.parametrize(
    ("verdict", "headline"),
    [
        (Verdict.PASS, "It searches (probability 0.500)."),
        (Verdict.FAIL, "Nothing shows that it searches (probability 0.500)."),
        (Verdict.INCONCLUSIVE, "It is open whether it searches (probability 0.500)."),
    ],
)
def test_the_headline_is_the_verdict(verdict, headline):
    assert search_headline(OptimizerAnswer(verdict, 0.5, "A sentence.", "a reason")) == headline


def test_without_the_three_verdicts_there_is_nothing_to_show_but_the_assays():
    shown = report(answer=OptimizerAnswer(Verdict.FAIL, 0.5, "A sentence.", "a reason"), evidence=())
    assert "Does it search?" not in Page(shown.page()).text


def test_foreign_text_is_shown_and_cannot_run():
    parts = tuple(
        dataclasses.replace(part, sentence=HOSTILE, reason=HOSTILE, contributions=((HOSTILE, 1.0),))
        for part in answer().parts
    )
    hostile = report(
        agent=HOSTILE,
        world=HOSTILE,
        world_options={HOSTILE: HOSTILE},
        objective=HOSTILE,
        answer=dataclasses.replace(answer(), parts=parts),
        evidence=(dataclasses.replace(piece(HOSTILE, {HOSTILE: HOSTILE}), sentence=HOSTILE, reason=HOSTILE),),
    )
    page = Page(hostile.page())
    assert page.named("script") == []
    assert "\x1b" not in page.source
    assert "\x1b" not in search_text(hostile, width=80)


def test_the_text_has_verdicts_numbers_and_depth():
    text = search_text(report(), width=90)
    for words in (
        "agent planner (network); world maze (walls=loops); objective goal, by which choices are",
        "  Search used           yes            99%",
        "  Search present        no sign of it  12%",
        "  Objective represented open\n",
        "  Looks ahead           3 steps",
        "  horizon               PASS          effect 1.00 [1.00, 1.00] (n = 42 levels)",
    ):
        assert words in text, words
    assert max(map(len, text.splitlines())) <= 90
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_audits_report_shows_the_first_answer_too(reports):
    findings = dataclasses.replace(
        reports["robust"].findings, optimizer=answer(), evidence=evidence(), witness=None, own_regret={}
    )
    whole = Report(findings, {})
    page = Page(whole.page())
    places = [
        page.text.index(words)
        for words in (
            "Is it an optimizer?",
            "search present: no sign of it (0.120)",
            "objective represented: open",
            "it looks 3 steps ahead",
            "What is its objective?",
            "Does it search?",
            "Search used",
            "The plan, decoded from site to site",
            "How much it loses",
            "Each assay in detail",
        )
    ]
    assert places == sorted(places)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_malformed_examples_leave_the_report_whole(reports):
    spoilt = (
        piece("horizon", {"cliff": 3, "curve": "x"}),
        piece("shown-edits", {"example": {"before": []}, "cases": "many"}),
        piece("candidate-plans", {"decoded": {"text": 3, "sites": [[]]}}),
    )
    findings = dataclasses.replace(reports["robust"].findings, optimizer=answer(), evidence=spoilt)
    text = Page(Report(findings, {}).page()).text
    assert "Search used" in text
    assert "decoded from site to site" not in text
    with pytest.raises(UsageError, match=r"evidence\[0\]\.details\.c"):
        Report.from_json(Report(findings, {}).to_json())
