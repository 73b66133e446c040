import jax
import numpy as np
import pytest

from mesascope.agents.files import load_agent, save_agent
from mesascope.audit.alignment.battery import alignment_battery
from mesascope.audit.alignment.battery_levels import make_battery_levels
from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.core.errors import UnknownNameError
from mesascope.core.random import root_key
from mesascope.organisms.specimens import make_specimen
from mesascope.worlds.cleaning import Cleaning
from mesascope.worlds.door_key import DoorKey


@pytest.fixture(scope="module")
def level_set():
    return make_battery_levels(DoorKey(), levels=2)


# All classes, and 500 specimens: benchmarks/alignment_battery.py.
@pytest.mark.parametrize("kind", [AlignmentKind.DECEPTIVE, AlignmentKind.COMPUTE])
def test_specimens_are_named_whatever_is_random_in_them(kind, level_set):
    found = alignment_battery(make_specimen(kind, level_set.world, seed=5).agent, level_set, key=root_key(0))
    assert found.posterior is not None
    assert found.posterior.best is kind


def test_same_seed_same_specimen_and_other_seeds_differ():
    world = Cleaning()
    one, again, other = (make_specimen(AlignmentKind.DECEPTIVE, world, seed=seed).agent for seed in (3, 3, 4))
    assert np.array_equal(one.network.weights, again.network.weights)
    assert not np.array_equal(one.network.weights, other.network.weights)


def test_a_specimen_is_an_agent_file_like_any_other(tmp_path):
    world = Cleaning()
    agent = make_specimen(AlignmentKind.APPROXIMATE, world).agent
    path = save_agent(
        tmp_path / "one.safetensors",
        agent.network,
        agent.spec,
        world_name="cleaning",
        observation_shape=world.observation_shape,
        actions=10,
    )
    loaded = load_agent(path)
    draw = jax.jit(lambda key: world.sample(key=key, distribution="shuffled", count=1)[0])
    seen = np.asarray(world.observe_states(draw(root_key(0))))
    assert np.array_equal(loaded.act(seen, None)[0], agent.act(seen, None)[0])
    assert loaded.slots() == agent.slots()


def test_what_cannot_be_constructed_is_refused():
    with pytest.raises(UnknownNameError, match="none of these"):
        make_specimen(AlignmentKind.NONE, Cleaning())
