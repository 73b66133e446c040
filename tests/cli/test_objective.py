from __future__ import annotations

import json

import pytest

WORLD = ("--world", "corner", "--world-option", "size=5", "--world-option", "walls=open")
FEW = ("--levels", "3", "--edits", "1")


@pytest.mark.slow
def test_a_scripted_agent_is_questioned_and_has_the_same_answer_again(house):
    folder, run = house
    arguments = ("objective", "house_agents:to_the_corner", *WORLD, *FEW, "--base", "cheese", "--quiet")
    code, out, err = run(*arguments)
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
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (0, "")
    again = json.loads(out)
    assert data.pop("provenance") != again.pop("provenance")
    assert data == again


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("house_agents:to_the_corner",), "name the world in which it was trained"),
        (("house_agents:to_the_corner", *WORLD, "--base", "chese"), "Did you mean 'cheese'?"),
        (("house_agents:to_the_corner", *WORLD, "--levels", "0"), "--levels 0 is below 1"),
        (("house_agents:to_the_corner", *WORLD, "--edits", "-1"), "--edits -1 is negative"),
        (("house_agents:to_the_corner", *WORLD, "--distribution", "deplay"), "Did you mean 'deploy'?"),
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
