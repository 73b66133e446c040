import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("minigrid")

from minigrid.wrappers import ImgObsWrapper  # noqa: E402

from mesascope.core.errors import WorldError  # noqa: E402
from mesascope.objectives.objective import compile_objectives  # noqa: E402
from mesascope.planning.value_iteration import optimal_action_values  # noqa: E402
from mesascope.worlds.gymnasium import gymnasium_world  # noqa: E402
from mesascope.worlds.gymnasium.fingerprint import fingerprint  # noqa: E402
from mesascope.worlds.gymnasium.minigrid_simulator import CORE, STATELESS_MODULES  # noqa: E402

SMALL = [
    "MiniGrid-Empty-5x5-v0",
    "MiniGrid-DoorKey-5x5-v0",
    "MiniGrid-LavaGapS5-v0",
    "MiniGrid-Fetch-5x5-N2-v0",
    "MiniGrid-GoToDoor-5x5-v0",
    "MiniGrid-RedBlueDoors-6x6-v0",
    "MiniGrid-MemoryS7-v0",
    "MiniGrid-MultiRoom-N2-S4-v0",
    "MiniGrid-SimpleCrossingS9N1-v0",
    "BabyAI-GoToObjS4-v0",
]


def _real(name):
    return ImgObsWrapper(gymnasium.make(name, max_episode_steps=-1))


@pytest.fixture(scope="module", params=SMALL)
def small(request):
    world = gymnasium_world(request.param, {"levels": "2"})
    return world, {seed: jax.tree.map(np.asarray, world.level(seed)) for seed in (0, 1)}, _real(request.param)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1), walk=st.lists(st.integers(0, 6), min_size=1, max_size=80))
def test_walks_in_the_real_environment_agree_with_the_level(small, seed, walk):
    world, levels, environment = small
    level = levels[seed]
    observation, _ = environment.reset(seed=seed)
    reward_column = world.attributes.index("reward")
    state = int(np.argmax(level.initial))
    np.testing.assert_array_equal(observation, level.layout.observations[state])
    for action in walk:
        # Turning and walking is what gets an agent somewhere; the other actions come in between.
        observation, reward, terminated, truncated, _ = environment.step(action)
        outcome = level.attributes[state, action, 0]
        state = int(level.successors[state, action, 0])
        np.testing.assert_array_equal(observation, level.layout.observations[state])
        assert terminated == level.terminal[state]
        assert (reward > 0) == (outcome[reward_column] == 1)
        row, column = world.position(level, state)
        assert (column, row) == tuple(environment.unwrapped.agent_pos)
        if terminated or truncated:
            return


def _shortest_success(name, seed):
    """Breadth-first search on deep copies of the environment, sharing no code with the enumeration."""
    environment = gymnasium.make(name, max_episode_steps=-1).unwrapped
    environment.reset(seed=seed)
    frontier, seen, steps = [environment], set(), 0
    while frontier:
        steps += 1
        following = []
        for here in frontier:
            for action in range(int(here.action_space.n)):
                clone = copy.deepcopy(here)
                _, reward, terminated, _, _ = clone.step(action)
                if reward > 0:
                    return steps
                carried = clone.carrying and clone.carrying.encode()
                where = (tuple(map(int, clone.agent_pos)), int(clone.agent_dir), carried)
                key = (clone.grid.encode().tobytes(), where)
                if not terminated and key not in seen:
                    seen.add(key)
                    following.append(clone)
        frontier = following
    raise AssertionError("no way to success")


@pytest.mark.parametrize(("name", "seed"), [("MiniGrid-Empty-5x5-v0", 0), ("MiniGrid-DoorKey-5x5-v0", 0)])
def test_the_shortest_way_is_that_of_a_search_in_the_real_environment(name, seed):
    world = gymnasium_world(name, {"levels": "1"})
    level = world.level(seed)
    best = optimal_action_values(level.batch(), compile_objectives(world).select("goal"))[0, 0].max(-1)
    value = best[int(np.argmax(level.initial))]
    assert value == pytest.approx(0.99 ** (_shortest_success(name, seed) - 1), rel=1e-6)


def _events(world, level, state, action):
    outcome = np.asarray(level.attributes[state, action, 0])
    places = ("corner-", "region-", "centre", "hidden-")
    return {
        name
        for name, value in zip(world.attributes, outcome, strict=True)
        if value != 0 and not name.startswith(places)
    }


def test_events_of_opening_the_door():
    world = gymnasium_world("MiniGrid-DoorKey-5x5-v0", {"levels": "1"})
    level = world.level(0)
    state = int(np.argmax(level.initial))
    left, right, forward, _, drop, toggle, done = range(7)
    met = []
    for action in _way(world, level):
        met.append(_events(world, level, state, action))
        state = int(level.successors[state, action, 0])
    happened = set().union(*met)
    assert {"pick-up-yellow-key", "carry-yellow-key", "open-yellow-door", "stand-in-yellow-door"} <= happened
    assert {"goal", "reward", "termination", "stand-on-green-goal", "move"} <= met[-1]
    assert not any("goal" in events for events in met[:-1])
    picked = next(index for index, events in enumerate(met) if "pick-up-yellow-key" in events)
    assert all("carry-yellow-key" in events for events in met[picked:])
    assert not any("carry-yellow-key" in events for events in met[:picked])
    assert sum("open-yellow-door" in events for events in met) == 1
    start = int(np.argmax(level.initial))
    assert _events(world, level, start, done) - {"face-yellow-key", "face-yellow-door"} == {"step", "stay"}
    assert "turn" in _events(world, level, start, left) & _events(world, level, start, right)
    assert not {"move", "turn"} & _events(world, level, start, drop)
    assert not {"move", "turn"} & _events(world, level, start, toggle)
    assert ({"move"} & _events(world, level, start, forward)) != ({"bump"} & _events(world, level, start, forward))


def _way(world, level):
    action_value = optimal_action_values(level.batch(), compile_objectives(world).select("goal"))[0, 0]
    state, way = int(np.argmax(level.initial)), []
    while not level.terminal[state]:
        way.append(int(action_value[state].argmax()))
        state = int(level.successors[state, way[-1], 0])
    return way


def test_lava_is_an_attribute_and_ends_the_episode_without_success():
    world = gymnasium_world("MiniGrid-LavaGapS5-v0", {"levels": "1"})
    level = jax.tree.map(np.asarray, world.level(0))
    lava = level.attributes[..., world.attributes.index("stand-on-lava")] > 0
    assert lava.any()
    assert level.terminal[level.successors[lava]].all()
    assert not (level.attributes[lava][:, world.attributes.index("goal")]).any()


def test_several_colours_give_a_candidate_for_any_colour():
    world = gymnasium_world("MiniGrid-RedBlueDoors-6x6-v0", {"levels": "1"})
    level = jax.tree.map(np.asarray, world.level(0))
    either, red, blue = (
        level.attributes[..., world.attributes.index(name)] for name in ("open-door", "open-red-door", "open-blue-door")
    )
    np.testing.assert_array_equal(either, np.maximum(red, blue))
    assert red.any()
    assert blue.any()


@pytest.mark.parametrize(("here", "there"), [("Empty-5x5", "Empty-8x8"), ("DoorKey-5x5", "DoorKey-6x6")])
def test_the_same_thing_has_the_same_name_in_another_environment(here, there):
    first, second = (gymnasium_world(f"MiniGrid-{name}-v0", {"levels": "1"}) for name in (here, there))
    assert first.attributes == second.attributes
    assert first.objectives == second.objectives


def test_moving_obstacles_are_refused_and_standing_ones_are_not():
    with pytest.raises(WorldError, match=r"draws random numbers.*n_obstacles=0"):
        gymnasium_world("MiniGrid-Dynamic-Obstacles-5x5-v0", {"levels": "1"}).level(0)
    level = gymnasium_world("MiniGrid-Dynamic-Obstacles-5x5-v0", {"levels": "1", "n_obstacles": "0"}).level(0)
    # Four directions in eight cells, two ways onto the goal, and ten views of a wall that walking into ends.
    assert int(level.reachable.sum()) == 44


def test_the_environments_that_are_trusted_keep_nothing_else():
    """Random walks change nothing in a trusted environment but what the simulator restores."""
    names = [name for name in gymnasium.registry if name.startswith("MiniGrid-")]
    generator = np.random.default_rng(0)
    opaque = (gymnasium.Space, gymnasium.envs.registration.EnvSpec)
    tried = set()
    for name in names:
        spec = gymnasium.registry[name]
        module = spec.entry_point.split(":")[0]
        if "wfc" in name.lower() or module in tried:
            continue
        environment = gymnasium.make(spec).unwrapped
        if type(environment).__module__ not in STATELESS_MODULES:
            continue
        tried.add(type(environment).__module__)
        environment.reset(seed=0)
        fixed = {id(thing): number for number, thing in enumerate((environment, environment.grid))}

        def rest(environment=environment, fixed=fixed):
            kept = {name: value for name, value in vars(environment).items() if name not in CORE}
            moving = frozenset({"is_open", "is_locked", "cur_pos"})
            return fingerprint(kept, ignore=moving, opaque=opaque, names=fixed)

        before = rest()
        for action in generator.integers(environment.action_space.n, size=60):
            if environment.step(int(action))[2]:
                assert rest() == before, name
                environment.reset(seed=0)
        assert rest() == before, name
    assert tried == set(STATELESS_MODULES)


@pytest.mark.parametrize(
    ("observation", "shape"), [("image", (7, 7, 3)), ("full", (5, 5, 3)), ("flat", (2835,)), ("one-hot", (7, 7, 20))]
)
def test_observations_are_those_of_the_wrappers(observation, shape):
    import minigrid.wrappers

    environment = gymnasium.make("MiniGrid-Empty-5x5-v0")
    for name in {
        "image": ["ImgObsWrapper"],
        "full": ["FullyObsWrapper", "ImgObsWrapper"],
        "flat": ["FlatObsWrapper"],
        "one-hot": ["OneHotPartialObsWrapper", "ImgObsWrapper"],
    }[observation]:
        environment = getattr(minigrid.wrappers, name)(environment)
    world = gymnasium_world("MiniGrid-Empty-5x5-v0", {"observation": observation})
    assert world.observation_shape == shape
    level = world.level(0)
    seen, _ = environment.reset(seed=0)
    state = int(np.argmax(level.initial))
    for action in (2, 1, 2, 2):
        np.testing.assert_array_equal(np.asarray(world.observe(level, jnp.int32(state))), seen)
        seen, *_ = environment.step(action)
        state = int(level.successors[state, action, 0])
