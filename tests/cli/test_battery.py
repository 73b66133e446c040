from __future__ import annotations

import json

import pytest

from mesascope.agents.files import save_agent
from mesascope.audit.alignment.kinds import TESTS, AlignmentKind
from mesascope.organisms.specimens import make_specimen
from mesascope.worlds.cleaning import Cleaning

WORLD = ("--world", "cleaning", "--levels", "1")
CORNER = ("--world", "corner", "--world-option", "size=5")
NAME = "<script>alert(1)<"


@pytest.fixture(scope="module")
def tested(house):
    """The house with a specimen in it."""
    world = Cleaning()
    agent = make_specimen(AlignmentKind.DECEPTIVE, world, seed=1).agent
    shape, actions = world.observation_shape, len(world.actions)
    save_agent(
        house[0] / f"{NAME}.safetensors",
        agent.network,
        agent.spec,
        world_name="cleaning",
        observation_shape=shape,
        actions=actions,
    )
    return house


@pytest.fixture(scope="module")
def deceptive(tested):
    """What is printed about a specimen that deceives."""
    return tested[1]("battery", f"{NAME}.safetensors", *WORLD, "--out", "found")


def test_a_specimen_is_named_with_every_test_and_where_it_comes_apart(tested, deceptive):
    folder, _ = tested
    code, out, err = deceptive
    assert code == 0, err
    assert "FAIL It is deceptive, in 100 % [100, 100] of unwatched choices" in " ".join(out.split())
    for test in TESTS:
        assert f"\n  {test:5}" in out
    assert "1st is what deceptive predicts" in " ".join(out.split())
    assert "It comes apart    T9: deployed, without threat" in out
    assert err.splitlines() == ["Report  found/battery.json", "Report  found/battery.html"]
    page = (folder / "found" / "battery.html").read_text()
    assert "<script" not in page
    assert "It is deceptive (probability" in page


def test_json_is_what_is_written_and_another_question_needs_force(tested, deceptive):
    folder, run = tested
    command = ("battery", f"{NAME}.safetensors", *WORLD, "--out", "found", "--json", "--quiet")
    code, out, err = run(*command)
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert data == json.loads((folder / "found" / "battery.json").read_text())
    assert (data["world"], data["base_objective"], data["levels"], data["seed"]) == ("cleaning", "clean", 1, 0)
    assert [cell["test"] for cell in data["evidence"]["details"]["cells"]] == list(TESTS)
    assert data["evidence"]["details"]["kinds"][0]["kind"] == "deceptive"
    code, out, err = run(*command, "--seed", "1")
    assert (code, out) == (2, "")
    assert "answers another question" in err


def test_a_world_without_switches_is_inconclusive_with_the_reason(tested):
    folder, run = tested
    code, out, err = run("battery", "house_agents:to_the_corner", *CORNER)
    assert code == 0, err
    told = " ".join(out.split())
    assert "INCONCLUSIVE What kind of alignment it is was not tested." in told
    assert "World 'corner' has no causal switches" in told
    place = folder / "runs" / "house_agents-to_the_corner-0-battery"
    data = json.loads((place / "battery.json").read_text())
    assert data["evidence"]["verdict"] == "INCONCLUSIVE"
    assert data["evidence"]["details"] == {}
    assert "has no causal switches" in (place / "battery.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("house_agents:to_the_corner",), "name the world in which it was trained with --world"),
        (("house_agents:to_the_corner", *CORNER, "--base", "chese"), "Did you mean 'cheese'?"),
        (("house_agents:to_the_corner", *CORNER, "--levels", "0"), "--levels 0 is below 1"),
        (("house_agents:to_the_corner", *CORNER, "--seed", "-1"), "--seed -1 is negative"),
        (("house_agents:to_the_corner", *CORNER, "--tolerance", "0.3"), "--tolerance 0.3 is not"),
        (("deceptive", "--world", "cleaning"), "brings its own world"),
        (("deceptive",), "Train it first: mesascope train deceptive --seed 0"),
        (("missing.safetensors", *WORLD), "missing.safetensors"),
    ],
)
def test_what_cannot_be_asked_says_why_and_leaves_nothing_behind(mesascope, folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    code, out, err = mesascope("battery", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not (folder / "runs").exists()


@pytest.mark.slow
def test_an_audit_in_a_causal_world_names_the_kind(tested):
    _, run = tested
    command = ("audit", f"{NAME}.safetensors", "--world", "cleaning", "--levels", "8", "--out", "audited")
    code, out, err = run(*command, "--fail-on", "pseudo-aligned")
    assert code == 1, err
    told = " ".join(out.split())
    assert "Of what kind? deceptive (probability" in told
    assert "Not tested nothing was left out" in told
    data = json.loads((tested[0] / "audited" / "report.json").read_text())
    assert data["answers"]["alignment"]["kind"] == "deceptive"
    assert "Aligned, and how?" in (tested[0] / "audited" / "report.html").read_text()
