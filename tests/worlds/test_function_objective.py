import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.boundary import raise_held
from mesascope.core.errors import UnknownNameError, WorldError
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds import function_objective
from mesascope.worlds.check import check_world
from mesascope.worlds.function_objective import with_function_objective
from mesascope.worlds.maze import Maze

WORLD = Maze(size=5, walls="open")
KEY = jax.random.key(0)


def reaches_goal(observations, actions, following):
    return (following[..., 1] * following[..., 2]).sum((1, 2))


def sample(world, count=8):
    return world.sample(key=KEY, distribution="deploy", count=count)


def test_a_function_that_says_what_an_attribute_says_gives_its_values():
    world = with_function_objective(WORLD, "mine", reaches_goal, stops=("mine",))
    level = sample(world)
    mine, goal = (level.attributes[..., world.attributes.index(name)] for name in ("mine", "goal"))
    np.testing.assert_array_equal(mine, goal)
    values = optimal_action_values(level, compile_objectives(world).select("mine", "goal"))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-12)


@pytest.mark.parametrize("chunk", [1, 90, 120, 360])
def test_chunks_of_any_size_give_the_same(monkeypatch, chunk):
    sizes = []

    def counted(observations, actions, following):
        sizes.append(len(actions))
        return reaches_goal(observations, actions, following)

    monkeypatch.setattr(function_objective, "CHUNK", chunk)
    level = sample(with_function_objective(WORLD, "mine", counted))
    # 8 levels of 9 cells and 5 moves; the last chunk is filled up, and after the first one some are asked again.
    again = [min(192, chunk), *[1] * min(24, chunk)]
    assert sizes == [chunk, *again, *[chunk] * (-(-360 // chunk) - 1)]
    np.testing.assert_array_equal(level.attributes[..., -1], level.attributes[..., 0])


def test_the_function_is_asked_only_about_what_can_happen():
    world = Maze(size=5, walls="maze")
    asked = []

    def look(observations, actions, following):
        walls, agent = observations[..., 0], observations[..., 2]
        asked.append((walls * agent).sum())
        return actions

    level = sample(with_function_objective(world, "look", look))
    assert set(asked) == {0.0}
    assert (np.asarray(level.attributes[..., -1])[~np.asarray(level.reachable)] == 0).all()
    reachable = np.asarray(level.attributes[..., 0, -1])[np.asarray(level.reachable)]
    np.testing.assert_array_equal(reachable, np.tile(np.arange(5), (len(reachable), 1)))


def test_it_works_inside_jit():
    world = with_function_objective(WORLD, "mine", reaches_goal)
    compiled = jax.jit(lambda key: world.sample(key=key, distribution="deploy", count=8))(KEY)
    np.testing.assert_array_equal(compiled.attributes, sample(world).attributes)


def test_everything_else_is_the_wrapped_world():
    world = with_function_objective(WORLD, "mine", reaches_goal)
    assert all(result.passed for result in check_world(world, key=KEY, levels=8))
    assert (world.name, world.base_objective, world.grid) == (WORLD.name, WORLD.base_objective, WORLD.grid)
    assert world.objectives[:-1] == WORLD.objectives
    assert world.attributes == (*WORLD.attributes, "mine")
    assert world == with_function_objective(Maze(size=5, walls="open"), "mine", reaches_goal)
    assert hash(world) == hash(with_function_objective(WORLD, "mine", reaches_goal))
    edited, place = world.edit(sample(world)[0], key=KEY)
    expected, expected_place = WORLD.edit(sample(WORLD)[0], key=KEY)
    assert world.editable
    assert edited.attributes.shape[-1] == expected.attributes.shape[-1] + 1
    np.testing.assert_array_equal(edited.layout.walls, expected.layout.walls)
    np.testing.assert_array_equal(place, expected_place)
    larger = world.with_options({"size": "7"})
    assert larger.observation_shape == (7, 7, 3)
    assert larger.attributes[-1] == "mine"
    with pytest.raises(AttributeError):
        _ = world.no_such_thing


def raising(observations, actions, following):
    raise KeyError("lamp")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (raising, "raised KeyError when asked about [0-9]+ transitions: 'lamp'"),
        (lambda observations, actions, following: 1.0, r"returned shape \(\)"),
        (lambda observations, actions, following: observations, "one number per transition"),
        (lambda observations, actions, following: actions / 0.0, "not finite"),
        (lambda observations, actions, following: actions.astype(str), "not numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_a_bad_function_is_named(function, message):
    with pytest.raises(WorldError, match="The function of objective 'mine'.*" + message):
        sample(with_function_objective(WORLD, "mine", function))


def test_names_are_checked():
    with pytest.raises(WorldError, match="named 'goal' already"):
        with_function_objective(WORLD, "goal", reaches_goal)
    with pytest.raises(UnknownNameError, match="Did you mean 'goal'"):
        with_function_objective(WORLD, "mine", reaches_goal, stops=("gaol",))


def test_jax_functions_may_be_used():
    world = with_function_objective(WORLD, "mine", jax.jit(lambda one, action, other: jnp.float32(action)))
    assert set(np.unique(sample(world).attributes[..., -1])) == {0, 1, 2, 3, 4}


class Counter:
    calls = 0

    def __call__(self, observations, actions, following):
        self.calls += 1
        return actions + self.calls


def drawing(observations, actions, following):
    return np.random.random(len(actions))  # noqa: NPY002 - what a user may write


def placed(observations, actions, following):
    return np.arange(len(actions))


def sized(observations, actions, following):
    return np.full(len(actions), len(actions))


def averaging(observations, actions, following):
    return actions - actions.mean()


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (Counter(), "keeps something between calls"),
        (drawing, "draws random numbers"),
        (placed, "by place in the batch"),
        (sized, "by the size of the batch"),
        (averaging, "what else is in the batch"),
    ],
)
def test_a_function_whose_numbers_do_not_follow_from_the_transition_is_told_why(function, why):
    with pytest.raises(WorldError, match="gives the same transitions different numbers: it.*" + why):
        sample(with_function_objective(WORLD, "mine", function))


def leaving(observations, actions, following):
    raise SystemExit(0)


@pytest.mark.parametrize("function", [leaving, raising])
def test_what_it_does_inside_a_compiled_program_is_an_error_of_its_own(function, capfd):
    world = with_function_objective(WORLD, "mine", function)
    jax.device_get(jax.jit(lambda key: world.sample(key=key, distribution="deploy", count=8))(KEY))
    with pytest.raises(WorldError, match="The function of objective 'mine'"):
        raise_held()
    assert "Traceback" not in capfd.readouterr().err


def test_what_it_does_to_its_arguments_changes_nothing():
    def overwriting(observations, actions, following):
        observations[:] = following
        return reaches_goal(observations, actions, following)

    world, same = (with_function_objective(WORLD, "mine", one) for one in (overwriting, reaches_goal))
    np.testing.assert_array_equal(sample(world).attributes, sample(same).attributes)


def test_moved_objects_and_short_sightedness_are_those_of_the_wrapped_world():
    world = with_function_objective(WORLD, "mine", lambda observations, actions, following: actions)
    assert (world.rearrangeable, world.short_sighted) == (True, "as-the-crow-flies")
    moved, place = world.rearrange(sample(world)[0], key=KEY)
    expected, expected_place = WORLD.rearrange(sample(WORLD)[0], key=KEY)
    np.testing.assert_array_equal(place, expected_place)
    np.testing.assert_array_equal(moved.attributes[..., :-1], expected.attributes)
