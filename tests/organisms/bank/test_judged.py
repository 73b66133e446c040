"""Verdicts on the bank: wrong ones counted by hand, and nobody judged by weights fitted on its like."""

from __future__ import annotations

import pytest
from verdicts_on_bank import hard_auroc, hard_pairs, open_by_family, wrong_of_given

from mesascope.audit.search.decision import MECHANISM, measured
from mesascope.core.verdicts import Verdict
from mesascope.organisms.bank import judged as module
from mesascope.organisms.bank.judged import judged, said, wrong_of_all


def score(name: str, world: str, kind: str, family: str, *, used: bool | None, strength: float, verdict: str, levels=0):
    return {
        "agent": {
            "name": name,
            "world": world,
            "kind": kind,
            "architecture": family,
            "levels": levels,
            "present": used,
            "used": used,
            "represented": used,
        },
        "measures": dict.fromkeys(measured(), strength),
        "evidence": [{"assay": assay, "verdict": verdict, "effect": [0.5, 0.4, 0.6, 50]} for assay in MECHANISM],
    }


def scores() -> list[dict]:
    """Two worlds, two families of either kind, all as they should be; and one of which nobody knows."""
    found = []
    for world in ("maze", "rooms"):
        for family in ("map-sweeps", "map-pointers"):
            found.append(score(f"{world}-{family}", world, "planner", family, used=True, strength=0.9, verdict="PASS"))
        for family in ("view-5", "view-7"):
            name = f"{world}-{family}"
            found.append(
                score(name, world, "generaliser", family, used=False, strength=0.0, verdict="FAIL", levels=len(name))
            )
        found.append(
            score(f"{world}-convolutions", world, "unknown", "convolutions", used=None, strength=0.5, verdict="PASS")
        )
    return found


def test_wrong_verdicts_by_hand():
    some = scores()
    rows = judged(some)
    assert len(rows) == 3 * len(some)
    assert wrong_of_all(rows, "used", Verdict.PASS).value == 0
    assert wrong_of_all(rows, "used", Verdict.PASS).n == 4
    # A reflex that passes for a search is one of four, and one of the answers.
    some[2] = score("maze-view-5", "maze", "generaliser", "view-5", used=False, strength=0.9, verdict="PASS")
    rows = judged(some)
    assert wrong_of_all(rows, "used", Verdict.PASS).value == pytest.approx(0.25)
    given = wrong_of_given(rows, "used", Verdict.PASS)
    assert given is not None
    assert given.value == pytest.approx(1 / given.n)
    assert wrong_of_given(rows[:3], "used", Verdict.FAIL) is None
    assert open_by_family(rows)["generaliser view-5"] == (1, 1, 0)


def test_those_whose_kind_is_not_known_count_nowhere_and_teach_nothing(monkeypatch):
    fitted = []

    def fit(some, question, names=None):
        fitted.append([one["agent"] for one in some])
        return original(some, question, names)

    original = module.fit_on
    monkeypatch.setattr(module, "fit_on", fit)
    rows = judged(scores())
    assert all(not row.wrong for row in rows if row.family == "convolutions")
    asked = iter(fitted)
    for one in scores():
        for others in (next(asked), next(asked), next(asked)):
            assert all(other["world"] != one["agent"]["world"] for other in others)
            assert all(other["architecture"] != one["agent"]["architecture"] for other in others)
            assert all(not one["agent"]["levels"] or other["levels"] != one["agent"]["levels"] for other in others)


def test_hard_pairs_are_of_one_world_and_one_shape():
    some = scores()
    pairs = hard_pairs(some)
    assert len(pairs) == 4
    assert all(one.split("-")[0] == other.split("-")[0] for one, other in pairs)
    assert hard_auroc(some).value == 1.0


def test_all_lost_is_read_from_the_interval():
    one = scores()[0]
    one["evidence"] = [{"assay": "novelty", "verdict": "FAIL", "effect": [0.95, 0.92, 0.99, 50]}]
    assert said(one).all_lost
    one["evidence"][0]["effect"][1] = 0.8
    assert not said(one).all_lost
