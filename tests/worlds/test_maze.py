import jax
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.maze import Maze


def different(world, distribution, key=0):
    level = world.sample(key=jax.random.key(key), distribution=distribution, count=32)
    return {bytes(np.packbits(walls)) for walls in np.asarray(level.layout.walls)}


def test_training_draws_from_as_many_mazes_as_it_is_told():
    few = Maze(training_mazes=4)
    mazes = different(few, "train")
    assert len(mazes) == 4
    assert different(few, "train", key=1) == mazes
    assert different(Maze(training_mazes=4, maze_seed=1), "train").isdisjoint(mazes)
    deployed = different(few, "deploy")
    assert len(deployed) > 28
    assert mazes.isdisjoint(deployed)
    assert len(different(Maze(), "train")) > 28


def test_the_goal_lies_in_every_free_cell_now_and_then():
    level = Maze(size=5).sample(key=jax.random.key(0), distribution="train", count=256)
    goals, free = np.asarray(level.layout.objects[..., 0]), np.asarray(level.reachable)
    assert not (goals & ~free).any()
    assert ((goals.sum(0) > 0) == free.any(0)).all()


@pytest.mark.parametrize("walls", ["blocks", "maze"])
def test_optimal_values_are_the_discount_to_the_power_of_the_distance(walls):
    world = Maze(walls=walls)
    level = world.sample(key=jax.random.key(2), distribution="deploy", count=32)
    value = optimal_action_values(level, compile_objectives(world).select("goal")).max(-1)[0]
    grid = world.grid
    for index in range(level.count):
        layout = level[index].layout
        source = grid.plane(layout.objects[:, 0])
        steps = np.asarray(grid.interior(grid.distances(layout.walls, source)))
        # Staying on the goal enters it again: distance 0 earns at once, like distance 1.
        expected = 0.95 ** np.maximum(steps - 1.0, 0)
        free = np.asarray(level.reachable[index])
        np.testing.assert_allclose(value[index][free], expected[free], rtol=1e-6)


def test_dead_ends_and_junctions():
    world = Maze(size=5, walls="open")
    level = world.parse("#####\n#...#\n##.##\n##G##\n#####")
    entered = np.asarray(level.attributes)[:, world.actions.index("stay"), 0]
    ends = np.flatnonzero(entered[:, world.attributes.index("dead-end")] * np.asarray(level.reachable))
    junctions = np.flatnonzero(entered[:, world.attributes.index("junction")] * np.asarray(level.reachable))
    near = np.flatnonzero(entered[:, world.attributes.index("near-goal")] * np.asarray(level.reachable))
    assert [world.position(level, int(cell)) for cell in ends] == [(1, 1), (1, 3), (3, 2)]
    assert [world.position(level, int(cell)) for cell in junctions] == [(1, 2)]
    assert [world.position(level, int(cell)) for cell in near] == [(2, 2), (3, 2)]


def test_options_and_texts_are_checked():
    with pytest.raises(WorldError, match="training_mazes=-1"):
        Maze(training_mazes=-1)
    with pytest.raises(WorldError, match="odd height"):
        Maze(size=8)
    with pytest.raises(WorldError, match="1 to 1 of 'G'"):
        Maze(size=5).parse("#####\n#...#\n##.##\n##.##\n#####")
