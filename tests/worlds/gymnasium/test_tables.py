import functools
import json

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.envs.toy_text import FrozenLakeEnv  # noqa: E402

from mesascope.core.errors import WorldError  # noqa: E402
from mesascope.objectives.objective import compile_objectives  # noqa: E402
from mesascope.planning.value_iteration import optimal_action_values  # noqa: E402
from mesascope.worlds.gymnasium import gymnasium_world  # noqa: E402
from mesascope.worlds.gymnasium.making import literal  # noqa: E402

TOYS = [
    ("FrozenLake-v1", {}, 16, 1),
    ("FrozenLake-v1", {"map_name": "8x8", "is_slippery": "False"}, 64, 1),
    # Behind the wall of holes lie two cells that no way leads to.
    ("FrozenLake-v1", {"desc": '["SFHF", "FHFH", "HFFG"]'}, 6, 1),
    ("CliffWalking-v1", {}, 38, 1),
    ("CliffWalking-v1", {"is_slippery": "True"}, 38, 1),
    ("Taxi-v4", {}, 404, 300),
    ("Taxi-v4", {"is_rainy": "True"}, 404, 300),
]


@functools.cache
def known(name, *options):
    """One world for all tests: Taxi's table takes seconds to read."""
    world = gymnasium_world(name, dict(options))
    return world, world.sample(key=jax.random.key(0), distribution="train", count=1)[0]


@pytest.fixture(scope="module", params=TOYS, ids=lambda toy: f"{toy[0]}-{'-'.join(toy[1].values())}")
def toy(request):
    name, options, states, first = request.param
    world, level = known(name, *options.items())
    return world, jax.tree.map(np.asarray, level), states, first


def test_the_states_are_those_that_can_be_reached(toy):
    world, level, states, first = toy
    assert level.reachable.sum() == level.states == states
    assert (level.initial > 0).sum() == first
    np.testing.assert_allclose(level.probabilities.sum(-1), 1, rtol=1e-6)
    assert level.initial.sum() == pytest.approx(1)
    assert not (level.initial[level.terminal]).any()
    assert world.distributions == ("train",)
    assert world.distinct_levels("train") == 1


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), walk=st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_every_step_of_the_real_environment_is_in_the_table(toy, seed, walk):
    world, level, _, _ = toy
    environment = gymnasium.make(world.environment_id, **_settings(world)).unwrapped
    observation, _ = environment.reset(seed=seed)
    index = {
        (int(level.layout.observations[state]), bool(level.terminal[state])): state for state in range(level.states)
    }
    state = index[observation, False]
    assert level.initial[state] > 0
    reward_column = world.attributes.index("reward")
    for action in walk:
        observation, reward, terminated, _, info = environment.step(action)
        following = index[observation, terminated]
        match = (level.successors[state, action] == following) & (level.probabilities[state, action] > 0)
        match &= level.attributes[state, action, :, reward_column] == reward
        assert match.sum() == 1
        # Outcomes that come to the same are merged, so that theirs is at least the probability of the one drawn.
        probability = info.get("prob", info.get("p"))
        assert level.probabilities[state, action][match].sum() >= probability - 1e-6
        if terminated:
            return
        state = following


def _settings(world):
    return {name: literal(text) for name, text in json.loads(world.settings).items()}


def test_probabilities_equal_the_merged_table_of_the_environment(toy):
    world, level, _, _ = toy
    table = gymnasium.make(world.environment_id, **_settings(world)).unwrapped.P
    codes = level.layout.observations
    for state in np.flatnonzero(~level.terminal):
        for action, outcomes in table[int(codes[state])].items():
            expected = np.zeros(level.states)
            found = np.zeros(level.states)
            for probability, code, _, over in outcomes:
                expected[np.flatnonzero((codes == code) & (level.terminal == over))[0]] += probability
            np.add.at(found, level.successors[state, action], level.probabilities[state, action])
            np.testing.assert_allclose(found, expected, atol=1e-7)


def _optimum(world, level, name):
    objectives = compile_objectives(world).select(name)
    batch = level.batch()
    return float(optimal_action_values(batch, objectives)[0, 0].max(-1) @ np.asarray(batch.initial[0], np.float64))


def test_frozen_lake_has_its_known_optimum():
    world, level = known("FrozenLake-v1")
    # The value of the first state at discount 0.99, as every course on reinforcement learning prints it.
    assert _optimum(world, level, "return") == pytest.approx(0.54202593, abs=1e-6)


def test_the_best_way_along_the_cliff_has_thirteen_steps():
    world, level = known("CliffWalking-v1", ("discount", "0.9"))
    assert _optimum(world, level, "return") == pytest.approx(-(1 - 0.9**13) / 0.1, rel=1e-6)
    assert _optimum(world, level, "goal") == pytest.approx(0.9**12, rel=1e-6)


def test_the_best_taxi_equals_value_iteration_on_the_environments_own_table():
    environment = gymnasium.make("Taxi-v4").unwrapped
    _, code, reward, over = np.array([[row for [row] in table.values()] for table in environment.P.values()]).T
    values = np.zeros(500)
    for _ in range(400):
        values = (reward + 0.99 * (1 - over) * values[code.astype(int)]).max(0)
    world, level = known("Taxi-v4")
    expected = float(values @ environment.initial_state_distrib)
    assert _optimum(world, level, "return") == pytest.approx(expected, rel=1e-6)


def _events(world, level, state, action):
    outcome = np.asarray(level.attributes[state, action, 0])
    return {name for name, value in zip(world.attributes, outcome, strict=True) if value != 0}


def test_events_of_frozen_lake():
    world, level = known("FrozenLake-v1", ("is_slippery", "False"))
    left, down, right, _ = range(4)
    hidden = {"hidden-1", "hidden-2", "hidden-3"}
    assert _events(world, level, 0, left) - hidden == {
        "step", "stay", "act-left", "corner-top-left", "region-2", "region-3", "region-4"
    }  # fmt: skip
    fall = {"step", "move", "act-right", "hole", "termination", "region-2", "region-3", "region-4"}
    assert _events(world, level, 4, right) - hidden == fall
    success = {"reward", "goal", "step", "move", "act-right", "termination", "corner-bottom-right", "region-4"}
    assert _events(world, level, 14, right) - hidden == success
    assert _events(world, level, 5, down) == set()


def test_events_of_the_cliff_and_of_the_taxi():
    world, level = known("CliffWalking-v1")
    start = int(np.argmax(level.initial))
    assert "cliff" in _events(world, level, start, 1)
    assert int(level.successors[start, 1, 0]) == start
    world, level = known("Taxi-v4")
    codes = np.asarray(level.layout.observations)
    environment = gymnasium.make("Taxi-v4").unwrapped
    waiting = int(np.flatnonzero(codes == environment.encode(0, 0, 0, 1))[0])
    assert _events(world, level, waiting, 4) >= {"pick-up-passenger", "carry-passenger", "at-R", "corner-top-left"}
    assert "illegal" in _events(world, level, waiting, 5)
    riding = int(np.flatnonzero(codes == environment.encode(0, 4, 4, 1))[0])
    assert _events(world, level, riding, 5) >= {"goal", "reward", "termination", "drop-off-passenger", "at-destination"}
    assert world.format(level, waiting).splitlines()[1] == "#A..#....D#"
    assert world.position(level, waiting) == (1, 1)


def test_the_same_thing_has_the_same_name_on_another_map():
    (small, _), (large, _) = known("FrozenLake-v1"), known("FrozenLake-v1", ("desc", '["SFHF", "FHFH", "HFFG"]'))
    assert small.attributes == large.attributes
    assert small.objectives == large.objectives


def test_text_and_position_of_frozen_lake():
    world, level = known("FrozenLake-v1")
    assert world.format(level) == "S...\n.H.H\n...H\nH..G"
    assert world.format(level, 6).splitlines()[1] == ".HAH"
    assert world.position(level, 6) == (1, 2)


def test_a_fickle_passenger_is_a_state_that_no_observation_shows():
    world = gymnasium_world("Taxi-v4", {"fickle_passenger": "True", "fickle_probability": "0.25"})
    level = jax.tree.map(np.asarray, world.level(0))
    seen, _ = gymnasium.make("Taxi-v4").reset(seed=0)
    begins = np.flatnonzero((level.layout.observations == seen) & (level.initial > 0))
    law = level.initial[begins] / level.initial[begins].sum()
    np.testing.assert_allclose(sorted(law), [0.25, 0.75], atol=1e-6)
    # One move after the passenger is in, three destinations are equally likely, once.
    several = (level.probabilities > 0).sum(-1) == 3
    np.testing.assert_allclose(level.probabilities[several], 1 / 3, atol=1e-6)
    assert several.any()
    np.testing.assert_allclose(level.probabilities.sum(-1), 1, atol=1e-6)


class Liar(FrozenLakeEnv):
    """Goes elsewhere than its table says."""

    def step(self, action):
        return super().step((int(action) + 1) % 4)


class Leaky(FrozenLakeEnv):
    def __init__(self, **options):
        super().__init__(**options)
        self.P[0][2] = [(0.5, 1, 0.0, False)]


class Priceless(FrozenLakeEnv):
    def __init__(self, **options):
        super().__init__(**options)
        self.P[0][2] = [(1.0, 1, float("nan"), False)]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Liar, "does not do what its own table of transitions"),
        (Leaky, r"P\[0\]\[2\]\) has probabilities that sum to 0.5"),
        (Priceless, r"P\[0\]\[2\]\) pays nan, not one finite number"),
    ],
)
def test_a_table_that_is_none_is_refused(kind, message):
    gymnasium.register(id="MesascopeTable-v0", entry_point=kind, kwargs={"is_slippery": False})
    try:
        with pytest.raises(WorldError, match=message):
            gymnasium_world("MesascopeTable-v0", {})
    finally:
        del gymnasium.registry["MesascopeTable-v0"]
