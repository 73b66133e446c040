"""`mesascope bank` and `mesascope check assay`: lists, messages, resuming, and an assay of one's own."""

from __future__ import annotations

import json

import pytest

from mesascope.audit.assay import assays_of
from mesascope.organisms.bank import catalogue, scoring
from mesascope.organisms.bank.catalogue import bank
from tests.organisms.bank.conftest import SIZES

ASSAYS = """
from mesascope.audit.assay import Assay, Stage
from mesascope.core.details import Details
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Verdict

def sureness(context):
    effect = bootstrap_mean(context.after.policy.max(-1).mean(-1))
    return sure.found(Verdict.INCONCLUSIVE, "How sure it is.", "shows nothing", effect)

sure = Assay(
    name="sure",
    question="optimizer",
    summary="How sure its choices are, level by level.",
    stage=Stage.BEHAVIOUR,
    details=Details,
    undone="Not measured.",
    run=sureness,
)
number = 3
"""


@pytest.fixture
def two_agents(monkeypatch):
    """A smoke subset of a planner and a table, on small level sets."""
    from mesascope.organisms.bank import level_sets

    for name, size in SIZES.items():
        monkeypatch.setattr(level_sets, name, size)
    level_sets.level_sets.cache_clear()
    monkeypatch.setattr(catalogue, "SMOKE", ("graph-sweeps-4", "graph-exact"))
    yield
    level_sets.level_sets.cache_clear()


def test_the_bank_is_listed_with_its_labels(mesascope):
    code, out, _ = mesascope("bank", "list")
    assert code == 0
    assert f"{len(bank())} agents" in out
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert rows["maze-overridden-0"][1:6] == ["decoy", "-", "yes", "no", "yes"]
    assert rows["graph-simulations-256"][1:4] == ["planner", "256", "simulations"]
    _, out, _ = mesascope("bank", "list", "--smoke", "--json")
    assert len(json.loads(out)["agents"]) == 12


@pytest.fixture
def two_assays(monkeypatch):
    """What is scored: one assay of behaviour and one of activations in place of all."""
    asked = {"novelty", "horizon"}
    monkeypatch.setattr(
        scoring, "assays_of", lambda *stages: [assay for assay in assays_of(*stages) if assay.name in asked]
    )


@pytest.mark.usefixtures("two_agents", "two_assays")
def test_scores_are_kept_and_a_handful_is_not_judged(mesascope, tmp_path, monkeypatch):
    code, out, _ = mesascope("bank", "score", "--smoke", "--processes", "1", "--quiet")
    assert code == 0
    assert "2 agents (planner 1, reflex 1), 0 matched pairs" in out
    assert "Not judged: matched pairs by world: none" in out
    kept = tmp_path / "runs" / "bank" / "scores"
    assert {file.stem for file in kept.iterdir()} == {"graph-sweeps-4", "graph-exact"}
    # Nothing was judged, so there are no weights to ship.
    assert not (tmp_path / "runs" / "bank" / "calibration.json").exists()

    def again(entry, folder):
        raise AssertionError("scored twice")

    monkeypatch.setattr(scoring, "score", again)
    code, out, _ = mesascope("bank", "score", "--smoke", "--processes", "1", "--quiet", "--json")
    assert code == 0
    assert json.loads(out)["agents"] == 2


def test_no_process_is_an_error(mesascope):
    code, out, err = mesascope("bank", "score", "--processes", "0")
    assert (code, out) == (2, "")
    assert "--processes 0 is below 1" in err


@pytest.mark.usefixtures("two_agents")
def test_an_assay_of_ones_own(mesascope, tmp_path):
    (tmp_path / "my_assays.py").write_text(ASSAYS)
    code, out, _ = mesascope("check", "assay", "my_assays:sure", "--quiet")
    assert code == 0
    assert "graph-sweeps-4" in out
    assert "AUROC" in out
    code, out, _ = mesascope("check", "assay", "my_assays:sure", "--quiet", "--json")
    found = json.loads(out)
    assert found["measured"] == 1.0
    assert {row["agent"]: row["used"] for row in found["agents"]} == {"graph-sweeps-4": True, "graph-exact": False}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("noveltty",), "novelty"),
        (("my_assays:number",), "no Assay (mesascope.audit.assay) but of type int"),
        (("novelty", "--world-option", "size=5"), "Unrecognized options: --world-option"),
    ],
)
def test_what_is_no_assay_is_an_error(mesascope, tmp_path, arguments, said):
    (tmp_path / "my_assays.py").write_text(ASSAYS)
    code, out, err = mesascope("check", "assay", *arguments)
    assert (code, out) == (2, "")
    assert said in err
