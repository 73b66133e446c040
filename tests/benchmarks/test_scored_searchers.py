"""What is kept of a scored bank is kept by its sources, and is not worked out twice."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from mesascope.organisms.bank.build import bank_agent

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def kept(monkeypatch):
    """The module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("scored_searchers")


def test_a_digest_is_of_names_and_contents(kept, monkeypatch, tmp_path):
    monkeypatch.setattr(kept, "SOURCES", tmp_path)
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    file = tmp_path / "some" / "code.py"
    file.parent.mkdir()
    file.write_text("one = 1")
    first = kept.digest(["some"])
    (file.parent / "notes.txt").write_text("of no account")
    assert kept.digest(["some"]) == first
    file.write_text("one = 2")
    second = kept.digest(["some"])
    file.rename(file.with_name("other.py"))
    third = kept.digest(["some"])
    assert len({first, second, third, kept.digest(["some/other.py"])}) == 3


def test_what_was_trained_is_not_trained_again_and_its_cost_is_kept(kept, monkeypatch, tmp_path):
    built = []
    monkeypatch.setattr(kept, "build_agent", lambda entry, folder: built.append(entry.name))
    entries = [
        bank_agent(name) for name in ("maze-sweeps-8", "maze-pacing-0", "maze-sweeps-8-as-convnet", "maze-exact")
    ]
    cost = kept.trained(entries, tmp_path)
    # Planners and tables are made in no time, and nothing of them is kept.
    assert built == ["maze-pacing-0", "maze-sweeps-8-as-convnet"]
    assert kept.trained(entries, tmp_path) == cost
    assert len(built) == 2


def test_all_that_scores_follow_from_is_there(kept):
    for part in kept.SCORING:
        assert (kept.SOURCES / part).exists(), part
