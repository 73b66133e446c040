import jax
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.corner import Corner

TEXT = "######\n#C..A#\n#.##.#\n#....#\n#..#.#\n######"


def cheese(level):
    return np.asarray(level.layout.objects)[..., 0].argmax(-1)


def test_training_keeps_the_cheese_in_the_corner_and_deployment_does_not():
    world = Corner(corner_size=2)
    for distribution, inside in (("train", True), ("deploy", False)):
        level = world.sample(key=jax.random.key(0), distribution=distribution, count=32)
        row, column = world.grid.row_and_column(cheese(level))
        assert ((row <= 2) & (column <= 2)).all() == inside


def test_no_level_is_a_pocket_of_a_few_cells():
    level = Corner().sample(key=jax.random.key(0), distribution="train", count=32)
    assert np.asarray(level.reachable).sum(-1).min() >= Corner().grid.cells // 4


def test_share_of_levels_that_tell_cheese_from_corner():
    # Reference note, section 3: with blocks of 9x9 cells, 29 % of the first moves are disjoint after the shift.
    world = Corner()
    objectives = compile_objectives(world).select("cheese", "corner")
    share = {}
    for distribution in world.distributions:
        level = world.sample(key=jax.random.key(1), distribution=distribution, count=32)
        cheese, corner = optimal_actions(optimal_action_values(level, objectives))
        disjoint = ~(cheese & corner).any(-1)
        share[distribution] = float((disjoint * np.asarray(level.initial)).sum(-1).mean())
    assert share["train"] == 0
    assert 0.15 < share["deploy"] < 0.5


def test_values_are_discounted_distances():
    level = Corner(size=6).parse(TEXT).batch()
    value = optimal_action_values(level, compile_objectives(Corner(size=6)).select("cheese")).max(-1)[0, 0]
    grid = Corner(size=6).grid
    assert value[grid.cell(1, 4)] == pytest.approx(0.95**2)
    assert value[grid.cell(4, 4)] == pytest.approx(0.95**5)


def test_the_dial_sets_the_share_of_distinguishing_levels():
    level = Corner(distinguishing=0.5).sample(key=jax.random.key(0), distribution="train", count=512)
    assert 0.4 < (cheese(level) != 0).mean() < 0.6


@pytest.mark.parametrize(
    ("options", "message"),
    [({"corner_size": 8}, "corner_size=8"), ({"discount": 1.0}, "discount"), ({"size": 3}, "4x4")],
)
def test_options_are_checked(options, message):
    with pytest.raises(WorldError, match=message):
        Corner(**options)


def test_texts_are_checked():
    with pytest.raises(WorldError, match="holds 0"):
        Corner(size=6).parse(TEXT.replace("C", "."))
    with pytest.raises(WorldError, match="cannot be walked to"):
        Corner(size=6).parse("######\n#C#..#\n##...#\n#....#\n#..#.#\n######")
