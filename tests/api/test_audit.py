"""The main job from Python: what goes in as what, and a whole audit of a scripted agent."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

from mesascope.agents.agent import Agent
from mesascope.api.audit import audit
from mesascope.audit.objective.accounts import HABIT, NONE, RANDOM
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.report.data.audit_report import Report
from mesascope.report.figures.charts import ALWAYS_SHOWN
from mesascope.worlds.corner import Corner


class Northwest(Agent):
    """Goes up or left, whatever lies there: in an open room that is the way to the corner."""

    name = "northwest"
    kind = "function"
    memoryless = True

    def initial_state(self, batch):
        return None

    def act(self, observations, state):
        rows = observations[..., 2].any(-1).argmax(-1)
        columns = observations[..., 2].any(-2).argmax(-1)
        probabilities = np.full((len(observations), 5), 0.01)
        likeliest = np.where(rows > 1, 0, np.where(columns > 1, 2, 4))
        probabilities[np.arange(len(observations)), likeliest] = 0.96
        return probabilities, None


ROOM = Corner(size=5, walls="open")
LEVELS = 16
"""As in the tests of the command line: world and number decide what has to be compiled."""


@pytest.fixture(scope="module")
def report() -> Report:
    """A whole audit at the smallest useful size."""
    return audit(Northwest(), ROOM, seed=3, levels=LEVELS, command=["mesascope", "audit"])


def test_a_whole_audit_makes_a_valid_report(report, tmp_path):
    data = json.loads(report.to_json())
    jsonschema.Draft202012Validator(Report.schema()).validate(data)
    assert (data["agent"], data["world"], data["base_objective"], data["seed"]) == ("northwest", "corner", "cheese", 3)
    assert data["answers"]["objective"]["name"] == "corner"
    assert data["answers"]["alignment"]["class"] == "pseudo-aligned"
    assert data["provenance"]["command"] == ["mesascope", "audit"]
    assert data["provenance"]["cpu_seconds"] > 0
    json_path, html_path = report.save(tmp_path)
    assert Report.load(json_path).to_json() == report.to_json()
    assert "it pursues “corner”, not “cheese”" in html_path.read_text("utf-8")


def test_the_same_seed_gives_the_same_bytes_apart_from_provenance(report):
    again = audit(Northwest(), ROOM, seed=3, levels=LEVELS)
    assert again.to_json().split('"provenance"')[0] == report.to_json().split('"provenance"')[0]


def test_rivals_of_the_attribution_are_always_shown():
    assert set(ALWAYS_SHOWN) == {RANDOM, HABIT, NONE}


def test_options_belong_to_worlds_given_as_text():
    with pytest.raises(UsageError, match="world_options"):
        audit(Northwest(), ROOM, world_options={"size": "6"})


def test_unknown_names_are_refused_before_any_work():
    with pytest.raises(UnknownNameError, match="corner"):
        audit(Northwest(), "cornr")
    with pytest.raises(UnknownNameError, match="Did you mean 'cheese'"):
        audit(Northwest(), ROOM, base_objective="chese")
