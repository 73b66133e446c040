from __future__ import annotations

import json

import pytest


@pytest.fixture
def runs(tmp_path, report):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text(report.to_json())
    return tmp_path


def test_two_saved_audits_are_put_side_by_side(mesascope, runs):
    code, out, err = mesascope("compare", runs / "one", runs / "two" / "report.json", "--out", runs / "both")
    assert code == 0, err
    assert "Is it aligned?" in out
    # Both are of one agent: they are called what was typed.
    assert json.loads((runs / "both" / "comparison.json").read_text())["agents"] == [
        str(runs / "one"),
        str(runs / "two" / "report.json"),
    ]
    assert (runs / "both" / "comparison.html").read_text().startswith("<!doctype html>")
    code, printed, _ = mesascope("compare", runs / "one", runs / "two", "--json")
    assert code == 0
    data, written = json.loads(printed), json.loads((runs / "both" / "comparison.json").read_text())
    assert data["changes"] == written["changes"]


def test_a_report_and_an_agent_are_not_compared(mesascope, runs):
    code, out, err = mesascope("compare", runs / "one", "module:agent")
    assert (code, out) == (2, "")
    assert "mesascope audit" in err


def test_agents_need_a_world(mesascope):
    code, out, err = mesascope("compare", "module:one", "module:two")
    assert (code, out) == (2, "")
    assert "--world" in err


def test_two_agents_are_audited_in_the_same_levels(mesascope, folder):
    random = "import numpy as np\n\ndef at_random(seen):\n    return np.full((len(seen), 5), 0.2)\n"
    (folder / "other_agents.py").write_text(random)
    pair = ("house_agents:to_the_corner", "other_agents:at_random")
    options = ("--world", "corner", "--world-option", "size=5", "--world-option", "walls=open", "--levels", "16")
    code, out, err = mesascope("compare", *pair, *options, "--json", "--quiet")
    assert code == 0, err
    data = json.loads(out)
    changes = {change["name"]: change for change in data["changes"]}
    assert changes["regret in training"]["paired"]
    assert changes["competence"]["changed"]
    assert data["setting"] == []
