"""Graphs: every goal can be reached, text form, edits, and bad options."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.graph import Graph

TEXT = """
.bad
.cab
Gdbb
.abd
"""


def test_every_goal_can_be_reached():
    world = Graph()
    levels = jax.device_get(world.sample(key=root_key(0), distribution="deploy", count=200))
    values = optimal_action_values(levels, compile_objectives(world).select("goal"))[0].max(-1)
    assert (values > 0.95**12 - 1e-6).all()


def test_few_graphs_in_training_and_new_ones_in_deployment():
    world = Graph(training_graphs=3)

    def graphs(distribution, count):
        levels = jax.device_get(world.sample(key=root_key(1), distribution=distribution, count=count))
        return {level.tobytes() for level in levels.layout.successors}

    assert len(graphs("train", 100)) == 3
    assert len(graphs("deploy", 100)) == 100


def test_a_level_by_hand():
    world = Graph(nodes=4)
    level = world.parse(TEXT)
    values = optimal_action_values(jax.device_get(level).batch(), compile_objectives(world).select("goal"))[0, 0]
    # Row 0 leads to rows 1, 0 and 3, rows 1 and 3 to the goal and to row 1.
    np.testing.assert_allclose(values[0], [0.95, 0.95**2, 0.95**2], atol=1e-6)
    np.testing.assert_allclose(values[1], [1.0, 0.95**2, 0.95], atol=1e-6)
    seen = np.asarray(world.observe(level, jnp.int32(0)))
    assert seen.shape == (4, 4, 5)
    assert seen[0, 1, 0] == seen[0, 0, 1] == seen[0, 3, 2] == seen[2, 2, 3] == seen[0, 0, 4] == 1
    assert seen.sum() == 4 * 3 + 2
    assert world.format(level) == TEXT.strip()
    assert world.format(level, 1).splitlines()[1] == "Acab"


def test_an_edit_changes_one_edge():
    world = Graph()
    level = world.sample(key=root_key(2), distribution="deploy", count=1)[0]
    for seed in range(10):
        edited, place = world.edit(level, key=root_key(seed))
        before, after = (np.asarray(one.layout.successors) for one in (level, edited))
        changed = np.argwhere(before != after)
        assert len(changed) == 1
        assert changed[0, 0] == int(place[0])


@pytest.mark.parametrize(
    "options", [{"nodes": 3}, {"nodes": 17}, {"discount": 1.0}, {"training_graphs": -1}, {"graph_seed": -1}]
)
def test_bad_options(options):
    with pytest.raises(WorldError):
        Graph(**options)


@pytest.mark.parametrize("text", ["", ".bad\n.cab\n.dbb\n.abd", ".bad\n.cab\nGdbz\n.abd", "Gbad\n.cab\nGdbb\n.abd"])
def test_bad_text(text):
    with pytest.raises(WorldError):
        Graph(nodes=4).parse(text)
