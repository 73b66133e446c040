import random
import threading

import jax
import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from mesascope.core.errors import WorldError  # noqa: E402
from mesascope.worlds.gymnasium import gymnasium_world  # noqa: E402


class Ring(gymnasium.Env):
    """Seven cells in a ring; the seed chooses the first. Carrying the coin to cell 0 ends the episode."""

    observation_space = gymnasium.spaces.Dict(
        {"cell": gymnasium.spaces.Discrete(7), "coin": gymnasium.spaces.MultiBinary(1)}
    )
    action_space = gymnasium.spaces.Discrete(3, start=1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cell, self.coin = int(self.np_random.integers(1, 7)), [0]
        return self._see(), {}

    def _see(self):
        return {"cell": self.cell, "coin": np.array(self.coin, np.int8)}

    def step(self, action):
        self.cell = (self.cell + {1: -1, 2: 1, 3: 0}[int(action)]) % 7
        if action == 3 and self.cell == 3:
            self.coin[0] = 1
        delivered = self.cell == 0 and self.coin[0] == 1
        return self._see(), 5.0 * delivered, delivered, False, {}


class Noisy(Ring):
    def step(self, action):
        self.np_random.random()
        return super().step(action)


class Global(Ring):
    """Draws from a generator that no copy of the environment holds."""

    def step(self, action):
        return super().step(random.choice([1, 2]))


class Hidden(Ring):
    """Keeps a counter where copies do not reach, and breaks once it has been enumerated (in 78 steps)."""

    count = [0]

    def step(self, action):
        self.count[0] += 1
        return super().step(action if self.count[0] <= 100 else 3)


class Locked(Ring):
    def reset(self, **arguments):
        self.lock = threading.Lock()
        return super().reset(**arguments)


class Handle(Ring):
    """Holds something whose state Python cannot read but can copy."""

    class Thing:
        __slots__ = ()

        def __reduce__(self):
            raise TypeError("no state")

        def __deepcopy__(self, memo):
            return self

    def reset(self, **arguments):
        self.handle = self.Thing()
        return super().reset(**arguments)


class Counting(Ring):
    def reset(self, **arguments):
        self.steps = 0
        return super().reset(**arguments)

    def step(self, action):
        self.steps += 1
        return super().step(action)


class Drifting(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,))
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x = 0.0
        return np.array([0.0], np.float32), {}

    def step(self, action):
        self.x = self.x / 2 + (0.37, -0.61)[action]
        return np.array([self.x], np.float32), 0.0, False, False, {}


class Pixels(Ring):
    observation_space = gymnasium.spaces.Box(0, 255, (60, 60, 3), np.uint8)

    def _see(self):
        return np.full(self.observation_space.shape, self.cell, np.uint8)


class Texts(Ring):
    observation_space = gymnasium.spaces.Text(5)

    def _see(self):
        return "ring"


class Broken(Ring):
    def step(self, action):
        raise RuntimeError("out of order")


KINDS = (Ring, Noisy, Global, Hidden, Locked, Handle, Counting, Drifting, Pixels, Texts, Broken)


@pytest.fixture(autouse=True)
def registered():
    for kind in KINDS:
        gymnasium.register(id=f"Mesascope{kind.__name__}-v0", entry_point=kind)
    yield
    for kind in KINDS:
        del gymnasium.registry[f"Mesascope{kind.__name__}-v0"]


def _world(kind, **options):
    return gymnasium_world(f"Mesascope{kind.__name__}-v0", {"levels": "3", **options})


def test_the_ring_is_enumerated():
    world = _world(Ring)
    assert world.distributions == ("train", "deploy")
    level = jax.tree.map(np.asarray, world.level(0))
    # Seven cells without the coin, six with it, and the end.
    assert level.states == 14
    assert level.terminal.sum() == 1
    assert world.observation_shape == (8,)
    events = {name: level.attributes[..., index] for index, name in enumerate(world.attributes)}
    np.testing.assert_array_equal(events["reward"], 5 * events["goal"])
    assert events["goal"].sum() == events["termination"].sum() == 2
    assert (events["stay"] + events["move"] == events["step"]).all()
    assert (events["stay"][:, 2] == ~level.terminal[:, None] - events["move"][:, 2]).all()
    end = int(np.argmax(level.terminal))
    np.testing.assert_array_equal(level.layout.observations[end], [1, 0, 0, 0, 0, 0, 0, 1])


def test_equal_levels_are_equal_whatever_the_seed():
    world = _world(Ring)
    levels = world.sample(key=jax.random.key(0), distribution="train", count=3)
    firsts = {int(state) for state in np.asarray(levels.layout.observations)[:, 0].argmax(-1)}
    assert len(firsts) > 1
    assert np.asarray(levels.reachable).all()


def test_a_walk_agrees_with_the_environment():
    world = _world(Ring)
    level = jax.tree.map(np.asarray, world.level(1))
    environment, generator = gymnasium.make("MesascopeRing-v0"), np.random.default_rng(0)
    for _ in range(20):
        environment.reset(seed=1)
        state = 0
        for action in generator.integers(3, size=40):
            seen, reward, terminated, _, _ = environment.step(int(action) + 1)
            assert level.attributes[state, action, 0, world.attributes.index("reward")] == reward
            state = int(level.successors[state, action, 0])
            np.testing.assert_array_equal(level.layout.observations[state], world._source.encoding.encode(seen))
            assert level.terminal[state] == terminated
            if terminated:
                break


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Noisy, "draws random numbers while it runs"),
        (Global, "did two things"),
        (Hidden, "behaved differently when it was run than when it was cloned"),
        (Locked, r"cannot be cloned|whose state cannot be read"),
        (Handle, r"handle holds a .*Thing.*ignore=handle"),
        (Texts, "are a Text, of which no array can be made"),
        (Broken, "raised RuntimeError when an action was tried: out of order"),
    ],
)
def test_what_cannot_be_enumerated_says_why(kind, message):
    random.seed(0)
    Hidden.count[0] = 0
    with pytest.raises(WorldError, match=message):
        _world(kind).level(0)


def test_a_handle_that_does_not_matter_can_be_ignored():
    assert _world(Handle, ignore="handle").level(0).states == 14


def test_a_counter_makes_states_endless_and_can_be_ignored():
    with pytest.raises(WorldError, match=r"more than 100 reachable states.*max_states=N.*ignore=NAME"):
        _world(Counting, max_states="100").level(0)
    assert _world(Counting, ignore="steps").level(0).states == 14


def test_what_needs_pixels_is_given_up(monkeypatch):
    monkeypatch.setattr("mesascope.worlds.gymnasium.enumeration.OBSERVATION_BYTES", 100_000)
    with pytest.raises(WorldError, match=r"take 10,800 bytes each; those of 9 states.*pixels.*observation=image"):
        _world(Pixels).level(0)


def test_continuous_states_are_given_up(monkeypatch):
    monkeypatch.setattr("mesascope.worlds.gymnasium.enumeration.TREE_STATES", 200)
    with pytest.raises(WorldError, match="No two ways led to the same state among the first 200 states"):
        _world(Drifting).level(0)


def test_continuous_actions_are_refused():
    with pytest.raises(WorldError, match=r"are a Box .* needs a Discrete space"):
        gymnasium_world("Pendulum-v1", {})
