"""Cross-validation: known areas, thresholds and errors; nobody is judged by weights fitted on its like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.search.decision import measured
from mesascope.organisms.bank import cross_validation
from mesascope.organisms.bank.cross_validation import (
    CrossValidated,
    calibration,
    cross_validate,
    depth_correlation,
    matched_pairs,
    paired_auroc,
    skill_auroc,
)
from mesascope.organisms.bank.summary import called_searchers, summary, summary_text

NUMBERS = st.lists(st.floats(0, 1, width=32), min_size=2, max_size=8)


def score(
    name: str, world: str, kind: str, architecture: str, *, strength: float, teacher: str | None = None, depth: int = 0
) -> dict:
    """A score as the bank keeps it, of an agent whose every measure is as strong as said."""
    used = kind in ("planner", "trained")
    return {
        "agent": {
            "name": name,
            "world": world,
            "kind": kind,
            "architecture": architecture,
            "depth": depth,
            "present": used,
            "used": used,
            "represented": used,
            "teacher": teacher,
            "levels": 0,
        },
        "skill": dict.fromkeys(("return", "held-out accuracy", "accuracy in new levels"), 0.5),
        "agreement": 1.0 if kind == "clone" else None,
        "measures": dict.fromkeys(measured(), strength),
        "depth": float(depth) if depth else None,
        "evidence": [{"assay": "horizon", "verdict": "PASS", "effect": None, "details": {"farthest": 20.0}}],
        "placebos": {"horizon": [False, False]},
        "seconds": {"making": 1.0, "black-box": 2.0, "white-box": 3.0},
        "gigabytes": 1.0,
    }


def scores(*, planner: float = 0.8, clone: float = 0.2, pairs: int = 4) -> list[dict]:
    """A bank of two worlds in which all planners measure alike, and all clones."""
    random, found = np.random.default_rng(0), []
    for world in ("maze", "graph"):
        for place in range(pairs):
            name, noise = f"{world}-{place}", random.normal(scale=0.05, size=2)
            search, made = f"search-{place % 2}", f"clone-{place % 2}"
            found.append(score(name, world, "planner", search, strength=planner + noise[0], depth=2 + place))
            found.append(score(f"{name}-as", world, "clone", made, strength=clone + noise[1], teacher=name))
        found.append(score(f"{world}-decoy", world, "decoy", "overridden", strength=clone))
        found.append(score(f"{world}-trained", world, "trained", "drc", strength=planner))
    return found


def test_area_under_the_curve_by_hand():
    # Of nine comparisons seven are won and one is a tie.
    found = paired_auroc(np.array([0.9, 0.5, 0.6]), np.array([0.5, 0.1, 0.7]))
    assert found.value == pytest.approx(6.5 / 9)
    assert found.low <= found.value <= found.high
    # Compared within worlds only.
    same = np.eye(3, dtype=bool)
    assert paired_auroc(np.array([0.9, 0.5, 0.6]), np.array([0.5, 0.1, 0.7]), same).value == pytest.approx(2 / 3)


@settings(max_examples=30, deadline=None)
@given(NUMBERS, NUMBERS)
def test_area_is_that_of_all_comparisons_and_turns_round(yes, no):
    size = min(len(yes), len(no))
    one, other = np.array(yes[:size]), np.array(no[:size])
    wins = sum((a > b) + 0.5 * (a == b) for a in one for b in other) / size**2
    assert paired_auroc(one, other).value == pytest.approx(wins)
    assert paired_auroc(other, one).value == pytest.approx(1 - wins)


def test_threshold_is_exceeded_by_at_most_five_percent_of_the_clones():
    no = np.linspace(0, 1, 40)
    judged = CrossValidated(("a",), ("b",), np.array([0.99] * 40), no, ("maze",), {})
    assert (no > judged.threshold).mean() <= 0.05
    assert judged.true_positives.value == (judged.threshold < 0.99)


def test_clear_differences_are_seen_and_none_is_not():
    assert cross_validate(scores()).auroc.value == 1.0
    blurred = cross_validate(scores(planner=0.5, clone=0.5, pairs=8)).auroc
    assert blurred.low <= 0.5 <= blurred.high


def test_nobody_is_judged_by_weights_fitted_on_its_like(monkeypatch):
    seen = []

    def fitted(some, question, names=None):
        seen.append([one["agent"] for one in some])
        return original(some, question, names)

    original = cross_validation.fit_on
    monkeypatch.setattr(cross_validation, "fit_on", fitted)
    all_scores = scores()
    judged = cross_validate(all_scores)
    by_name = {one["agent"]["name"]: one["agent"] for one in all_scores}
    rows = zip(seen, [*zip(judged.planners, judged.clones, strict=True)], strict=False)
    count = 0
    for others, (planner, clone) in rows:
        count += 1
        assert all(other["world"] != by_name[planner]["world"] for other in others)
        made = {by_name[planner]["architecture"], by_name[clone]["architecture"]}
        assert not made & {other["architecture"] for other in others}
        assert all(other["kind"] != "trained" for other in others)
    assert count == len(judged.planners) == 8
    # Decoys and trained planners: neither their world nor their kinds.
    for others in seen[count:]:
        assert not {other["kind"] for other in others} & {"decoy", "trained", "reflex"}


def test_pairs_that_are_not_matched_do_not_count():
    some = scores()
    some[1]["agreement"] = 0.98
    assert len(matched_pairs(some)) == 7
    assert skill_auroc(some, "return").value == 0.5


def test_depth_correlation_leaves_out_what_has_no_depth_and_caps_at_the_farthest_goal():
    some = [score(f"p-{depth}", "maze", "planner", "sweeps", strength=1, depth=depth) for depth in (2, 4, 8, 64)]
    assert depth_correlation(some).value == pytest.approx(1.0)
    some[3]["depth"] = 21.0
    assert depth_correlation(some).value == pytest.approx(1.0)
    some.append(score("p-simulations", "maze", "planner", "simulations", strength=1))
    assert depth_correlation(some).n == 4
    # What no depth was told of does not count.
    some[2]["depth"] = None
    assert depth_correlation(some).n == 3


def test_calibration_of_the_whole_bank_leaves_trained_planners_out():
    weights = calibration(scores())
    assert set(weights["questions"]) == {"used", "present", "represented"}
    assert all(min(one["weights"]) >= 0 for one in weights["questions"].values())
    assert weights["agents"] == len(scores()) - 2
    assert calibration([one for one in scores() if one["agent"]["kind"] != "trained"]) == weights


def test_a_summary_says_why_nothing_is_judged():
    found = summary(scores(pairs=3))
    assert found["judged"] is None
    assert "maze 3, graph 3" in found["reason"]
    assert found["reason"] in summary_text(found)


def test_a_summary_names_who_is_called_a_searcher():
    some = scores()
    next(one for one in some if one["agent"]["name"] == "maze-decoy")["measures"] = dict.fromkeys(measured(), 1.0)
    found = summary(some)
    assert called_searchers(found["singles"]["decoy"], found["threshold"]) == ["maze-decoy"]
    text = summary_text(found)
    assert "1 of 2: maze-decoy" in text
    assert found["placebos"] == {"horizon": {"fired": 0, "n": 2 * len(some)}}
    assert found["seconds"] == {"black-box": 2.0, "white-box": 3.0, "all": 6.0 * len(some)}
