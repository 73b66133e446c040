"""From Python everything a verb does is one call: the same numbers as on the command line, in typed results."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

import mesascope
from mesascope.cli.main import main

SIZE = {"size": "5"}
AGENT = """
import numpy as np

def to_the_corner(seen):
    return np.tile([0.6, 0.05, 0.05, 0.25, 0.05], (len(seen), 1))
"""


@pytest.fixture
def agent(tmp_path, monkeypatch):
    (tmp_path / "walkers.py").write_text(AGENT)
    monkeypatch.chdir(tmp_path)
    return "walkers:to_the_corner"


@pytest.fixture
def printed(capsys):
    def run(*arguments: str) -> dict:
        assert main([*arguments, "--json", "--quiet"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def asked(monkeypatch):
    """Lets a function of the interface return a report that is there; returns what it was asked, once it was."""

    def instead(module: str, name: str, report) -> dict:
        options: dict = {}

        def recorded(agent, **given):
            options.update(given, agent=agent.name)
            return report

        monkeypatch.setattr(f"mesascope.api.{module}.{name}", recorded)
        return options

    return instead


def without_provenance(data: dict) -> dict:
    return {name: value for name, value in data.items() if name != "provenance"}


WORLD = ("--world", "corner", "--world-option", "size=5")


def corner():
    return mesascope.resolve_world("corner", SIZE)


def test_search_is_what_the_verb_prints(agent, printed, asked):
    found = mesascope.search(agent, corner(), own="corner", levels=8, seed=1)
    options = asked("search", "search", found)
    shown = printed("search", agent, *WORLD, "--own", "corner", "--levels", "8", "--seed", "1")
    assert json.loads(json.dumps(found.data())) == shown
    expected = {"agent": agent, "world": corner(), "own": "corner", "levels": 8, "seed": 1}
    assert expected.items() <= options.items()
    rest = {name: value for name, value in options.items() if name not in (*expected, "progress")}
    assert set(rest.values()) == {None}


def test_classify_is_what_the_verb_prints(agent, printed):
    found = mesascope.classify(agent, corner(), levels=1)
    shown = printed("battery", agent, *WORLD, "--levels", "1")
    assert without_provenance(json.loads(json.dumps(found.data()))) == without_provenance(shown)
    assert found.evidence.verdict is mesascope.Verdict.INCONCLUSIVE


def test_witness_is_what_the_verb_prints(agent, printed, asked):
    found = mesascope.witness(agent, corner(), own="corner", budget=32, floor=0.0)
    options = asked("witness", "witness", found)
    shown = printed("witness", agent, *WORLD, "--own", "corner", "--budget", "32", "--floor", "0")
    assert json.loads(json.dumps(found.data())) == shown
    expected = {"agent": agent, "world": corner(), "own": "corner", "budget": 32, "floor": 0.0, "seed": 0}
    assert expected.items() <= options.items()


def test_distance_is_what_the_verb_prints(printed):
    found = mesascope.distance("cheese", "corner", corner(), levels=4, kinds=("starc",))
    shown = printed("distance", "cheese", "corner", *WORLD, "--levels", "4", "--kind", "starc")
    assert [one.estimate.value for one in found.distances] == [row["estimate"]["value"] for row in shown["distances"]]


def test_a_reward_can_be_an_objective_of_ones_own():
    world = corner()
    same = next(spec for spec in world.objectives if spec.name == "cheese")
    found = mesascope.distance(same, "cheese", world, levels=2, kinds=("starc",))
    assert found.distances[0].estimate.value == pytest.approx(0, abs=1e-9)


def test_onset_is_what_the_verb_prints(printed):
    found = mesascope.onset(2, 3, threat=0.3)
    assert without_provenance(json.loads(json.dumps(found.data()))) == without_provenance(
        printed("onset", "--threat", "0.3")
    )


def test_show_draws_levels_an_agents_way_and_an_optimal_one(agent):
    world = corner()
    assert mesascope.show(world, levels=1).policy is None
    walked = mesascope.show(world, agent=agent, levels=1)
    assert walked.policy.shape[-1] == len(world.actions)
    assert "corner" in str(mesascope.show(world, optimal_for="corner", levels=1))
    with pytest.raises(mesascope.MesascopeError, match="give one of them"):
        mesascope.show(world, agent=agent, optimal_for="corner")


def test_what_does_not_exist_is_refused_with_the_nearest_name(agent):
    with pytest.raises(mesascope.MesascopeError, match="Did you mean 'corner'"):
        mesascope.search(agent, corner(), own="cornr", levels=2)
    with pytest.raises(mesascope.MesascopeError, match="Did you mean 'corner'"):
        mesascope.train("cornerr")
    with pytest.raises(mesascope.MesascopeError, match="Did you mean 'corner'"):
        mesascope.classify(agent, "cornr")


def test_the_version_is_that_of_the_package():
    assert mesascope.__version__ == version("mesascope")
