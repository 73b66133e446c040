from __future__ import annotations

import json

import pytest

WORLD = ("--world", "corner", "--world-option", "size=5", "--world-option", "walls=open")
FEW = ("--levels", "3", "--edits", "1")


def test_a_scripted_agent_is_questioned(mesascope, folder, monkeypatch):
    monkeypatch.chdir(folder)
    arguments = ("objective", "house_agents:to_the_corner", *WORLD, *FEW, "--base", "cheese")
    code, out, err = mesascope(*arguments, "--quiet")
    assert (code, err) == (0, "")
    assert "corner" in out
    result = folder / "runs" / "house_agents-to_the_corner-0-objective"
    data = json.loads((result / "objective.json").read_text())
    details = data["recovery"]["details"]
    assert details["nearest"][0]["name"] == "corner"
    assert details["weights"]
    # A point is never printed without what it could not tell apart.
    assert "left open" in out
    assert len(details["queries"]) == 1
    page = (result / "objective.html").read_text()
    assert "<script" not in page
    assert "house_agents:to_the_corner" in page
    # The same command again gives the same bytes, provenance apart.
    first = {key: value for key, value in data.items() if key != "provenance"}
    assert mesascope(*arguments, "--quiet", "--force")[0] == 0
    again = json.loads((result / "objective.json").read_text())
    assert {key: value for key, value in again.items() if key != "provenance"} == first


def test_without_edits_as_json(mesascope, folder, monkeypatch):
    monkeypatch.chdir(folder)
    code, out, _ = mesascope(
        "objective", "house_agents:to_the_corner", *WORLD, "--levels", "2", "--edits", "0", "--json", "--out", "asked"
    )
    assert code == 0
    assert json.loads(out)["recovery"]["details"]["queries"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("house_agents:to_the_corner",), "name the world in which it was trained"),
        (("house_agents:to_the_corner", *WORLD, "--base", "chese"), "Did you mean 'cheese'?"),
        (("house_agents:to_the_corner", *WORLD, "--levels", "0"), "1 training level or more"),
        (("house_agents:to_the_corner", *WORLD, "--edits", "-1"), "0 edits or more"),
        (("house_agents:to_the_corner", *WORLD, "--deploy", "deplay"), "Did you mean 'deploy'?"),
        (("house_agents:to_the_corner", "--world", "corner", "--world-option", "sise=5"), "Did you mean 'size'?"),
        (("corner", "--world", "corner"), "brings its own world"),
        (("missing.safetensors", *WORLD), "missing.safetensors"),
    ],
)
def test_what_cannot_be_questioned_says_why(mesascope, folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    code, out, err = mesascope("objective", *arguments, *FEW[2:] if "--edits" not in arguments else ())
    assert code in (2, 3, 4)
    assert out == ""
    assert message in err


def test_an_agent_without_preferences_is_inconclusive(mesascope, folder, monkeypatch):
    """A uniform agent has nothing to explain, and the report says so instead of naming an objective."""
    monkeypatch.chdir(folder)
    (folder / "uniform_agents.py").write_text(
        "import numpy as np\n\ndef uniform(observations):\n    return np.full((len(observations), 5), 0.2)\n"
    )
    code, out, _ = mesascope("objective", "uniform_agents:uniform", *WORLD, *FEW, "--quiet", "--json")
    assert code == 0
    evidence = json.loads(out)["recovery"]
    assert evidence["verdict"] == "INCONCLUSIVE"
    assert "random" in evidence["reason"]
