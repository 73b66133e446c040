import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("minigrid")

from mesascope.core.errors import MissingExtraError, UnknownNameError, UsageError, WorldError  # noqa: E402
from mesascope.objectives.objective import compile_objectives  # noqa: E402
from mesascope.planning.evaluation import policy_values, returns  # noqa: E402
from mesascope.worlds.gymnasium import GymnasiumWorld, gymnasium_world  # noqa: E402
from mesascope.worlds.gymnasium.making import literal  # noqa: E402

EXAMPLES = ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4", "MiniGrid-Empty-5x5-v0", "MiniGrid-DoorKey-5x5-v0"]


@pytest.fixture(scope="module")
def keys():
    return gymnasium_world("MiniGrid-DoorKey-5x5-v0", {"levels": "3", "first_seed": "5"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_at_least_ten_candidates_beside_the_base_are_objectives_over_the_attributes(name):
    world = gymnasium_world(name, {"levels": "1"})
    objectives = compile_objectives(world)
    assert len(set(objectives.names)) == len(objectives) >= 13
    assert {"return", "goal", "termination", "survive"} <= set(objectives.names)
    assert sum(spec.control for spec in objectives.specs) == 3
    assert world.base_objective in objectives.names
    assert len(set(world.attributes)) == len(world.attributes)


def test_the_same_key_gives_the_same_levels(keys):
    first, second = (keys.sample(key=jax.random.key(3), distribution="train", count=5) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True))
    fresh = gymnasium_world("MiniGrid-DoorKey-5x5-v0", {"levels": "3", "first_seed": "5"})
    assert fresh == keys
    assert hash(fresh) == hash(keys)
    third = fresh.sample(key=jax.random.key(3), distribution="train", count=5)
    assert all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(third), strict=True))


def test_distributions_are_disjoint_seeds_and_come_whole(keys):
    train = keys.sample(key=jax.random.key(0), distribution="train", count=3)
    deploy = keys.sample(key=jax.random.key(0), distribution="deploy", count=7)
    assert sorted(train.layout.seed.tolist()) == [5, 6, 7]
    assert set(deploy.layout.seed.tolist()) == {8, 9, 10}
    assert keys.distinct_levels("train") == keys.distinct_levels("deploy") == 3
    with pytest.raises(UnknownNameError, match="no distribution of world 'gym:MiniGrid-DoorKey-5x5-v0' named 'depoly'"):
        keys.sample(key=jax.random.key(0), distribution="depoly", count=1)


def test_padding_is_unreachable_and_leads_nowhere():
    world = gymnasium_world("MiniGrid-LavaCrossingS9N1-v0", {"levels": "4"})
    levels = jax.tree.map(np.asarray, world.sample(key=jax.random.key(0), distribution="train", count=4))
    sizes = levels.reachable.sum(-1)
    assert sizes.min() < sizes.max() == levels.states
    np.testing.assert_array_equal(levels.probabilities.sum(-1), 1)
    padding = ~levels.reachable
    assert not levels.attributes[padding].any()
    assert not levels.initial[padding].any()
    assert levels.terminal[padding].all()
    reached = np.take_along_axis(levels.reachable, levels.successors.reshape(4, -1), 1).reshape(levels.successors.shape)
    assert reached[levels.reachable].all()


def test_sampling_and_observing_run_inside_jit(keys):
    @jax.jit
    def first_views(key):
        levels = keys.sample(key=key, distribution="train", count=4)
        return jax.vmap(lambda level: keys.observe(level, jnp.int32(0)))(levels)

    levels = keys.sample(key=jax.random.key(1), distribution="train", count=4)
    expected = jax.vmap(lambda level: keys.observe(level, jnp.int32(0)))(levels)
    np.testing.assert_array_equal(first_views(jax.random.key(1)), expected)
    assert keys.observe_states(levels[0]).shape == (levels.states, 7, 7, 3)


def test_a_level_alone_equals_the_one_in_a_batch(keys):
    batch = keys.sample(key=jax.random.key(0), distribution="train", count=3)
    place = batch.layout.seed.tolist().index(6)
    alone, states = keys.level(6), keys.level(6).states
    np.testing.assert_array_equal(alone.successors, batch[place].successors[:states])
    assert keys.format(alone, 0) == keys.format(batch[place], 0)
    assert keys.format(alone).count("K") == 1
    row, column = keys.position(alone, 0)
    assert keys.format(alone, 0).splitlines()[row][column] in ">v<^"
    assert set("".join(keys.format(alone, 0).split())) <= set(keys.legend)


def test_text_cannot_be_parsed_and_says_so(keys):
    with pytest.raises(WorldError, match="Choose levels by their seeds"):
        keys.parse("###")


@pytest.mark.parametrize(
    ("name", "horizon", "largest"),
    [("FrozenLake-v1", 150, 1), ("CliffWalking-v1", 150, 100), ("MiniGrid-Empty-5x5-v0", 80, 1)],
)
def test_exact_values_of_a_wandering_policy_equal_a_monte_carlo_estimate(name, horizon, largest):
    discount, episodes = 0.9, 300
    world = gymnasium_world(name, {"discount": str(discount), "levels": "1"})
    level = world.level(0)
    generator = np.random.default_rng(0)
    law = np.full(level.actions, 0.3 / (level.actions - 1))
    law[2] = 0.7
    policy = np.broadcast_to(law, (level.states, level.actions))
    objectives = compile_objectives(world).select("return")
    exact = returns(level, policy_values(level, policy, objectives))[0]
    environment = gymnasium.make(name, max_episode_steps=-1)
    totals = np.zeros(episodes)
    for episode in range(episodes):
        environment.reset(seed=episode)
        for step in range(horizon):
            _, reward, terminated, _, _ = environment.step(int(generator.choice(level.actions, p=law)))
            reward = float(reward > 0) if "MiniGrid" in name else reward
            totals[episode] += discount**step * reward
            if terminated:
                break
    half = stats.t.ppf(0.9995, episodes - 1) * totals.std(ddof=1) / np.sqrt(episodes)
    assert half > 0
    beyond_the_horizon = discount**horizon * largest / (1 - discount)
    assert beyond_the_horizon < half
    assert abs(totals.mean() - exact) < half + beyond_the_horizon


def test_an_endless_walk_along_the_cliff_has_a_finite_value():
    world = gymnasium_world("CliffWalking-v1", {})
    level = world.level(0)
    right = np.zeros((level.states, level.actions))
    right[:, world.actions.index("right")] = 1
    value = returns(level, policy_values(level, right, compile_objectives(world).select("return")))[0]
    # From the start it falls at once, and again in every step that follows.
    assert value == pytest.approx(-100 / (1 - 0.99), rel=1e-5)


def test_options_are_sorted_into_ours_and_the_environments():
    world = gymnasium_world("FrozenLake-v1", {"map_name": "8x8", "is_slippery": "false", "discount": "0.5"})
    assert world.settings == '{"is_slippery": "false", "map_name": "8x8"}'
    assert world.discount == 0.5
    level = world.level(0)
    assert (level.states, level.successors.shape[-1]) == (64, 1)
    other = world.with_options({"map_name": "4x4"})
    assert isinstance(other, GymnasiumWorld)
    assert (other.level(0).states, other.discount) == (16, 0.5)


@pytest.mark.parametrize(
    ("text", "value"),
    [("8x8", "8x8"), ("False", False), ("true", True), ("3", 3), ('["SG"]', ["SG"]), ("exit()", "exit()")],
)
def test_literals_are_data_and_never_code(text, value):
    assert literal(text) == value


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("FrozenLak-v1", {}, UsageError, "Did you mean 'FrozenLake-v1'"),
        ("FrozenLake-v99", {}, UsageError, "Did you mean 'FrozenLake-v1'"),
        ("MiniGrid-Emty-5x5-v0", {}, UsageError, "Did you mean 'MiniGrid-Empty-5x5-v0'"),
        (
            "Banana-v3",
            {},
            UsageError,
            r"no Gymnasium environment named 'Banana-v3'\. An environment of",
        ),
        ("a/b:c/d", {}, UsageError, "cannot be the name of a module"),
        ("x" * 5000, {}, UsageError, "There is no Gymnasium environment named 'xxx"),
        ("", {}, UsageError, "names no environment"),
        ("json:Banana-v3", {}, UsageError, "Module 'json' was imported, but no environment 'Banana-v3'"),
        ("FrozenLake-v1", {"map_nam": "8x8"}, UnknownNameError, "Did you mean 'map_name'"),
        ("FrozenLake-v1", {"max_state": "8"}, UnknownNameError, "Did you mean 'max_states'"),
        ("FrozenLake-v1", {"map_name": "9x9"}, UsageError, "map_name='9x9': KeyError"),
        ("MiniGrid-DoorKey-5x5-v0", {"sice": "6"}, UnknownNameError, "Did you mean 'size'"),
        ("FrozenLake-v1", {"discount": "often"}, UsageError, "Option discount 'often' is not a number"),
        ("FrozenLake-v1", {"discount": "1"}, WorldError, r"discount must be in \(0, 1\)"),
        ("FrozenLake-v1", {"levels": "1" + "0" * 20}, UsageError, "Option levels 10+ is more than"),
        ("FrozenLake-v1", {"levels": "5000"}, WorldError, "levels in 1 to 4,096"),
        ("FrozenLake-v1", {"first_seed": "5000000000"}, UsageError, "Option first_seed 5000000000 is more than"),
        ("FrozenLake-v1", {"first_seed": "-1"}, WorldError, "first_seed in 0 to"),
        ("FrozenLake-v1", {"discount": "nan"}, UsageError, "Option discount nan is not a finite number"),
        ("FrozenLake-v1", {"ignore": "s"}, UsageError, "holds nothing to ignore"),
        ("FrozenLake-v1", {"render_mode": "human"}, UsageError, "set by Mesascope itself"),
        ("FrozenLake-v1", {"observation": "imag"}, UnknownNameError, "Did you mean 'image'"),
        ("FrozenLake-v1", {"map_name": "None"}, WorldError, "draws its table anew.*desc="),
        ("no_such_module:Thing-v0", {}, UsageError, "Cannot import 'no_such_module'"),
    ],
)
def test_bad_input_gives_one_clear_message(name, options, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        gymnasium_world(name, options)


def test_only_advice_that_holds_is_given():
    with pytest.raises(WorldError) as pendulum:
        gymnasium_world("Pendulum-v1", {})
    assert "--world-option" not in str(pendulum.value)
    with pytest.raises(WorldError, match=r"draws random numbers.*Its own options.*natural, sab") as cards:
        gymnasium_world("Blackjack-v1", {}).level(0)
    assert "n_obstacles" not in str(cards.value)
    with pytest.raises(WorldError, match="n_obstacles=0"):
        gymnasium_world("MiniGrid-Dynamic-Obstacles-5x5-v0", {"levels": "1"}).level(0)
    still = gymnasium_world("MiniGrid-Dynamic-Obstacles-5x5-v0", {"levels": "1", "n_obstacles": "0"})
    assert still.level(0).states > 30


@pytest.mark.parametrize("name", ["FrozenLake-v1", "MiniGrid-DoorKey-5x5-v0"])
def test_too_many_states_names_the_limit_and_the_option(name):
    with pytest.raises(WorldError, match=r"15.*max_states=N"):
        gymnasium_world(name, {"max_states": "15", "levels": "1"}).level(0)


def test_without_gymnasium_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(MissingExtraError, match=r"\[sb3\]"):
        gymnasium_world("FrozenLake-v1", {})


def test_without_minigrid_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "minigrid", None)
    with pytest.raises(MissingExtraError, match=r"minigrid.*\[sb3\]"):
        gymnasium_world("MiniGrid-Empty-5x5-v0", {})


def test_a_module_of_the_users_own_registers_its_environment(tmp_path, monkeypatch):
    (tmp_path / "my_lake.py").write_text(
        "import gymnasium\n"
        "gymnasium.register('MyLake-v0', 'gymnasium.envs.toy_text:FrozenLakeEnv', kwargs={'desc': ['SFG']})\n"
    )
    monkeypatch.chdir(tmp_path)
    try:
        world = gymnasium_world("my_lake:MyLake-v0", {"is_slippery": "False"})
        assert world.name == "gym:my_lake:MyLake-v0"
        assert world.format(world.level(0)) == "S.G"
    finally:
        gymnasium.registry.pop("MyLake-v0", None)
        sys.modules.pop("my_lake", None)


def test_importing_the_package_imports_no_extra():
    import subprocess

    code = (
        "import sys, mesascope.worlds.gymnasium; print(sorted({'gymnasium', 'minigrid', 'torch'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
