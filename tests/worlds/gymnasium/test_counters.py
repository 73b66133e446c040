import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from mesascope.core.errors import UnknownNameError, WorldError  # noqa: E402
from mesascope.worlds.gymnasium import gymnasium_world  # noqa: E402

SIDE = 4


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Every call is checked against its annotations here, so that less is tried."""
    monkeypatch.setattr("mesascope.worlds.gymnasium.enumeration.MANY", 60)
    for name, value in (("BRANCHES", 80), ("WALKS", 1), ("WALK_STEPS", 60)):
        monkeypatch.setattr(f"mesascope.worlds.gymnasium.counters.{name}", value)


class Field(gymnasium.Env):
    """A field with a goal in its far corner; after each step `remember` may keep something."""

    observation_space = gymnasium.spaces.Box(0.0, SIDE, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.row, self.column = 0, 0
        self.begin()
        return self.see(), {}

    def see(self):
        return np.array([self.row, self.column], np.float32)

    def step(self, action):
        move = [(-1, 0), (1, 0), (0, -1), (0, 1)][action]
        self.row, self.column = np.clip([self.row + move[0], self.column + move[1]], 0, SIDE - 1).tolist()
        over = self.row == self.column == SIDE - 1
        self.remember(action, float(over))
        return self.see(), self.pay(over), over or self.late(), False, {}

    def begin(self):
        pass

    def remember(self, action, reward):
        pass

    def pay(self, over):
        return float(over)

    def late(self):
        return False


class Counted(Field):
    def begin(self):
        self.step_count = 0

    def remember(self, action, reward):
        self.step_count += 1


class Logged(Field):
    """Everything that third-party environments are seen to keep, in an object of its own and in wrappers' manner."""

    def begin(self):
        self.step_count, self.elapsed, self.last_action, self.last_reward = 0, 0, None, 0.0
        self.log = {"history": [], "budget": 10_000}

    def remember(self, action, reward):
        self.step_count += 1
        self.elapsed += 1
        self.last_action, self.last_reward = action, reward
        self.log["history"].append((self.row, self.column))
        self.log["budget"] -= 1


class Expiring(Counted):
    """The count ends the episode: it is part of the state."""

    def late(self):
        return self.step_count >= 50


class Remembering(Field):
    """What was last done multiplies the states, but they come to an end."""

    def begin(self):
        self.last = [0, 0]

    def remember(self, action, reward):
        self.last = [*self.last[1:], action]


@pytest.fixture
def made():
    def make(kind, **options):
        gymnasium.registry.pop("MesascopeField-v0", None)
        gymnasium.register(id="MesascopeField-v0", entry_point=kind)
        return gymnasium_world("MesascopeField-v0", {"levels": "1", **options})

    yield make
    gymnasium.registry.pop("MesascopeField-v0", None)


@pytest.mark.parametrize(
    ("kind", "grows", "left_out"),
    [
        (Counted, {"step_count"}, {"step_count"}),
        (
            Logged,
            {"step_count", "elapsed", "history", "budget"},
            {"step_count", "elapsed", "history", "budget", "last_action"},
        ),
    ],
)
def test_a_counter_is_named_and_can_be_left_out(made, kind, grows, left_out):
    with pytest.raises(WorldError, match=r"counts: .* grows or shrinks with every step") as caught:
        made(kind).level(0)
    message = str(caught.value)
    named = message.partition("counts: ")[2].partition(" grows")[0].split(", ")
    assert set(named) == grows
    option = message.rpartition("--world-option ignore=")[2].rstrip(".")
    assert left_out <= set(option.split(",")) <= left_out | {"last_reward"}
    assert made(kind, ignore=option).level(0).states == SIDE * SIDE


def test_a_count_that_matters_is_not_offered_to_be_left_out(made):
    world = made(Expiring, max_states="100")
    with pytest.raises(WorldError, match=r"more than 100 reachable states.* Its step_count changes with every step"):
        world.level(0)


def test_ignoring_what_matters_is_found_out(made):
    with pytest.raises(WorldError, match=r"without .*row.* so that what is ignored matters"):
        made(Field, ignore="row").level(0)


def test_ignoring_what_there_is_not_is_refused(made):
    with pytest.raises(UnknownNameError, match=r"that could be ignored named 'colum'. Did you mean 'column'"):
        made(Field, ignore="colum").level(0)


def test_what_comes_to_an_end_is_no_counter(made):
    assert made(Remembering).level(0).states > 100
