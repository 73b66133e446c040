"""What an audit says of all levels, where there are few."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.resolve import agent_of
from mesascope.audit.all_levels import all_levels
from mesascope.audit.evaluation import evaluate_agent
from mesascope.audit.level_set import sample_level_set
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.catalogue import resolve_world

# From the start on the 4x4 map: down, down, right, down, right, right avoids every hole.
WAY = {0: 1, 4: 1, 8: 2, 9: 1, 13: 2, 14: 2}


def evaluated(agent, world, distribution="train"):
    objectives = compile_objectives(world)
    level_set = sample_level_set(
        distribution, world, distribution, objectives, world.base_objective, count=1, key=root_key(0)
    )
    return evaluate_agent(agent, level_set, key=root_key(0))


def on_the_lake(way: dict[int, int]):
    pytest.importorskip("gymnasium")
    world = resolve_world("gym:FrozenLake-v1", {"is_slippery": "False", "map_name": "4x4"})
    table = np.eye(4)[[way.get(state, 0) for state in range(16)]]

    def act(observations):
        return np.asarray(observations).reshape(len(observations), 16) @ table

    return all_levels(evaluated(agent_of(act, name="way", world=world), world))


def test_what_is_optimal_in_the_one_level_is_proved_there():
    stated = on_the_lake(WAY)
    assert (stated.proved, stated.levels) == (True, 1)
    assert stated.worst_regret == pytest.approx(0.0, abs=1e-9)
    assert stated.sentence.endswith("the one level of training: proved, 0.000 at most.")


def test_what_walks_into_a_hole_is_refuted_by_that_level():
    stated = on_the_lake({**WAY, 8: 1})
    assert (stated.proved, stated.worst_level) == (False, 0)
    assert stated.worst_regret > 0.9
    assert "refuted" in stated.sentence


def test_nothing_is_said_of_all_levels_where_a_sample_was_evaluated():
    world = resolve_world("corner")
    agent = agent_of(lambda seen: np.full((len(seen), 5), 0.2), name="any", world=world)
    assert all_levels(evaluated(agent, world)) is None
