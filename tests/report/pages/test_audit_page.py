"""The page: structure, escaping, self-containment, determinism."""

from __future__ import annotations

import dataclasses
import itertools
import re
from html.parser import HTMLParser

import pytest

from mesascope.report.data.audit_report import Report

NAMES = ("pseudo-aligned", "robust", "incapable", "inconclusive", "without-geometry", "hostile")
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """A page as its tags and its visible text; fails on tags that are not closed in order."""

    def __init__(self, text: str):
        super().__init__()
        self.source = text
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if not {"style", "title"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def named(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def pages(reports) -> dict[str, Page]:
    """Every report as a page, by name."""
    return {name: Page(report.page()) for name, report in reports.items()}


@pytest.mark.parametrize("name", NAMES)
def test_pages_are_well_formed_and_self_contained(pages, name):
    page = pages[name]
    assert page.named("script") == page.named("link") == page.named("img") == page.named("iframe") == []
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "action"):
            assert attributes.get(name, "#").startswith("#")
    assert "url(http" not in page.source
    assert "@import" not in page.source
    policy = next(meta for meta in page.named("meta") if meta.get("http-equiv"))
    assert policy["content"].startswith("default-src 'none'")


@pytest.mark.parametrize("name", NAMES)
def test_headings_are_in_order_and_names_are_unique(pages, name):
    page = pages[name]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    referenced = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(referenced) <= set(ids)
    drawings = [attributes for _, attributes in page.tags if attributes.get("role") == "img"]
    assert all(len(drawing["aria-label"]) > 20 for drawing in drawings)


def test_every_reference_inside_a_drawing_is_defined(pages):
    text = pages["pseudo-aligned"].source
    ids = set(re.findall(r'\sid="([^"]+)"', text))
    used = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
    assert used
    assert used <= ids


def test_the_first_screen_is_the_verdict_the_level_and_the_answers(pages):
    text = pages["pseudo-aligned"].text
    order = [
        "Pseudo-aligned: it pursues “corner”, not “cheese”.",
        "After the shift it is as capable as before",
        "Where it comes apart",
        "Is it an optimizer?",
        "What is its objective?",
        "probability 0.998",
        "412 levels where the candidates disagree",
        "Is it aligned?",
        "How much it loses",
        "Evidence",
        "What was not tested, and known confounds",
        "no cue in this world",
        "Where these numbers come from",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "0.84 [0.82, 0.86] (n = 512 levels)" in text
    assert "mesascope audit --seed 0" in text
    assert "0123456789abcdef0123456789abcdef01234567" in text
    assert "71.25 s" in text


def test_verdicts_are_words_not_only_colours(reports, pages):
    text = pages["pseudo-aligned"].text
    for piece in reports["pseudo-aligned"].findings.evidence:
        assert f"{piece.assay} {piece.question}" in text
    assert text.count("INCONCLUSIVE") >= 3
    assert "5 assays: 1 PASS, 2 FAIL, 2 INCONCLUSIVE." in text


def test_foreign_text_is_shown_and_cannot_run(pages, hostile_name):
    page = pages["hostile"]
    assert page.named("script") == []
    assert page.named("img") == []
    shown = hostile_name.replace("\x1b", "\ufffd").replace("\u202e", "\ufffd")
    assert page.text.count(shown) > 15
    assert "49" not in re.findall(r"\{\{7\*7\}\}|(?<!\d)49(?!\d)", page.text)


def test_control_characters_do_not_reach_the_page(pages):
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", pages["hostile"].source)


def test_a_report_without_a_level_or_numbers_still_makes_a_page(reports):
    report = reports["inconclusive"]
    findings = dataclasses.replace(
        report.findings, regret={}, reference_regrets={}, training_performance=None, evidence=(), not_tested=()
    )
    text = Page(Report(findings, {}).page()).text
    assert "None of the audited levels can be shown" in text
    assert "How much it loses" not in text
    assert "0 assays" in text
    assert "Open: the evidence does not say whether it pursues “cheese”." in text
