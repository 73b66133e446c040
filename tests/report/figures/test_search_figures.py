"""Pictures of the first question: drawn from details alone, whatever they are."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ElementTree

import pytest

from mesascope.core.verdicts import Verdict
from mesascope.report.figures.evidence_figures import all_evidence_figures, evidence_figures, example_figures
from mesascope.report.views.points import cliff_drop, curve_points
from mesascope.report.views.search_examples import Edited, decoded_plans, edited_level
from tests.report.examples import DECODED, EDITS, EXAMPLE, GRAPH, HORIZON, LEGEND, PLANS, edits, evidence, piece, plans

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


def shown(piece) -> Edited:
    """What is shown of an edited level."""
    edited = edited_level(piece.details)
    assert edited is not None
    return edited


@pytest.fixture(scope="module")
def drawn():
    """Every picture of the first question, by name."""
    return {figure.name: figure for figure in all_evidence_figures(evidence())}


def test_the_same_details_give_the_same_bytes(drawn):
    assert list(drawn) == ["curve-0", "rates-1", "edit-1", "plans-2"]
    assert example_figures(plans(), 2) == [drawn["plans-2"]]
    assert example_figures(edits(), 1) == [drawn["edit-1"]]
    for figure in drawn.values():
        assert ElementTree.fromstring(figure.svg).tag.endswith("svg")
        assert "data:image" not in figure.svg


def test_captions_say_what_is_seen_and_what_stands_behind_it(drawn):
    captions = {name: figure.caption for name, figure in drawn.items()}
    assert "n = 72 states of 24 levels" in captions["plans-2"]
    assert "level 7 of distribution “deploy”" in captions["plans-2"]
    assert "Before the edit it chooses 'down' (100%), which is optimal." in captions["edit-1"]
    assert "After the edit at row 1, column 2 it chooses 'right' (90%), which is optimal." in captions["edit-1"]
    assert "One of n = 94 cases in 42 levels." in captions["edit-1"]


def test_a_stale_choice_is_told_from_the_optimal_one():
    choices = [{**one, "probability": float(one["action"] == "down")} for one in EXAMPLE["after"]["choices"]]
    after = shown(edits(after={**EXAMPLE["after"], "choices": choices})).after
    assert after.sentence == "it chooses 'down' (100%); optimal is 'right'"
    assert after.chosen == (("down", (1, 0)),)


def test_moves_are_drawn_where_they_lead_and_blocked_ones_by_their_name():
    assert shown(edits()).after.optimal == (("right", (0, 1)),)
    blocked = [{"action": "up", "probability": 1.0, "optimal": True, "to": [1, 1]}]
    assert shown(edits(after={**EXAMPLE["after"], "choices": blocked})).after.chosen == (("up", (-1, 0)),)


def test_equally_likely_choices_are_all_named():
    graph = edits(**GRAPH)
    assert not shown(graph).is_board
    assert "'down' or 'right' (50% each)" in shown(graph).before.sentence
    assert example_figures(graph, 0) == []


def test_a_cliff_is_marked_where_the_verdict_is_pass_and_nowhere_else():
    found = [evidence_figures(piece("horizon", HORIZON, verdict), 0)[0] for verdict in Verdict]
    by_verdict = dict(zip(Verdict, found, strict=True))
    passed = by_verdict[Verdict.PASS]
    assert "Fitted: 1.00 before and 0.00 beyond the cliff at 3 steps." in passed.description
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        assert "cliff" not in by_verdict[verdict].description
        assert by_verdict[verdict].svg != passed.svg


@pytest.mark.parametrize("cliff", [None, [], "x", {}, {"distance": 1, "near": 1}, {"distance": "3", "near": 1}])
def test_a_malformed_cliff_is_none_and_leaves_the_curve_as_it_is(cliff):
    spoilt = piece("horizon", {**HORIZON, "cliff": cliff}).details
    assert cliff_drop(spoilt) is None
    assert curve_points(spoilt) == curve_points(piece("horizon", HORIZON).details)


def test_a_cliff_beyond_all_measure_is_none():
    assert cliff_drop(piece("horizon", {**HORIZON, "cliff": {**HORIZON["cliff"], "distance": 1e300}}).details) is None


def test_cliffs_of_games_are_counted_in_plies():
    drop = cliff_drop(piece("horizon", {**HORIZON, "x_label": "plies one must look ahead"}).details)
    assert drop is not None
    assert drop.label == "cliff at 3 plies"


@pytest.mark.parametrize(
    "decoded",
    [
        None,
        *(changed(DECODED, key, to=...) for key in ("text", "values", "sites")),
        *(changed(DECODED, "text", to=text) for text in (5, "", "one line", "ragged\nlines")),
        changed(DECODED, "text", to="\n".join(["#" * 90] * 90)),
        *(
            changed(DECODED, "values", to=values)
            for values in (7, [], [[1.0] * 5] * 3, [[1.0] * 6] * 4, [[None] * 5] * 4)
        ),
        changed(DECODED, "values", to=[["0.5", True, {}, [], 1e300]] * 4),
        *(changed(DECODED, "sites", to=sites) for sites in ({"a": 1}, [], [{"site": "a"}])),
        changed(DECODED, "place", to="here"),
        changed(DECODED, "legend", to=[1, ["#"]]),
        changed(DECODED, "level", to=None),
    ],
)
def test_malformed_plans_are_not_drawn(decoded):
    assert example_figures(piece("candidate-plans", {**PLANS, "decoded": decoded}), 0) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("place", None),
        ("place", [99, -1]),
        ("goal", [-1, 0]),
        ("levels", -1),
        ("values", [[0.5] * 5] * 4),
        ("values", [[], [None, 1e300, 0.5], [], []]),
        ("sites", [{"site": "", "values": [[0.1], [], [], []], "explained": 1e300}]),
    ],
)
def test_what_is_usable_of_plans_is_shown(key, value):
    assert decoded_plans(plans(**{key: value}).details) is not None


def test_plans_with_hostile_names_and_numbers_are_drawn():
    sites = [{"site": HOSTILE, "explained": None, "values": [[0.1], [], [], []]}] * 20
    spoilt = {"label": HOSTILE, "legend": [[HOSTILE, HOSTILE]], "distribution": HOSTILE, "sites": sites}
    (figure,) = example_figures(plans(**spoilt, place=[99, -1], values=[[], [None, 1e300, 0.5], [], []]), 0)
    ElementTree.fromstring(figure.svg)
    assert "script" not in figure.svg
    assert not {"\x1b", "\u202e"} & set(figure.caption + figure.description)


@pytest.mark.parametrize(
    "example",
    [
        *(changed(EXAMPLE, key, to=...) for key in ("before", "after", "edit")),
        changed(EXAMPLE, "edit", to=[9, 9]),
        changed(EXAMPLE, "edit", to=None),
        changed(EXAMPLE, "before", "text", to="x" * 1_000_000),
        changed(EXAMPLE, "after", "choices", to=[]),
        changed(EXAMPLE, "after", "choices", to=[{"action": "up", "probability": 7.0, "optimal": True, "to": None}]),
        changed(EXAMPLE, "board", to="yes"),
    ],
)
def test_malformed_edits_are_not_drawn(example):
    assert example_figures(piece("shown-edits", {**EDITS, "example": example}), 0) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("place", None),
        ("board", False),
        ("before", {"text": "ab\nc", "choices": EXAMPLE["before"]["choices"]}),
    ],
)
def test_an_edit_without_a_board_has_words_but_no_drawing(key, value):
    found = edits(**{key: value})
    assert shown(found).sentence.startswith("Before the edit")
    assert example_figures(found, 0) == []


def test_hostile_names_are_harmless():
    choices = [{"action": HOSTILE, "probability": 1.0, "optimal": True, "to": None}]
    after = {**EXAMPLE["after"], "choices": choices}
    (figure,) = example_figures(edits(after=after, legend=[*LEGEND, [HOSTILE, HOSTILE]], distribution=HOSTILE), 0)
    ElementTree.fromstring(figure.svg)
    assert "script" not in figure.svg
    assert not {"\x1b", "\u202e"} & set(figure.caption + figure.description)


def test_examples_are_drawn_once_for_a_kind_of_details_and_for_no_other():
    assert [figure.name for figure in all_evidence_figures([plans()] * 3)] == ["plans-0"]
    assert all_evidence_figures([piece("mine", {"decoded": DECODED, "example": EXAMPLE})]) == []
