from __future__ import annotations

import itertools

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.agent import Agent
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof import property as proof_property
from mesascope.proof.abstract_property import possible_actions
from mesascope.proof.box import BadOutputs
from mesascope.proof.enumeration import VACUOUS, enumerate_states
from mesascope.proof.layouts import placements
from mesascope.proof.property import AlwaysActions, Margin, NeverActions, bad_outputs, property_named
from mesascope.proof.set_names import set_named
from mesascope.proof.state_set import Observations, distribution, observations_set
from mesascope.proof.verdict import Status
from mesascope.worlds.cleaning import Cleaning
from mesascope.worlds.corner import Corner
from mesascope.worlds.two_corners import TwoCorners
from mesascope.worlds.world import World

WORLD = Corner(size=5)
ROOM = "#####\n#C..#\n#...#\n#...#\n#####"
UP, DOWN, LEFT, RIGHT, STAY = range(5)


def walker(name: str, goal) -> FunctionAgent:
    """Walks to a goal that it finds in what it sees, rows first."""

    def act(seen: np.ndarray) -> np.ndarray:
        chosen = []
        for one in seen:
            here, there = (tuple(np.argwhere(plane)[0]) for plane in (one[..., 2], goal(one)))
            vertical, horizontal = there[0] - here[0], there[1] - here[1]
            move = (DOWN if vertical > 0 else UP) if vertical else (RIGHT if horizontal > 0 else LEFT)
            chosen.append(STAY if not vertical and not horizontal else move)
        return np.eye(5)[chosen]

    return FunctionAgent(name, act, 5)


def corner(one: np.ndarray) -> np.ndarray:
    plane = np.zeros(one.shape[:2])
    plane[1, 1] = 1
    return plane


TO_CHEESE, TO_CORNER = walker("to cheese", lambda one: one[..., 1]), walker("to corner", corner)
EVERYWHERE = placements(WORLD, WORLD.parse(ROOM))
AT_HOME = placements(WORLD, WORLD.parse(ROOM), region=np.arange(25).reshape(5, 5) == 6)


def fixed(action: int, actions: int) -> FunctionAgent:
    return FunctionAgent("fixed", lambda seen: np.tile(np.eye(actions)[action], (len(seen), 1)), actions)


def test_an_optimal_agent_is_proved_in_all_states():
    found = enumerate_states(TO_CHEESE, property_named(WORLD, always="base-optimal"), EVERYWHERE)
    assert (found.status, found.checked, found.size, found.exact) == (Status.PROVED, 9 * 8, 9 * 8, True)
    assert found.how.startswith("all 72 states evaluated (9 layouts (cheese in each of 9 cells))")


def test_a_pseudo_aligned_agent_is_proved_where_it_was_trained_and_refuted_elsewhere():
    wanted = property_named(WORLD, always="base-optimal")
    assert enumerate_states(TO_CORNER, wanted, AT_HOME).status is Status.PROVED
    found = enumerate_states(TO_CORNER, wanted, EVERYWHERE)
    cells = list(itertools.product(range(3), repeat=2))
    wrong = 0
    for cheese, here in itertools.product(cells, repeat=2):
        # Towards the corner, rows first, is right where the cheese lies in that direction.
        nearer = cheese[0] < here[0] if here[0] else (cheese[1] < here[1] if here[1] else cheese == here)
        wrong += cheese != here and not nearer
    assert found.status is Status.REFUTED
    assert found.how.endswith(f"false in {wrong}")
    assert found.counterexample is not None
    level, behaves = found.counterexample.level, found.counterexample.behaves
    assert level is not None
    assert behaves is not None
    # The cheese in the far corner is what it misses from most places.
    assert level.text == "#####\n#...#\n#...#\n#..C#\n#####"
    assert behaves.text == ROOM
    assert found.counterexample.sentence.startswith("With the cheese in row 3, column 3, it chooses ")
    assert found.counterexample.sentence.endswith(" would be optimal.")
    assert level.agent_path[-1] == (1, 1)
    assert level.base_path[-1] == (3, 3)


def test_what_comes_of_it_is_followed_to_the_end():
    always = property_named(WORLD, always="cheese")
    assert enumerate_states(TO_CHEESE, always, EVERYWHERE).status is Status.PROVED
    assert enumerate_states(TO_CORNER, always, AT_HOME).status is Status.PROVED
    found = enumerate_states(TO_CORNER, always, EVERYWHERE)
    assert found.status is Status.REFUTED
    assert found.counterexample is not None
    assert "'cheese' need not happen" in found.counterexample.sentence
    assert enumerate_states(TO_CHEESE, property_named(WORLD, never="bump"), EVERYWHERE).status is Status.PROVED


@pytest.fixture(scope="module")
def lake() -> World:
    pytest.importorskip("gymnasium")
    from mesascope.worlds.gymnasium.world import gymnasium_world

    return gymnasium_world("FrozenLake-v1", {})


@pytest.mark.parametrize(
    ("action", "text", "kind", "start", "status"),
    [
        # Who always goes up slides along the first row and never leaves it.
        ("up", "fall", "never", "first", Status.PROVED),
        ("up", "fall", "never", "all", Status.REFUTED),
        # Who always goes left slides up and down the first column, at whose end there is a hole.
        ("left", "fall", "never", "first", Status.REFUTED),
        ("left", "hole", "always", "first", Status.PROVED),
        ("up", "hole", "always", "first", Status.REFUTED),
        ("up", "up", "always", "all", Status.PROVED),
    ],
)
def test_frozen_lake(lake: World, action: str, text: str, kind: str, start, status: Status):
    agent = fixed(lake.actions.index(action), 4)
    wanted = property_named(lake, **{kind: text})
    found = enumerate_states(agent, wanted, set_named("train", lake, start=start))
    assert found.status is status


def test_frozen_lake_by_chance(lake: World):
    # To the left from the first state: a walk on three cells above a hole, which it falls into for certain.
    agent, states = fixed(lake.actions.index("left"), 4), set_named("train", lake, start="first")
    assert enumerate_states(agent, property_named(lake, never="fall", at_most=0.99), states).status is Status.REFUTED
    up = fixed(lake.actions.index("up"), 4)
    found = enumerate_states(up, property_named(lake, never="fall", at_most=0.01), states)
    assert (found.status, found.exact) == (Status.PROVED, False)
    # Mostly up and sometimes down: never by its likeliest action, surely by what it draws.
    policy = np.eye(4)[lake.actions.index("up")] * 0.9 + np.eye(4)[lake.actions.index("down")] * 0.1
    mixed = FunctionAgent("mixed", lambda seen: np.tile(policy, (len(seen), 1)), 4)
    wanted = property_named(lake, never="fall")
    assert enumerate_states(mixed, wanted, states).status is Status.PROVED
    assert enumerate_states(mixed, wanted, states, taken_above=0.05).status is Status.REFUTED
    assert enumerate_states(mixed, property_named(lake, never="fall", at_most=0.5), states).status is Status.REFUTED


def test_nothing_tested_is_nothing_proved():
    # There is no cheese in what region is left, so nobody could find it.
    never = property_named(TwoCorners(), never="up,down,left,right,stay")
    assert enumerate_states(fixed(UP, 5), never, distribution(TwoCorners(), "train")).status is Status.REFUTED
    anything = property_named(TwoCorners(), always="up,down,left,right,stay")
    found = enumerate_states(fixed(UP, 5), anything, distribution(TwoCorners(), "train"))
    assert (found.status, found.reason) == (Status.UNKNOWN, VACUOUS)
    empty = enumerate_states(
        fixed(UP, 5), NeverActions(WORLD.actions, ("up",)), observations_set("none", np.zeros((0, 3)))
    )
    assert empty.status is Status.UNKNOWN
    assert "the set is empty" in empty.reason


def test_a_control_must_be_refuted():
    wanted = property_named(WORLD, always="base-optimal")
    assert enumerate_states(TO_CORNER, wanted, AT_HOME, control=EVERYWHERE).status is Status.PROVED
    found = enumerate_states(TO_CORNER, wanted, AT_HOME, control=AT_HOME)
    assert found.status is Status.UNKNOWN
    assert found.reason.endswith("in which it must be false, came back proved")


def test_ties_count_against_the_agent():
    assert possible_actions(np.array([0.5, 0.5, 0.0])).tolist() == [True, True, False]
    assert possible_actions(np.array([0.5, 0.4, 0.1]), 0.05).tolist() == [True, True, True]
    uniform = FunctionAgent("uniform", lambda seen: np.full((len(seen), 5), 0.2), 5)
    assert enumerate_states(uniform, NeverActions(WORLD.actions, ("stay",)), EVERYWHERE).status is Status.REFUTED


def test_bad_outputs_are_the_actions_that_are_not_allowed():
    random = np.random.default_rng(0)
    allowed = np.array([True, False, True, False])
    bad = bad_outputs(allowed)
    assert isinstance(bad, BadOutputs)
    outputs = np.concatenate([random.normal(size=(200, 4)), np.zeros((1, 4))])
    best = outputs == outputs.max(-1, keepdims=True)
    assert bad.holds(outputs).tolist() == (best & ~allowed).any(-1).tolist()
    assert bad_outputs(np.ones(3, bool)) is None
    margin = Margin(("a", "b", "c"), "a", "b", 0.5)
    outputs = random.normal(size=(200, 3))
    assert margin.bad_outputs().holds(outputs).tolist() == (outputs[:, 0] - outputs[:, 1] <= 0.5).tolist()


def test_a_large_set_is_sampled_and_proves_nothing():
    states = set_named("placements+walls:1", WORLD)
    wanted = NeverActions(WORLD.actions, ("stay",))
    found = enumerate_states(fixed(UP, 5), wanted, states, limit=100, sample=30)
    assert found.status is Status.UNKNOWN
    assert "sampled 30 of 90 layouts" in found.how
    assert "30 without a failure rule out (95 %) a share of 0.1 or more" in found.reason
    assert enumerate_states(fixed(STAY, 5), wanted, states, limit=100, sample=30).status is Status.REFUTED
    assert enumerate_states(fixed(UP, 5), wanted, states).status is Status.PROVED


def test_bare_observations():
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 41)] * 2, indexing="ij"), -1).reshape(-1, 2).astype(np.float32)
    agent = FunctionAgent("sign", lambda seen: np.stack([seen[:, 0] > 0.5, seen[:, 0] <= 0.5], -1).astype(float), 2)
    right = observations_set("the right", grid[grid[:, 0] > 0.6])
    wanted = AlwaysActions(("a", "b"), ("a",))
    assert enumerate_states(agent, wanted, right).status is Status.PROVED
    found = enumerate_states(agent, wanted, observations_set("all of it", grid))
    assert found.counterexample is not None
    assert found.counterexample.inputs[0] <= 0.5
    assert found.counterexample.outputs == (0.0, 1.0)
    assert enumerate_states(agent, Margin(("a", "b"), "a", "b", 1.0), right).status is Status.PROVED
    with pytest.raises(UsageError, match="this is a set of observations only"):
        enumerate_states(agent, property_named(WORLD, always="base-optimal"), right)
    many = Observations(words="a grid", size=10**12, rows=lambda index: np.stack([index / 1e12, index * 0], -1))
    found = enumerate_states(agent, AlwaysActions(("a", "b"), ("b",)), many)
    assert found.status is Status.REFUTED
    assert "sampled 4,096 of 10^12.0 observations (a grid)" in found.how


@pytest.mark.slow
def test_indifference_to_a_cue(monkeypatch: pytest.MonkeyPatch):
    world = Cleaning()
    place = world.channels.index("cue")
    blind = FunctionAgent("blind", lambda seen: np.tile(np.eye(10)[0], (len(seen), 1)), 10)
    minding = FunctionAgent("minding", lambda seen: np.eye(10)[(seen[:, 0, 0, place] > 0.5).astype(int)], 10)
    wanted = property_named(world, always="indifferent:cue")
    assert wanted.words == "chooses alike whatever 'cue' shows (0, 1)"
    states = distribution(world, "train")
    assert enumerate_states(blind, wanted, states, sample=8).status is Status.UNKNOWN
    found = enumerate_states(minding, wanted, states, sample=8)
    assert found.status is Status.REFUTED
    monkeypatch.setattr(proof_property, "MOST_VALUES", 8)
    with pytest.raises(UsageError, match="values or more"):
        property_named(world, always="indifferent:sweeps")
    with pytest.raises(UnknownNameError, match=r"channel that an agent sees .* named 'hidden-1'"):
        property_named(world, always="indifferent:hidden-1")


def test_burning_is_a_matter_of_single_choices():
    world = Cleaning()
    burns = world.channels.index("burnt")

    def careful(seen: np.ndarray) -> np.ndarray:
        return np.eye(10)[(seen[:, :, 0, burns] > 0).argmin(-1)]

    def burning(seen: np.ndarray) -> np.ndarray:
        return np.eye(10)[seen[:, :, 0, burns].argmax(-1)]

    wanted = property_named(world, never="burn")
    states = distribution(world, "train")
    found = enumerate_states(FunctionAgent("careful", careful, 10), wanted, states, sample=16)
    assert found.status is Status.UNKNOWN
    assert "16 without a failure" in found.reason
    assert enumerate_states(FunctionAgent("burning", burning, 10), wanted, states, sample=16).status is Status.REFUTED


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, UsageError, "Say what shall hold"),
        ({"always": "up", "never": "down"}, UsageError, "Say what shall hold"),
        ({"never": "chese"}, UnknownNameError, "Did you mean 'cheese'"),
        ({"always": "optimal:chese"}, UnknownNameError, "Did you mean 'cheese'"),
        ({"never": "base-optimal"}, UnknownNameError, "action, attribute or property"),
    ],
)
def test_names_of_properties(given: dict[str, str], error: type[Exception], words: str):
    with pytest.raises(error, match=words):
        property_named(WORLD, **given)


class Patient(Agent):
    """Goes up for so many steps and left from then on; its memory is how many it has gone."""

    name, kind, memoryless = "patient", "test", False

    def __init__(self, steps: int, most: int):
        self.steps, self.most = steps, most

    def initial_state(self, batch: int) -> np.ndarray:
        return np.zeros(batch, int)

    def act(self, observations, state):
        return np.eye(5)[np.where(state < self.steps, UP, LEFT)], np.minimum(state + 1, self.most)


@pytest.mark.parametrize(
    ("agent", "given", "states", "status"),
    [
        (Patient(3, 9), {"always": "cheese"}, AT_HOME, Status.PROVED),
        (Patient(3, 9), {"always": "cheese"}, EVERYWHERE, Status.REFUTED),
        (Patient(1, 9), {"always": "cheese"}, AT_HOME, Status.REFUTED),
        (Patient(3, 9), {"never": "right,down"}, EVERYWHERE, Status.PROVED),
        (Patient(3, 9), {"never": "left"}, EVERYWHERE, Status.REFUTED),
        # Its memory never comes back to what it was: not for ever is nothing proved.
        (Patient(3, 10**6), {"never": "right"}, EVERYWHERE, Status.UNKNOWN),
        (Patient(3, 9), {"always": "base-optimal"}, AT_HOME, Status.REFUTED),
        (Patient(0, 9), {"never": "bump"}, EVERYWHERE, Status.REFUTED),
    ],
)
def test_agents_with_memory_are_rolled_out(agent: Agent, given: dict[str, str], states, status: Status):
    found = enumerate_states(agent, property_named(WORLD, **given), states)
    assert found.status is status
    if status is Status.REFUTED:
        assert found.counterexample is not None
        assert found.counterexample.level is not None
        assert len(found.counterexample.level.agent_path) > 1


def test_what_memory_puts_out_of_reach_is_said(lake: World):
    agent = Patient(3, 9)
    found = enumerate_states(agent, NeverActions(WORLD.actions, ("up",)), EVERYWHERE, taken_above=0.1)
    assert found.reason.startswith("the agent has a memory: what it does in a state hangs on the way there")

    class Slow(Patient):
        def act(self, observations, state):
            return np.eye(4)[np.zeros(len(observations), int)], state

    found = enumerate_states(Slow(3, 9), property_named(lake, never="fall"), set_named("train", lake))
    assert found.reason.startswith("the agent has a memory, and actions have several outcomes")
