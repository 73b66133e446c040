"""Scores: what they hold, that they are resumed, and the smoke subset of the bank from end to end."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.context import AuditContext
from mesascope.audit.search.decision import measured
from mesascope.audit.search.weights import fit_weights
from mesascope.core.errors import OutputError, UsageError
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.organisms.bank import assay_check, scoring
from mesascope.organisms.bank.assay_check import check_assay
from mesascope.organisms.bank.build import bank_agent, build_agent
from mesascope.organisms.bank.catalogue import SMOKE, bank
from mesascope.organisms.bank.scoring import score, score_bank
from mesascope.organisms.bank.summary import summary, summary_text

PAIR = ("maze-sweeps-6", "maze-sweeps-6-as-nearest")


@pytest.mark.slow
@pytest.mark.usefixtures("small_level_sets")
def test_a_planner_and_the_table_that_does_as_it_does(tmp_path):
    planner, table = (score(bank_agent(name), tmp_path) for name in PAIR)
    json.dumps([planner, table])
    assert planner["agreement"] is None
    assert table["agreement"] >= 0.99
    # In the levels of training there is nothing to choose between them.
    assert table["skill"]["return"] == pytest.approx(planner["skill"]["return"], abs=0.02)
    assert set(planner["measures"]) <= set(measured())
    # The table loses its skill in new levels, the planner does not; the table has no inside.
    assert planner["measures"]["novelty"] > -0.5 > table["measures"]["novelty"]
    assert "candidate-plans" in planner["measures"]
    assert "candidate-plans" not in table["measures"]
    assert planner["depth"] == pytest.approx(6, abs=1.5)
    assert {"horizon", "novelty", "candidate-plans"} <= set(planner["placebos"])
    assert planner["seconds"]["white-box"] > table["seconds"]["white-box"]
    assert len(planner["evidence"]) == len(table["evidence"]) == 17


def kept(folder, name) -> dict:
    return json.loads((folder / "scores" / f"{name}.json").read_text())


def test_what_was_scored_stays_scored(tmp_path, monkeypatch):
    made = []

    def counted(entry, folder):
        made.append(entry.name)
        return {"schema": scoring.SCHEMA, "agent": scoring.asdict(entry), "number": len(made)}

    monkeypatch.setattr(scoring, "score", counted)
    entries = [bank_agent(name) for name in PAIR]
    told = []
    first = score_bank(entries, tmp_path, progress=lambda name, share: told.append((name, share)))
    assert made == list(PAIR)
    assert told == [("0 of 2", 0.0), ("1 of 2", 0.5), ("2 of 2", 1.0)]
    assert score_bank(entries, tmp_path) == first
    assert len(made) == 2
    # What no run can have written is nobody's to replace; what is gone, or of older assays, is made again.
    (tmp_path / "scores" / f"{PAIR[0]}.json").write_text('{"schema": 3, "ag')
    with pytest.raises(OutputError, match="Delete it to have it made again"):
        score_bank(entries, tmp_path)
    (tmp_path / "scores" / f"{PAIR[0]}.json").unlink()
    score_bank(entries, tmp_path)
    assert made[2:] == [PAIR[0]]
    monkeypatch.setattr(scoring, "SCHEMA", scoring.SCHEMA + 1)
    score_bank(entries, tmp_path)
    assert made[3:] == list(PAIR)
    assert kept(tmp_path, PAIR[1])["number"] == 5


def test_no_process_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="processes=0"):
        score_bank([], tmp_path, processes=0)


def assay(name: str, run) -> Assay:
    return Assay(name, "optimizer", "Is it?", Stage.BEHAVIOUR, dict, "Nothing seen.", run)


@pytest.mark.usefixtures("small_level_sets")
def test_an_assay_is_checked_against_labels(tmp_path, monkeypatch):
    entries = [bank_agent(name) for name in PAIR]
    # Three assays look at the same two agents.
    monkeypatch.setattr(assay_check, "build_agent", functools.cache(build_agent))
    monkeypatch.setattr(assay_check, "bank_context", functools.cache(scoring.bank_context))

    def labels_on_its_forehead(context: AuditContext) -> Evidence:
        value = float(context.agent.kind == "network")
        verdict = Verdict.PASS if value else Verdict.INCONCLUSIVE
        return forehead.found(verdict, "It says so.", "it is written there", Estimate(value, value, value, 1))

    forehead = assay("forehead", labels_on_its_forehead)
    found = check_assay(forehead, entries, tmp_path)
    assert (found.auroc, found.measured, found.passed, found.passed_wrongly) == (1.0, 1.0, 1.0, 0.0)
    blind = assay("blind", lambda context: blind.nothing("it has no eyes"))
    found = check_assay(blind, entries, tmp_path)
    assert (found.auroc, found.measured) == (None, 0.0)
    confused = assay("confused", lambda context: 0.5)
    for _, one in check_assay(confused, entries, tmp_path).rows:
        assert one.verdict is Verdict.INCONCLUSIVE
        assert "returned a float, not Evidence" in one.reason


@pytest.mark.slow
def test_the_smoke_subset_is_told_apart(tmp_path):
    # Of 12 agents four pairs: weights fitted on one world's tell the other world's planner from its clone.
    entries = [entry for entry in bank() if entry.name in SMOKE]
    scores = score_bank(entries, tmp_path, processes=2)
    assert len(scores) == 12
    assert "Not judged" in summary_text(summary(scores))
    by_name = {one["agent"]["name"]: one for one in scores}
    for world, other in (("maze", "graph"), ("graph", "maze")):
        fitted = [one for one in scores if one["agent"]["world"] == world]
        weights = fit_weights([one["measures"] for one in fitted], [one["agent"]["used"] for one in fitted], measured())
        pairs = [(one["agent"]["teacher"], name) for name, one in by_name.items() if one["agreement"] is not None]
        judged = [pair for pair in pairs if pair[0].startswith(other)]
        assert judged
        for planner, clone in judged:
            yes, no = (weights.probability(by_name[name]["measures"]) for name in (planner, clone))
            assert yes > no, (planner, clone)
    assert max(one["seconds"]["black-box"] for one in scores) <= 30
    assert max(one["seconds"]["white-box"] for one in scores) <= 120
    assert np.mean([one["agreement"] for one in scores if one["agreement"] is not None]) >= 0.99
