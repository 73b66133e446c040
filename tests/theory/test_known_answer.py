from __future__ import annotations

import json
import math

import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.known_answer import KnownAnswer, Recomputed, Value, in_section, recompute, summary

DRIVER = "mesascope.theory.absent_minded_driver:planning_optimum"


def answer(**changes) -> KnownAnswer:
    given = {
        "id": "driver.plan",
        "section": "4.5",
        "source": "a paper",
        "statement": "drive on",
        "expected": 2 / 3,
        "target": DRIVER,
        "arguments": {"payoffs": (0.0, 4.0, 1.0)},
        "part": "continue_probability",
    }
    return KnownAnswer(**{**given, **changes})


def test_a_number_is_found_where_the_row_says():
    assert answer().compute() == pytest.approx(2 / 3)
    optima = answer(target=DRIVER.replace("planning_optimum", "action_optima"), part="0.value")
    assert optima.compute() == pytest.approx(4 / 3)
    assert answer(part="value").compute() == pytest.approx(4 / 3)


def test_what_is_within_the_tolerance_passes_and_nothing_else():
    assert Recomputed(answer(expected=1.0, tolerance=0.1), 1.1 - 1e-9, 0.0).passed
    assert not Recomputed(answer(expected=1.0, tolerance=0.1), 1.11, 0.0).passed
    for missing in (None, math.nan, math.inf):
        row = Recomputed(answer(), missing, 0.0)
        assert not row.passed
        assert row.data()["computed"] is None
        json.dumps(row.data(), allow_nan=False)


def test_a_row_that_raises_fails_with_its_reason_and_hides_no_other():
    told = []
    found = recompute(
        [
            answer(id="a.broken", arguments={"payoffs": (1.0,)}),
            answer(),
            answer(id="a.gone", target="mesascope:nothing"),
        ],
        progress=lambda words, share: told.append((words, share)),
    )
    assert [row.passed for row in found] == [False, True, False]
    assert found[0].reason.startswith("UsageError: ")
    assert "no attribute" in found[2].reason or "There is no" in found[2].reason
    assert told == [("a.broken", 0.0), ("driver.plan", 1 / 3), ("a.gone", 2 / 3)]
    counts = summary(found)
    assert (counts["total"], counts["passed"], counts["failed"]) == (3, 1, 2)
    json.dumps(counts, allow_nan=False)


def test_sections_hold_those_within_them_and_come_in_order():
    rows = [answer(id=f"a.{index}", section=section) for index, section in enumerate(("4.5", "1", "4", "1.2", "4.10"))]
    assert [row.section for row in in_section(rows, "")] == ["1", "1.2", "4", "4.5", "4.10"]
    assert [row.section for row in in_section(rows, "4")] == ["4", "4.5", "4.10"]
    assert [row.section for row in in_section(rows, "§4.5")] == ["4.5"]
    # 4.10 is not within 4.1.
    with pytest.raises(UnknownNameError, match=r"4\.10"):
        in_section(rows, "4.1")


def test_a_target_that_is_no_function_is_told():
    with pytest.raises(UsageError, match="no function"):
        answer(target="mesascope.theory.minimal_circuits:UNREACHED").compute()


def test_arguments_that_are_no_numbers_are_data_until_they_are_needed():
    lifetime = Value("mesascope.theory.lifetimes:Lifetime", {"training": 2, "deployment": 3})
    planned = answer(target="mesascope.theory.lifetimes:plan_lifetime", arguments={"lifetime": lifetime}, part="worth")
    assert planned.compute() == 3
    network, box = Value("mesascope.theory.worst_case:ABSOLUTE"), ((-1.0, 1.0),)
    largest = answer(
        target="mesascope.theory.worst_case:exact_maximum", arguments={"network": network, "box": box}, part=""
    )
    assert largest.compute() == pytest.approx(1)
