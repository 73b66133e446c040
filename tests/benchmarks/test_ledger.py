"""The ledger computes what is met, writes only full runs, and its page is up to date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def ledger(monkeypatch):
    # As when running `python benchmarks/NAME.py`: the folder of the script is on the path.
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import ledger

    # A full run starts from a clean tree, which this one need not be.
    monkeypatch.setattr(ledger, "changed", list)
    return ledger


@pytest.fixture
def claims_page(ledger):
    import claims_page

    return claims_page


@pytest.mark.parametrize(
    ("value", "direction", "met"),
    [
        (2.0, ">=", True),
        (1.9, ">=", False),
        (2.0, "<=", True),
        (2.1, "<=", False),
        (2.0, "==", True),
        (2.1, "==", False),
    ],
)
def test_met_is_computed_from_the_value(ledger, value, direction, met):
    claim = ledger.Claim("a.b", "text", value, value, value, 1, 2.0, direction)
    assert claim.met is met
    assert claim.as_json()["met"] is met


@pytest.mark.parametrize(
    ("low", "high", "direction", "target", "more", "met", "verdict"),
    [
        (0.0, 0.02, "<=", 0.03, {}, True, "yes"),
        (0.0, 0.04, "<=", 0.03, {}, True, "by value"),
        (0.0, 0.02, "<=", 0.03, {"safety": True}, True, "yes"),
        (0.0, 0.04, "<=", 0.03, {"safety": True}, False, "no"),
        (0.0, 0.04, "<=", 0.01, {"safety": True, "worst": 0.05}, True, "yes"),
        (0.0, 0.06, "<=", 0.01, {"safety": True, "worst": 0.05}, False, "no"),
        (0.0, 0.02, ">=", 0.01, {}, True, "by value"),
        (0.005, 0.02, "within", 0.005, {"most": 0.02}, True, "yes"),
        (0.0, 0.02, "within", 0.005, {"most": 0.02}, True, "by value"),
        (0.0, 0.02, "within", 0.011, {"most": 0.02}, False, "no"),
    ],
)
def test_safety_claims_are_met_by_their_intervals(ledger, low, high, direction, target, more, met, verdict):
    claim = ledger.Claim("a.b", "text", 0.01, low, high, 9, target, direction, **more)
    assert claim.met is met
    data = json.loads(json.dumps(claim.as_json()))
    assert ledger.verdict(data) == verdict
    assert ledger.Claim.from_json(data) == claim


def test_a_full_run_starts_from_a_clean_tree(ledger, monkeypatch, tmp_path, capsys):
    claims = [ledger.Claim.over_repeats("a.b", "text", [1.0], 1.0, ">=")]
    monkeypatch.setattr(ledger, "changed", lambda: ["src/mesascope/core/text.py"])
    with pytest.raises(SystemExit) as ended:
        ledger.run("topic", lambda quick: claims, ["--json"], results=tmp_path)
    assert ended.value.code == 2
    assert "src/mesascope/core/text.py" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert ledger.run("topic", lambda quick: claims, ["--json", "--dirty"], results=tmp_path)["git"]["dirty"]
    assert ledger.run("topic", lambda quick: claims, ["--json", "--quick"], results=tmp_path)["git"]["dirty"]


def test_details_stand_beside_the_claims(ledger, tmp_path):
    measured = ledger.Measured([ledger.Claim.over_repeats("a.b", "text", [1.0], 1.0, ">=")], {"rows": [1, 2]})
    assert ledger.run("topic", lambda quick: measured, ["--json"], results=tmp_path)["details"] == {"rows": [1, 2]}


def test_trials_of_one_unit_count_as_one(ledger):
    from mesascope.core.intervals import wilson

    found = ledger.share_over_units([True] * 60 + [False] * 20, [str(place % 16) for place in range(80)])
    known = wilson(12, 16)
    assert (found.value, found.n) == (0.75, 16)
    assert found.interval == pytest.approx(known.interval, abs=1e-12)


def test_unmeasured_is_not_met(ledger):
    claim = ledger.Claim.unmeasured("a.b", "no peer here", 1.0, "<=")
    assert not claim.met
    assert claim.as_json()["value"] is None
    assert claim.n == 0


def test_repeats_give_median_and_range(ledger):
    claim = ledger.Claim.over_repeats("a.b", "text", [3, 1, 2, 10], 2, ">=")
    assert (claim.value, claim.low, claim.high, claim.n) == (2.5, 1, 10, 4)


@pytest.mark.parametrize(
    "fields",
    [
        ("A b", "t", 1.0, 1.0, 1.0, 1, 1.0, ">="),
        ("a.b", "t", 1.0, 1.0, 1.0, 1, 1.0, ">"),
        ("a.b", "t", 1.0, 2.0, 3.0, 1, 1.0, ">="),
        ("a.b", "t", float("nan"), 0.0, 1.0, 1, 1.0, ">="),
        ("a.b", "t", None, 0.0, 1.0, 0, 1.0, ">="),
        ("a.b", "t", 1.0, 1.0, 1.0, 0, 1.0, ">="),
        ("a.b", "t", 1.0, 1.0, 1.0, 1, 1.0, "within"),
        ("a.b", "t", 1.0, 1.0, 1.0, 1, 1.0, ">=", 2.0),
        ("a.b", "t", 1.0, 1.0, 1.0, 1, 1.0, ">=", None, False, 2.0),
    ],
)
def test_claims_that_cannot_be_are_refused(ledger, fields):
    with pytest.raises(ValueError):  # noqa: PT011
        ledger.Claim(*fields)


def test_full_run_writes_and_quick_run_does_not(ledger, tmp_path, capsys):
    def measure(quick):
        print("chatter of a library")
        return [ledger.Claim.over_repeats("a.b", "text", [1.0] if quick else [1.0, 2.0], 1.0, ">=")]

    ledger.run("topic", measure, ["--quick", "--json"], results=tmp_path)
    printed = json.loads(capsys.readouterr().out)
    assert printed["claims"][0]["n"] == 1
    assert list(tmp_path.iterdir()) == []
    ledger.run("topic", measure, ["--json"], results=tmp_path)
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "topic.json").read_text())
    assert set(printed) == {"name", "claims", "versions", "git", "cpu_seconds", "wall_seconds"}
    keys = {"id", "text", "value", "low", "high", "n", "target", "met"}
    assert keys <= set(printed["claims"][0])


def test_two_claims_of_one_id_are_refused(ledger, tmp_path):
    claim = ledger.Claim.over_repeats("a.b", "text", [1.0], 1.0, ">=")
    with pytest.raises(ValueError, match="share an id"):
        ledger.run("topic", lambda quick: [claim, claim], ["--json"], results=tmp_path)


def test_table_shows_the_verdict(ledger, tmp_path, capsys):
    claim = ledger.Claim.over_repeats("a.b", "text", [1.0], 2.0, ">=")
    ledger.run("topic", lambda quick: [claim], [], results=tmp_path)
    out = capsys.readouterr().out
    assert "a.b" in out
    assert "no" in out


def test_page_lists_every_claim(ledger, claims_page, tmp_path):
    claims = [
        ledger.Claim.over_repeats("a.b", "met | one", [12345.0], 1.0, ">="),
        ledger.Claim.unmeasured("a.c", "not here", 1.0, ">="),
    ]
    ledger.run("topic", lambda quick: claims, ["--json"], results=tmp_path)
    text = claims_page.page(tmp_path)
    assert "topic: 1 of 2 met" in text
    assert "12,345" in text
    assert "met \\| one" in text
    assert "**no**" in text


def test_page_is_up_to_date(claims_page):
    assert claims_page.main(["--check"]) == 0, "run: python benchmarks/claims_page.py"


def test_results_agree_with_their_own_targets(ledger):
    for path in BENCHMARKS.joinpath("results").glob("*.json"):
        for claim in json.loads(path.read_text(encoding="utf-8"))["claims"]:
            assert ledger.Claim.from_json(claim).met is claim["met"], f"{path.name}: {claim['id']}"
