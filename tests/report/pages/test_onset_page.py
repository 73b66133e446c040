"""The onset of deception as text, JSON and page, with numbers that were made up for the learned part."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mesascope.core.errors import UsageError
from mesascope.report.data.onset_report import OnsetReport
from mesascope.report.text.onset_text import onset_text
from mesascope.report.views.onset_view import onset_headline
from mesascope.theory.lifetimes import Lifetime
from mesascope.theory.onset_curves import onset_curves
from tests.report.pages.test_audit_page import Page


def phase(value: float | None, least: int = 5000) -> dict:
    numbers = (None,) * 3 if value is None else (value, value - 0.01, value + 0.01)
    return {**dict(zip(("value", "low", "high"), numbers, strict=True)), "least": least}


LEARNED = [
    {
        "threat": threat,
        "spans_updates": spans,
        "seeds": 5,
        "training": phase(training),
        "deployment": phase(deployment, 5000 if deployment else 12),
        "verdict": verdict,
    }
    for threat, spans, training, deployment, verdict in (
        (0.3, True, 0.97, 0.98, "FAIL"),
        (0.35, True, 0.05, 0.98, "PASS"),
        (1.0, False, 0.98, None, "FAIL"),
    )
]


def report(lifetime: Lifetime | None = None, *, learned=LEARNED) -> OnsetReport:
    lifetime = lifetime or Lifetime()
    asked = {
        "training": lifetime.training,
        "deployment": lifetime.deployment,
        "threat": lifetime.threat,
        "discount": lifetime.discount,
        "accuracy": 1.0,
    }
    return OnsetReport.of(asked, onset_curves(lifetime, 1.0), learned, {"seed": 0})


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> tuple[Path, Path]:
    return report().save(tmp_path_factory.mktemp("onset"))


@pytest.fixture(scope="module")
def page(saved) -> Page:
    return Page(saved[1].read_text())


def test_the_page_shows_every_dial_with_its_numbers(page):
    order = [
        "Deception pays: comply in training, then defect, earns 3",
        "2 training and 3 deployment episodes",
        "comply comply | defect defect defect",
        "Defection against threat",
        "means over n = 5 seeds",
        "1 cells with too few unmodified episodes are INCONCLUSIVE and not drawn",
        "Onset against horizon",
        "What a cue is worth",
        "rate of defection is 0.556, worth 1.132; the paper prints 0.61, worth 1.126",
        "A goal moved by gradients",
        "0.4556",
        "The three conditions",
        "What policies learned",
        "INCONCLUSIVE (least n = 12)",
        "rewarded with their own pay-off by construction",
    ]
    place = 0
    for words in order:
        assert words in page.text[place:], words
        place = page.text.index(words, place)
    assert len(page.named("svg")) == 4
    assert page.named("script") == page.named("img") == page.named("link") == []


def test_headings_are_in_order_and_names_are_unique(page):
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("lifetime", "words"),
    [
        (Lifetime(), "Deception pays"),
        (Lifetime(6, 3, 0.9, 0.7), "Late onset: it pays to comply in the last of 6 training episodes only."),
        (Lifetime(6, 3, 0.9, 0.8), "Late onset: it pays to comply in the last 3 of 6"),
        (Lifetime(threat=0.2), "Deception does not pay"),
    ],
)
def test_the_headline_says_when_it_pays(lifetime, words):
    assert onset_headline(report(lifetime)).startswith(words)


def test_what_is_never_worth_it_is_said_and_drawn_nowhere():
    late = report(Lifetime(2, 1, 1.0, 0.5), learned=[])
    assert "onset, all of training   under no threat" in onset_text(late)
    # The paper's gamble is about its own lifetime.
    assert "the paper prints" not in onset_text(late)
    page = Page(late.page())
    assert "What policies learned" not in page.text
    assert len(page.named("svg")) == 4


def test_the_text_has_every_table_and_no_learned_one_where_nothing_was_trained():
    text = onset_text(report())
    for words in (
        "onset, all of training   from a threat of 0.3333",
        "defecting with 0.5556; the paper prints 0.61, worth 1.126",
        "  0.3333  2 ",
        "  best value    1.132  1.288  1.539  1.896  2.377  2.670  3.000",
        "  0.35    whole lifetime  0.050 [0.040, 0.060]",
        "indifferent",
    ):
        assert words in text, words
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "whole lifetime" not in onset_text(report(learned=[]))


def test_rates_without_interval_are_refused_and_those_beside_it_drawn():
    data = report().data()
    rate = data["learned"][0]["training"]
    for spoilt in ({"low": None}, {"value": None}, {"low": 0.9, "high": 0.1}):
        learned = [{**data["learned"][0], "training": {**rate, **spoilt}}]
        with pytest.raises(UsageError, match=r"learned.*training"):
            OnsetReport.from_data({**data, "learned": learned})
    beside = {**data["learned"][0], "training": {**rate, "value": -1.0}}
    assert "</html>" in OnsetReport.from_data({**data, "learned": [beside]}).page()


def test_a_horizon_that_is_missing_is_told_as_missing():
    data = report().data()
    data["exact"]["by_horizon"] = data["exact"]["by_horizon"][:-1]
    assert "–" in onset_text(OnsetReport.from_data(data))
