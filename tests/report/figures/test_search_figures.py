"""Pictures of the first question: drawn from details alone, whatever they are."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import xml.etree.ElementTree as ElementTree

import pytest

from mesascope.core.verdicts import Verdict
from mesascope.report.figures.evidence_figures import all_evidence_figures, evidence_figures, example_figures
from mesascope.report.views.points import cliff_drop
from mesascope.report.views.search_examples import decoded_plans, edited_level
from tests.report.examples import DECODED, EXAMPLE, GRAPH, HORIZON, LEGEND, evidence, piece

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


def changed(value: dict, *path, to) -> dict:
    """A copy in which one entry is another, or is gone for `...`."""
    value = copy.deepcopy(value)
    *way, last = path
    inner = value
    for key in way:
        inner = inner[key]
    if to is ...:
        del inner[last]
    else:
        inner[last] = to
    return value


def test_the_same_details_give_the_same_bytes():
    first = all_evidence_figures(evidence())
    again = [dataclasses.replace(one, details=json.loads(json.dumps(one.details))) for one in evidence()]
    assert [figure.name for figure in first] == ["curve-0", "rates-1", "edit-1", "plans-2"]
    assert all_evidence_figures(again) == first
    for figure in first:
        assert ElementTree.fromstring(figure.svg).tag.endswith("svg")
        assert "data:image" not in figure.svg


def test_captions_say_what_is_seen_and_what_stands_behind_it():
    captions = {figure.name: figure.caption for figure in all_evidence_figures(evidence())}
    assert "n = 72 states of 24 levels" in captions["plans-2"]
    assert "level 7 of distribution “deploy”" in captions["plans-2"]
    assert "Before the edit it chooses 'down' (100%), which is optimal." in captions["edit-1"]
    assert "After the edit at row 1, column 2 it chooses 'right' (90%), which is optimal." in captions["edit-1"]
    assert "One of n = 94 cases in 42 levels." in captions["edit-1"]


def test_a_stale_choice_is_told_from_the_optimal_one():
    choices = [{**one, "probability": float(one["action"] == "down")} for one in EXAMPLE["after"]["choices"]]
    edited = edited_level({"example": changed(EXAMPLE, "after", "choices", to=choices)})
    assert edited is not None
    assert edited.after.sentence == "it chooses 'down' (100%); optimal is 'right'"
    assert edited.after.chosen == (("down", (1, 0)),)


def test_moves_are_drawn_where_they_lead_and_blocked_ones_by_their_name():
    edited = edited_level({"example": EXAMPLE})
    assert edited is not None
    assert edited.after.optimal == (("right", (0, 1)),)
    blocked = [{"action": "up", "probability": 1.0, "optimal": True, "to": [1, 1]}]
    edited = edited_level({"example": changed(EXAMPLE, "after", "choices", to=blocked)})
    assert edited is not None
    assert edited.after.chosen == (("up", (-1, 0)),)


def test_equally_likely_choices_are_all_named():
    edited = edited_level({"example": GRAPH})
    assert edited is not None
    assert not edited.is_board
    assert "'down' or 'right' (50% each)" in edited.before.sentence
    assert example_figures(piece("shown-edits", {"example": GRAPH}), 0) == []


def test_a_cliff_is_marked_where_the_verdict_is_pass_and_nowhere_else():
    found = [evidence_figures(piece("horizon", HORIZON, verdict), 0)[0] for verdict in Verdict]
    by_verdict = dict(zip(Verdict, found, strict=True))
    passed = by_verdict[Verdict.PASS]
    assert "Fitted: 1.00 before and 0.00 beyond the cliff at 3 steps." in passed.description
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        assert "cliff" not in by_verdict[verdict].description
        assert by_verdict[verdict].svg != passed.svg


@pytest.mark.parametrize(
    "cliff",
    [
        None,
        [],
        "x",
        {},
        {"distance": 1, "near": 1},
        {"distance": "3", "near": 1, "far": 0},
        {"distance": math.inf, "near": 1, "far": 0},
    ],
)
def test_a_malformed_cliff_leaves_the_curve_as_it_is(cliff):
    details = {**HORIZON, "cliff": cliff}
    assert cliff_drop(details) is None
    plain = evidence_figures(piece("horizon", {**HORIZON, "cliff": ...}), 0)
    assert evidence_figures(piece("horizon", details), 0) == plain


def test_cliffs_of_games_are_counted_in_plies():
    drop = cliff_drop({**HORIZON, "x_label": "plies one must look ahead"})
    assert drop is not None
    assert drop.label == "cliff at 3 plies"


@pytest.mark.parametrize(
    "decoded",
    [
        None,
        [],
        "text",
        {},
        *(changed(DECODED, key, to=...) for key in ("text", "values", "sites")),
        changed(DECODED, "text", to=5),
        changed(DECODED, "text", to=""),
        changed(DECODED, "text", to="one line"),
        changed(DECODED, "text", to="ragged\nlines"),
        changed(DECODED, "text", to="\n".join(["#" * 90] * 90)),
        changed(DECODED, "values", to=7),
        changed(DECODED, "values", to=[]),
        changed(DECODED, "values", to=[[1.0] * 5] * 3),
        changed(DECODED, "values", to=[[1.0] * 6] * 4),
        changed(DECODED, "values", to=[[None] * 5] * 4),
        changed(DECODED, "values", to=[["0.5", True, {}, [], 1e300]] * 4),
        changed(DECODED, "sites", to={"a": 1}),
        changed(DECODED, "sites", to=[]),
        changed(DECODED, "sites", to=[None, 3, {"site": "a"}, {"site": "a", "values": [[math.nan]]}]),
        changed(DECODED, "place", to="here"),
        changed(DECODED, "goal", to=["a", {}]),
        changed(DECODED, "label", to=5),
        changed(DECODED, "legend", to=[1, ["#"]]),
        changed(DECODED, "states", to="many"),
        changed(DECODED, "level", to=None),
    ],
)
def test_malformed_plans_are_not_drawn(decoded):
    assert decoded_plans({"decoded": decoded}) is None
    assert example_figures(piece("candidate-plans", {"decoded": decoded}), 0) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("place", None),
        ("place", [99, -1]),
        ("goal", [-1, 0]),
        ("label", HOSTILE),
        ("legend", [[HOSTILE, HOSTILE]]),
        ("levels", -1),
        ("distribution", HOSTILE),
        ("values", [[0.5] * 5] * 4),
        ("values", [[], [None, 1e300, 0.5], [], []]),
        ("sites", [{"site": HOSTILE, "explained": None, "values": [[0.1], [], [], []]}] * 20),
        ("sites", [{"site": "", "values": [[0.1], [], [], []], "explained": 1e300}]),
    ],
)
def test_what_is_usable_of_plans_is_drawn(key, value):
    (figure,) = example_figures(piece("candidate-plans", {"decoded": {**DECODED, key: value}}), 0)
    ElementTree.fromstring(figure.svg)
    assert "script" not in figure.svg
    assert not {"\x1b", "\u202e"} & set(figure.caption + figure.description)


@pytest.mark.parametrize(
    "example",
    [
        None,
        [],
        "text",
        *(changed(EXAMPLE, key, to=...) for key in ("before", "after", "edit")),
        changed(EXAMPLE, "edit", to=[9, 9]),
        changed(EXAMPLE, "edit", to=None),
        changed(EXAMPLE, "before", to=3),
        changed(EXAMPLE, "before", "text", to="x" * 1_000_000),
        changed(EXAMPLE, "after", "choices", to=[]),
        changed(EXAMPLE, "after", "choices", to=[{"action": 1, "probability": 1}]),
        changed(EXAMPLE, "after", "choices", to=[{"action": "up", "probability": 7.0}]),
        changed(EXAMPLE, "after", "choices", to=[{"action": "up", "probability": "1"}]),
        changed(EXAMPLE, "board", to="yes"),
    ],
)
def test_malformed_edits_are_not_drawn(example):
    assert edited_level({"example": example}) is None
    assert example_figures(piece("shown-edits", {"example": example}), 0) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("place", None),
        ("board", False),
        ("before", {"text": "ab\nc", "choices": EXAMPLE["before"]["choices"]}),
    ],
)
def test_an_edit_without_a_board_has_words_but_no_drawing(key, value):
    details = {"example": {**EXAMPLE, key: value}}
    edited = edited_level(details)
    assert edited is not None
    assert edited.sentence.startswith("Before the edit")
    assert example_figures(piece("shown-edits", details), 0) == []


def test_hostile_names_are_harmless():
    choices = [{"action": HOSTILE, "probability": 1.0, "optimal": True, "to": None}]
    legend = [*LEGEND, [HOSTILE, HOSTILE]]
    example = changed(EXAMPLE, "after", "choices", to=choices) | {"legend": legend, "distribution": HOSTILE}
    (figure,) = example_figures(piece("shown-edits", {"example": example, "cases": HOSTILE}), 0)
    ElementTree.fromstring(figure.svg)
    assert "script" not in figure.svg
    assert not {"\x1b", "\u202e"} & set(figure.caption + figure.description)


def test_examples_are_drawn_once_for_an_assay_and_for_no_other():
    found = all_evidence_figures([piece("candidate-plans", {"decoded": DECODED}) for _ in range(5)])
    assert [figure.name for figure in found] == ["plans-0"]
    assert all_evidence_figures([piece("mine", {"decoded": DECODED, "example": EXAMPLE})]) == []
