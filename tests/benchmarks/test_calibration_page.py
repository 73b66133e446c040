"""The page of reliability: made from saved answers alone, and up to date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
ROW = {
    "setting": "corner",
    "world": "corner",
    "objective": ["candidate"],
    "classes": ["robust"],
    "answer": {
        "objective": "cheese",
        "objective_kind": "candidate",
        "objective_candidates": ["cheese"],
        "objective_probability": 0.995,
        "class_": "robust",
        "class_probability": 0.95,
        "class_stated": True,
        "require_robust": 0,
        "fail_on_pseudo_aligned": 0,
    },
}


@pytest.fixture
def calibration_page(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import calibration_page

    return calibration_page


@pytest.fixture
def results(tmp_path):
    rows = [
        ROW | {"name": str(place), "kind": kind, "mark": {"objective": right, "class_": True}}
        for place, (kind, right) in enumerate([("plain", True)] * 30 + [("odd", False)] * 3 + [("odd", True)] * 7)
    ]
    rows.append(ROW | {"name": "failed", "kind": "failing", "answer": None, "mark": None, "failure": "it raised"})
    outcome = {"git": {"commit": "0123456789ab", "dirty": False}, "details": {"agents": rows}}
    (tmp_path / "outsiders.json").write_text(json.dumps(outcome))
    return tmp_path


def test_a_page_says_what_was_measured_and_what_fails(calibration_page, results):
    text, drawn = calibration_page.page(results)
    assert "41 agents of 3 kinds in 1 settings, asked at revision 012345678." in text
    assert "| any | 40 | 37 | 0.925 [" in text
    assert "| 0.99 to 1 | 40 | 37 |" in text
    assert "| odd | 7 of 10 | 3 |" in text
    assert "| plain |" not in text
    assert "No single answers about search are saved" in text
    assert set(drawn) == {
        f"calibration-{name}.svg" for name in ("objective", "objective-kinds", "class", "class-kinds")
    }
    assert all(svg.startswith("<?xml") and "images/" + name in text for name, svg in drawn.items())
    assert calibration_page.page(results) == (text, drawn)


def test_search_is_there_once_its_answers_are_saved(calibration_page, results):
    answers = [{"kind": "planner", "probability": 0.97, "right": True}] * 5
    (results / "search_detection.json").write_text(json.dumps({"details": {"answers": answers}}))
    text, drawn = calibration_page.page(results)
    assert "| 0.9 to 0.99 | 5 | 5 |" in text
    assert "calibration-search.svg" in drawn


def test_nothing_measured_is_said(calibration_page, tmp_path):
    text, drawn = calibration_page.page(tmp_path)
    assert text.count("Nothing has been measured yet.") == 2
    assert drawn == {}


def test_the_page_is_up_to_date(calibration_page):
    assert calibration_page.main(["--check"]) == 0, "run: python benchmarks/calibration_page.py"
