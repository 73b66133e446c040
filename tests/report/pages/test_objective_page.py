"""The recovered objective on a page: every part from the details alone, whatever they are."""

from __future__ import annotations

import pytest
from msgspec import structs

from mesascope.audit.objective.recovery.evidence.details import RecoveryDetails
from mesascope.core.details import details_of
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.report.data.question_reports import ObjectiveReport
from mesascope.report.figures.recovery_figures import readings_figure, rewards_figure, weights_figure
from mesascope.report.text.kind_texts import objective_text
from mesascope.report.views.recovery_view import at_first_text, recovered

LEVEL = "#####\n#...#\n#.C.#\n#...#\n#####"

DETAILS = {
    "nearest": [{"name": "corner", "distance": 0.21}, {"name": "cheese", "distance": 1.2}],
    "share_of_draws": 0.98,
    "explained": 0.83,
    "explained_by_motion": 0.4,
    "weights": [
        {"name": "corner-top-left", "value": 2.5, "low": 2.1, "high": 2.9, "gain": 8.0, "motion": False},
        {"name": "move", "value": 4.0, "low": 3.5, "high": 4.5, "gain": 30.0, "motion": True},
    ],
    "never_varied": ["hidden-3"],
    "distances_to_base": [
        {"kind": "starc", "value": 1.2, "low": 1.1, "high": 1.3, "reason": "", "unseen": []},
        {"kind": "epic", "value": None, "low": None, "high": None, "reason": "no value", "unseen": ["redistribution"]},
    ],
    "coherence": {"verdict": "PASS", "reason": ""},
    "open": {"dimension": 1, "harmful": 0, "sentence": "1 direction is left open, none of them harmful."},
    "readings": {
        "first": "corner",
        "second": "cheese",
        "distribution": "deploy",
        "level": 0,
        "text": LEVEL,
        "legend": [["C", "cheese"]],
        "start": [3, 3],
        "first_path": [[3, 3], [2, 3], [1, 3], [1, 2], [1, 1]],
        "second_path": [[3, 3], [3, 2], [2, 2]],
        "first_goal": [[1, 1]],
        "second_goal": [[2, 2]],
        "regret_in_training": 0.0,
        "regret_here": 0.8,
        "sentence": "'corner' and 'cheese' cost each other 0.00 in training and 0.80 here.",
    },
    "rewards": {"text": LEVEL, "legend": [], "recovered": [[1, 1, 2.5]], "base": [[2, 2, 1.0]]},
    "queries": [
        {
            "environment": "object moved to row 1, column 2",
            "kind": "move",
            "information": 10.5,
            "open": 1,
            "regret": 0.06,
            "nearest": "corner",
            "share": 0.98,
        }
    ],
    "planners": [
        {"planner": "rational, soft", "reward": "corner +2.5", "fitted": -0.4, "held_out": -0.5, "regret": 0.0},
        {"planner": "anti-rational, soft", "reward": "corner -2.5", "fitted": -0.4, "held_out": -0.5, "regret": 1.0},
    ],
    "twins": "No data chooses between twins.",
    "sensitivity": [{"assumption": "discount 0.85", "nearest": "corner", "distance": 0.3, "explained": 0.8}],
    "assumptions": ["The agent plans softly."],
}


def read(data=None):
    """Details as they are read from JSON: a record, or what is none as it stands."""
    return details_of(data or DETAILS, RecoveryDetails)


def evidence(details=None) -> Evidence:
    effect = Estimate(1.2, 1.1, 1.3, 24, "levels", 0.9)
    sentence = "The objective recovered from its choices is nearest to 'corner'."
    return Evidence("recovery", "objective", Verdict.PASS, sentence, "83 % explained", effect, None, read(details))


def report(details=None, agent: str = "agent.safetensors") -> ObjectiveReport:
    first = {"nearest": "cheese", "share": 0.4, "open": 2, "harmful": 1, "regret": 0.37}
    return ObjectiveReport(agent, "network", "corner", "cheese", 0, first, evidence(details), "Nothing more.", {})


def test_no_recovery_no_section():
    assert recovered([]) is None
    other = Evidence("regret", "alignment", Verdict.PASS, "It is aligned.", "")
    assert recovered([other, evidence()]) == evidence()


def test_the_page_shows_what_was_found_and_what_was_not():
    page = report().page()
    for text in (
        "corner-top-left",
        "1 direction is left open, none of them harmful.",
        "No data chooses between twins.",
        "discount 0.85",
        "object moved to row 1, column 2",
        "The agent plans softly.",
        "cost each other 0.00 in training and 0.80 here",
        "no value",
        "Nothing more.",
    ):
        assert text in page, text
    assert "<script" not in page


def test_text_never_prints_a_point_without_what_is_open():
    text = objective_text(report(), width=90)
    assert "1 direction is left open, none of them harmful. Nothing more." in " ".join(text.split())
    assert "No data chooses between twins." in text
    assert "2 left open, 1 of them harmful" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 120
    # Both ways are drawn on the level, the start on top of them.
    drawing = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    assert drawing == ["#####", "#111#", "#.C1#", "#.2A#", "#####"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"weights": "none"},
        {"weights": [None, 3, {"name": "x"}, {"name": "y", "value": "NaN", "low": 0, "high": 1}]},
        {"nearest": {"name": "x"}},
        {"readings": {"text": "x" * 10_000}},
        {"readings": [1, 2]},
        {"rewards": {"text": 3}},
        {"rewards": {"text": LEVEL, "legend": [], "recovered": [["a", 0, 1]], "base": []}},
        {"queries": 5, "planners": "x", "sensitivity": {}, "assumptions": "text"},
        {"open": "everything", "explained": "most", "twins": 4},
    ],
)
def test_details_from_anywhere_break_nothing(spoil):
    spoilt = report({**DETAILS, **spoil})
    assert objective_text(spoilt)
    assert "</html>" in spoilt.page()


def test_places_outside_the_level_are_left_out():
    readings = {**DETAILS["readings"], "first_path": [[99, 99], [1, 1], [-1, 0]], "start": [9, 9]}
    spoilt = report({**DETAILS, "readings": readings, "rewards": {**DETAILS["rewards"], "base": [[99, 99, 1.0]]}})
    assert "#1..#" in objective_text(spoilt)
    assert "</html>" in spoilt.page()


def test_what_was_known_at_first_may_be_incomplete():
    assert at_first_text({}) == ""
    assert at_first_text({"nearest": "cheese"}).endswith("0 of them harmful, cost of ambiguity unknown.")


def test_names_are_escaped():
    hostile = "<img src=x onerror=alert(1)>"
    weights = [{**DETAILS["weights"][0], "name": hostile}]
    page = report({**DETAILS, "weights": weights, "twins": hostile}, agent=hostile).page()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_figures_come_from_the_numbers_alone():
    nothing = structs.replace(read(), weights=(), rewards=None, readings=None)
    for figure in (weights_figure, rewards_figure, readings_figure):
        assert figure(read()) is not None
        assert figure(nothing) is None
