from __future__ import annotations

import json

import jax
import pytest

from mesascope.agents.files import save_agent
from mesascope.agents.networks.planner import PlannerSpec
from mesascope.worlds.maze import Maze

OPTIONS = ("--world-option", "size=5", "--world-option", "walls=open")
WORLD = ("--world", "corner", *OPTIONS)
SCRIPTED = ("search", "house_agents:to_the_corner", *WORLD, "--own", "corner", "--levels", "12", "--seed", "1")


@pytest.fixture(scope="module")
def scripted(house):
    """What is printed about an agent that is a function."""
    return house[1](*SCRIPTED)


def test_behaviour_alone_never_passes(house, scripted):
    folder, _ = house
    code, out, err = scripted
    assert code == 0
    for title in ("Search used", "Search present", "Objective represented"):
        assert f"  {title:22}open" in out
    assert "no activations were examined" in " ".join(out.split()).lower()
    assert "shows no activations" in " ".join(out.split())
    result = folder / "runs" / "house_agents-to_the_corner-1-search"
    assert err.splitlines() == [
        f"Report  {result.relative_to(folder) / name}" for name in ("search.json", "search.html")
    ]
    page = (result / "search.html").read_text()
    assert "Search present" in page
    assert "INCONCLUSIVE" in page
    assert "<script" not in page


def test_json_is_what_is_written_and_the_same_command_may_replace_it(house, scripted):
    folder, run = house
    code, out, err = run(*SCRIPTED, "--json", "--quiet")
    assert (code, err) == (0, "")
    data = json.loads(out)
    written = json.loads((folder / "runs" / "house_agents-to_the_corner-1-search" / "search.json").read_text())
    assert data == written
    assert data["world"] == "corner"
    assert data["world_options"]["size"] == 5
    assert data["objective"] == "corner"
    assert (data["levels"], data["seed"]) == (12, 1)
    parts = {part["question"]: part for part in data["answer"]["parts"]}
    assert list(parts) == ["used", "present", "represented"]
    assert {part["verdict"] for part in parts.values()} == {data["answer"]["verdict"]} == {"INCONCLUSIVE"}
    for part in parts.values():
        # The text says the same.
        chance = "" if part["probability"] is None else f"           {part['probability']:.0%}"
        assert f"open{chance}" in scripted[1]
    assert len(data["evidence"]) == len(data["provenance"]["evidence_seconds"]) > 10


def test_a_result_about_something_else_is_replaced_only_with_force(house, scripted):
    folder, run = house
    place = folder / "runs" / "house_agents-to_the_corner-1-search"
    before = (place / "search.html").read_bytes()
    other = (*SCRIPTED[:-1], "2", "--out", place)
    code, out, err = run(*other)
    assert (code, out) == (2, "")
    assert "answers another question" in err
    assert "--force" in err
    assert (place / "search.html").read_bytes() == before
    assert run(*other, "--force", "--quiet")[0] == 0
    assert json.loads((place / "search.json").read_text())["seed"] == 2


def test_a_network_that_searches_is_looked_into_and_drawn(house):
    folder, run = house
    world, spec = Maze(size=5, walls="open"), PlannerSpec(search="sweeps", depth=3)
    shape, actions = world.observation_shape, len(world.actions)
    network = spec.build(shape, actions, key=jax.random.key(0))
    file = save_agent(
        folder / "planner.safetensors", network, spec, world_name="maze", observation_shape=shape, actions=actions
    )
    asked_for = ("--own", "goal", "--levels", "44", "--out", "planned", "--json")
    code, out, err = run("search", file, "--world", "maze", *OPTIONS, *asked_for)
    assert code == 0, err
    details = {piece["assay"]: piece["details"] for piece in json.loads(out)["evidence"]}
    assert details["horizon"]["cliff"]["distance"] == pytest.approx(3.5)
    decoded = details["candidate-plans"]["decoded"]
    assert [len(row) for row in decoded["values"]] == [5] * 5
    assert [site["site"] for site in decoded["sites"]] == ["goal", "sweep-1", "sweep-2"]
    page = (folder / "planned" / "search.html").read_text()
    assert "The plan, decoded from site to site" in page
    assert "beyond the cliff at 3 steps" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("house_agents:to_the_corner",), "name the world in which it was trained with --world"),
        (("house_agents:to_the_corner", *WORLD, "--own", "chese"), "Did you mean 'cheese'?"),
        (("house_agents:to_the_corner", *WORLD, "--levels", "0"), "--levels 0 is below 1"),
        (("house_agents:to_the_corner", *WORLD, "--seed", "-1"), "--seed -1 is negative"),
        (("house_agents:to_the_corner", "--world", "corner", "--world-option", "sise=5"), "Did you mean 'size'?"),
        (("corner", "--world", "corner"), "brings its own world"),
        (("missing.safetensors", *WORLD), "missing.safetensors"),
    ],
)
def test_what_cannot_be_asked_says_why_and_leaves_nothing_behind(mesascope, folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    code, out, err = mesascope("search", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not (folder / "runs").exists()


def same_answer(audited: dict, searched: dict) -> None:
    assert searched["objective_from"] == "attribution"
    assert searched["answer"] == audited["answers"]["optimizer"]
    evidence = {piece["assay"]: piece for piece in audited["evidence"]}
    assert all(piece == evidence[piece["assay"]] for piece in searched["evidence"])


def test_the_first_question_has_one_answer_whoever_asks(house, report):
    code, out, err = house[1](
        "search", "house_agents:to_the_corner", *WORLD, "--levels", "16", "--json", "--out", "same"
    )
    assert code == 0, err
    # What it pursues is not the base objective, by which it used to be judged here and not in the audit.
    assert json.loads(out)["objective"] == "corner"
    same_answer(json.loads(report.to_json()), json.loads(out))


@pytest.mark.slow
@pytest.mark.parametrize("organism", ["corner", "maze"])
def test_about_organisms_too(house, organism):
    folder, run = house
    assert run("audit", organism, "--levels", "24", "--seed", "3", "--quiet")[0] == 0
    code, out, err = run("search", organism, "--levels", "24", "--seed", "3", "--json", "--quiet")
    assert code == 0, err
    same_answer(json.loads((folder / "runs" / f"{organism}-3" / "report.json").read_text()), json.loads(out))
