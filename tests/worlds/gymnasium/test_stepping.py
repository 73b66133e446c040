"""Environments that do not do as Gymnasium asks: the message names the true cause, whatever they do."""

import itertools
import os

import jax
import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from mesascope.core.boundary import guarded_process  # noqa: E402
from mesascope.core.errors import MesascopeError, WorldError  # noqa: E402
from mesascope.worlds.gymnasium import gymnasium_world  # noqa: E402


class Line(gymnasium.Env):
    """Four cells in a row; the last is the goal."""

    observation_space = gymnasium.spaces.Box(0.0, 3.0, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cell = 0
        return self.see(), {}

    def see(self):
        return np.array([self.cell], np.float32)

    def step(self, action):
        self.cell = max(0, min(3, self.cell + (1 if action else -1)))
        return self.see(), self.pay(), self.cell == 3, False, {}

    def pay(self):
        return float(self.cell == 3)


def _line(**methods):
    return type("Line", (Line,), methods)


def _raising(error):
    def method(self, *arguments, **options):
        raise error

    return method


class OwnError(BaseException):
    pass


class Talker(Line):
    def step(self, action):
        print("stepping")
        return super().step(action)


class Forgetful(Line):
    """Changes the array that it has returned before."""

    def reset(self, **options):
        self.shown = np.zeros(1, np.float32)
        return super().reset(**options)

    def see(self):
        self.shown[0] = self.cell
        return self.shown


class Mapped(Line):
    observation_space = gymnasium.spaces.Dict(cell=gymnasium.spaces.Discrete(4))

    def see(self):
        return {"cel": self.cell}


class Bytes(Line):
    observation_space = gymnasium.spaces.Box(0, 255, (1,), np.uint8)

    def see(self):
        return np.array([self.cell / 2])


class Numbered(Line):
    observation_space = gymnasium.spaces.Discrete(3)

    def see(self):
        return self.cell


STARTS = itertools.cycle(range(3))

FAULTS = {
    "text as reward": (_line(pay=lambda self: "1.0"), r"step\(\) returned the text '1.0' as reward, not a number"),
    "no reward": (_line(pay=lambda self: None), r"returned None as reward"),
    "a list of texts as reward": (_line(pay=lambda self: ["a", "b"]), r"returned 2 things in a list as reward"),
    "reward NaN": (_line(pay=lambda self: np.nan), r"paid a reward of nan"),
    "reward infinite": (_line(pay=lambda self: np.float32(np.inf)), r"paid a reward of inf"),
    "rewards in a vector": (_line(pay=lambda self: np.zeros(3)), r"pays vectors of 3 rewards.*one number"),
    "another shape": (_line(see=lambda self: np.zeros((1, 2))), r"shape \[1, 2\], but its observation space is Box"),
    "text seen": (_line(see=lambda self: "here"), r"shows a str, not numbers, but its observation space"),
    "objects seen": (_line(see=lambda self: np.array([object()])), r"shows a ndarray, not numbers"),
    "ragged": (_line(see=lambda self: [[1], [1, 2]]), r"raised ValueError when its observation was read"),
    "NaN seen": (_line(see=lambda self: np.array([np.nan])), r"shows nan, which is no finite number"),
    "infinite seen": (_line(see=lambda self: np.array([-np.inf])), r"shows -inf, which is no finite number"),
    "fractions as bytes": (Bytes, r"shows float64 numbers that are no uint8"),
    "a part is missing": (Mapped, r"raised KeyError when its observation was read"),
    "outside of the space": (Numbered, r"shows 3, which is outside of it"),
    "four things": (_line(step=lambda self, action: (self.see(), 0.0, False, {})), r"4 things.*older gym.*five things"),
    "one thing": (_line(step=lambda self, action: None), r"step\(\) returned None, not the five"),
    "no info": (_line(step=lambda self, a: (self.see(), 0.0, False, False, None)), r"returned None as info"),
    "words as flags": (_line(step=lambda self, a: (self.see(), 0.0, "no", False, {})), r"'no' as 'terminated'"),
    "reset without info": (_line(reset=lambda self, **o: np.zeros(1, np.float32)), r"reset\(\) returned a ndarray"),
    "reset raises": (_line(reset=_raising(RuntimeError("out of order"))), r"raised RuntimeError when it was reset"),
    "step raises": (
        _line(step=_raising(RuntimeError("out of order"))),
        r"raised RuntimeError when an action was tried",
    ),
    "step exits": (_line(step=_raising(SystemExit(0))), r"tried to exit with code 0"),
    "step leaves by an error of its own": (_line(step=_raising(OwnError("x"))), r"raised OwnError"),
    "step interrupts": (_line(step=_raising(KeyboardInterrupt())), r"raised KeyboardInterrupt.*though nobody"),
    "step ends the process": (_line(step=lambda self, action: os._exit(0)), r"tried to end the process"),
    "copying raises": (_line(__deepcopy__=_raising(OwnError("no"))), r"cannot be cloned.*raised OwnError"),
    "ever so many actions": (_line(action_space=gymnasium.spaces.Discrete(10**9)), r"has 1,000,000,000 actions"),
    "ever so wide": (_line(observation_space=gymnasium.spaces.Discrete(10**9)), r"vectors of 1,000,000,000 numbers"),
    "no spaces": (_line(action_space=None), r"actions of .* are a NoneType"),
    "no observations": (_line(observation_space=None), r"are a NoneType, of which no array"),
    "making raises": (_line(__init__=_raising(SystemExit(3))), r"tried to exit with code 3 when it was made"),
    "control characters": (_line(step=_raising(ValueError("\x1b[31m" + "x" * 10**5))), r"raised ValueError"),
    "another start each time": (
        _line(reset=lambda self, **o: (setattr(self, "cell", next(STARTS)), (self.see(), {}))[1]),
        r"began in two different ways when it was reset with seed 0 twice",
    ),
}


@pytest.fixture
def made():
    def make(kind, **options):
        gymnasium.registry.pop("MesascopeLine-v0", None)
        gymnasium.register(id="MesascopeLine-v0", entry_point=kind)
        return gymnasium_world("MesascopeLine-v0", {"levels": "1", **options})

    yield make
    gymnasium.registry.pop("MesascopeLine-v0", None)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_true_cause_is_named(made, fault):
    kind, message = FAULTS[fault]
    with guarded_process(), pytest.raises(MesascopeError, match=message) as caught:
        made(kind).level(0)
    assert "MesascopeLine-v0" in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_what_an_environment_prints_is_no_result(made, capfd):
    assert made(Talker).level(0).states == 4
    printed = capfd.readouterr()
    assert "stepping" not in printed.out
    assert "stepping" in printed.err


def test_observations_are_kept_as_they_were(made):
    level = made(Forgetful).level(0)
    np.testing.assert_array_equal(np.asarray(level.layout.observations).ravel(), [0, 1, 2, 3])


class Masked(Line):
    def action_masks(self):
        return np.array([self.cell > 0, True])

    def step(self, action):
        if not self.action_masks()[action]:
            raise ValueError("there is a wall")
        return super().step(action)


def test_a_world_says_which_actions_it_allows(made):
    world = made(Masked)
    level = world.level(0)
    np.testing.assert_array_equal(np.asarray(world.legal(level))[:, 0], [False, True, True, True])
    # What the environment refuses to do stands for the first action that it allows.
    assert level.successors[0, 0, 0] == level.successors[0, 1, 0] == 1
    levels = world.sample(key=jax.random.key(0), distribution="train", count=1)
    assert world.legal(levels).shape == (1, 4, 2)


def test_a_world_without_masks_allows_all(made):
    world = made(Line)
    assert world.legal(world.level(0)) is None


@pytest.mark.parametrize("mask", [[True], [0.5, 1.0], [False, False], "no"])
def test_a_mask_that_is_none_is_refused(made, mask):
    with pytest.raises(WorldError, match=r"action mask|allows no action"):
        made(_line(action_masks=lambda self: mask)).level(0)


def test_taxi_says_which_actions_it_allows():
    world = gymnasium_world("Taxi-v4", {})
    legal = np.asarray(world.legal(world.level(0)))
    assert legal.shape == (404, 6)
    assert 0.2 < legal.mean() < 0.8
    assert "96 of the 500 states in the table of Taxi-v4 are never entered" in world.notes[0]
