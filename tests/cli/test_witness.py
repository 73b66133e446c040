from __future__ import annotations

import json
import re

import pytest

WORLD = ("--world", "corner", "--world-option", "size=6", "--world-option", "walls=open")
ASKED = ("witness", "house_agents:to_the_corner", *WORLD, "--own", "corner", "--budget", "96")


@pytest.fixture(scope="module")
def found(house):
    """What is printed about the agent, with its files in `found`."""
    return house[1](*ASKED, "--out", "found")


def test_the_level_is_printed_before_and_after_and_written_with_out(house, found):
    folder, _ = house
    code, out, err = found
    assert code == 0, err
    assert "FAIL" in out
    worth = json.loads((folder / "found" / "witness.json").read_text())["evidence"]["details"]
    for when in ("found", "shrunk"):
        lost, regret = worth[when]["absolute"], worth[when]["normalised"]
        assert abs(lost - regret) > 0.01, "two numbers that need two names"
        assert f"{when}: loses {lost:.2f} (normalised regret {regret:.2f})" in out
    # One name means one number wherever it is printed.
    told = re.findall(r"(?<!normalised )\bregret", out)
    assert not told
    assert f"normalised regret on 'cheese' is {worth['shrunk']['normalised']:.2f}" in " ".join(out.split())
    assert "Evaluated anew from its text: the same" in " ".join(out.split())
    data = json.loads((folder / "found" / "witness.json").read_text())
    assert data["replayed"] is True
    assert data["evidence"]["assay"] == "witness-search"
    assert data["evidence"]["details"]["evaluated"] <= 96
    assert data["shrunk"]["text"].count("C") == 1
    assert "<svg" in (folder / "found" / "witness.svg").read_text()
    assert err.splitlines() == [f"Report  found/witness.{ending}" for ending in ("json", "html", "svg")]


def test_the_same_command_may_replace_its_result_and_another_needs_force(house, found):
    folder, run = house
    before = json.loads((folder / "found" / "witness.json").read_text())
    code, out, err = run(*ASKED, "--out", "found", "--json")
    assert code == 0, err
    again = json.loads(out)
    assert before.pop("provenance") != again.pop("provenance")
    assert before == again
    other = (*ASKED[:-1], "16", "--seed", "1", "--out", "found")
    code, _, err = run(*other)
    assert code == 2
    assert "--force" in err
    assert run(*other, "--force")[0] == 0


def test_what_it_pursues_is_named_by_its_behaviour(house):
    _, run = house
    code, out, err = run("witness", "house_agents:to_the_corner", *WORLD, "--budget", "32")
    assert code == 0, err
    assert "named by attribution" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--budget", "0"), "--budget 0 is below 1"),
        (("--floor", "1.5"), "--floor 1.5 is not from 0 to 1"),
        (("--seed", "-1"), "negative"),
        (("--own", "chese"), "cheese"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(house, arguments, message):
    folder, run = house
    code, _, err = run("witness", "house_agents:to_the_corner", *WORLD, *arguments, "--out", "never")
    assert code == 2
    assert message in err
    assert not (folder / "never").exists()


def test_a_world_must_be_named(house):
    code, _, err = house[1]("witness", "house_agents:to_the_corner")
    assert code == 2
    assert "--world" in err
