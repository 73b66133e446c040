"""Deliberately broken worlds must be caught, each by the check that is there for it."""

import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.worlds.check import check_world
from mesascope.worlds.maze import Maze
from mesascope.worlds.world import ObjectiveSpec, reach

GOOD = Maze(size=5, walls="open")
KEY = jax.random.key(0)
LEVELS = 8


def broken(**overrides):
    return type("Broken", (Maze,), overrides)(size=5, walls="open")


def with_level(change):
    """A world whose levels are good ones with something changed."""

    def sample(self, *, key, distribution, count):
        return change(GOOD.sample(key=key, distribution=distribution, count=count))

    return broken(sample=sample)


def setting(field, value):
    return with_level(lambda level: eqx.tree_at(lambda level: getattr(level, field), level, replace_fn=value))


def failures(world):
    return {result.name: result.message for result in check_world(world, key=KEY, levels=LEVELS) if not result.passed}


def test_a_good_world_passes_and_says_what_was_found():
    results = {result.name: result for result in check_world(GOOD, key=KEY, levels=LEVELS)}
    assert all(result.passed for result in results.values())
    assert results["shapes (train)"].message == "8 levels, 9 states, 5 actions, 1 outcomes"
    assert results["reachable states (deploy)"].message == "100% of the states"


def walled_goal(level):
    """The goal can be seen but not reached: moves onto it stay where they are."""
    goal = level.layout.objects[..., 0]
    onto = jax.vmap(lambda goal, successors: goal[successors])(goal, level.successors)
    here = jnp.arange(level.states)[:, None, None]
    attributes = jnp.where(onto[..., None], 0.0, level.attributes)
    level = eqx.tree_at(lambda level: level.attributes, level, attributes)
    level = eqx.tree_at(lambda level: level.successors, level, jnp.where(onto, here, level.successors))
    return eqx.tree_at(lambda level: level.reachable, level, ~goal)


CASES = {
    "probabilities": (setting("probabilities", lambda array: array * 0.5), "sum to 0.5 in level 0, state 0, action 0"),
    "negative": (setting("probabilities", lambda array: array.at[1, 2].set(-1.0)), "negative"),
    "successors": (setting("successors", lambda array: array.at[3, 4, 1].set(99)), "level 3, state 4, action 1"),
    "first states": (setting("initial", lambda array: array * 2), "initial sums to 2"),
    "terminal": (setting("terminal", lambda array: ~array), "begin in a state that is terminal"),
    "discount": (setting("discount", lambda array: array + 0.05), "between 0 and 1"),
    "attributes": (setting("attributes", lambda array: array.at[2, 1, 0, 0, 0].set(np.nan)), "'goal' is not finite"),
    "unmarked": (
        setting("reachable", lambda array: array.at[1, 5].set(False)),
        "can be visited but are not marked|not mark",
    ),
    "solvable": (with_level(walled_goal), "8 of 8 levels cannot be solved under the base objective 'goal'"),
    "shapes": (setting("attributes", lambda array: array[..., :-1]), "attributes has shape"),
    "kinds": (setting("reachable", lambda array: array.astype(jnp.float32)), "not booleans"),
    "batch": (with_level(lambda level: level[0]), "must return a batch"),
    "not a level": (with_level(lambda level: level.layout), "GridLayout, not a Level"),
}


@pytest.mark.parametrize("case", CASES)
def test_broken_levels_are_caught(case):
    world, message = CASES[case]
    found = failures(world)
    assert any(re.search(message, text) for text in found.values()), found
    assert any(name.endswith("(train)") for name in found)


def test_states_that_nobody_visits_are_caught_with_the_remedy():
    goal_first = setting("initial", lambda array: array)
    assert failures(goal_first) == {}
    blocked = setting("successors", lambda array: jnp.broadcast_to(jnp.arange(9)[:, None, None], array.shape))
    assert "mesascope.reachable_states computes" in failures(blocked)["reachable states (train)"]


DECLARATIONS = {
    "unknown weight": ({"objectives": (reach("gaol", name="goal"),)}, "Did you mean 'goal'"),
    "unknown stop": ({"objectives": (ObjectiveSpec("goal", {"goal": 1.0}, ("ened",)),)}, "named 'ened'"),
    "unknown base": ({"base_objective": "gold"}, "named 'gold'"),
    "doubled": ({"objectives": (*GOOD.objectives, GOOD.objectives[0])}, "objectives holds 'goal' more than once"),
    "no attributes": ({"attributes": ()}, "attributes must be a tuple"),
    "no legend": ({"legend": None}, "legend must map"),
    "motion of another": ({"motion": ("walking",)}, "motion must be a tuple of attributes"),
    "infinite weight": ({"objectives": (ObjectiveSpec("goal", {"goal": float("inf")}),)}, "not finite"),
    "not hashable": ({"__hash__": None}, "cannot be hashed"),
}


@pytest.mark.parametrize("case", DECLARATIONS)
def test_broken_declarations_are_caught_before_anything_is_drawn(case):
    overrides, message = DECLARATIONS[case]
    results = check_world(broken(**overrides), key=KEY, levels=LEVELS)
    assert [(result.name, result.passed) for result in results] == [("declarations", False)]
    assert message in results[0].message


def test_one_distribution_is_noted_because_a_shift_can_be_another_world():
    def sample(self, *, key, distribution, count):
        self.check_distribution(distribution)
        return GOOD.sample(key=key, distribution=distribution, count=count)

    results = check_world(broken(distributions=("train",), sample=sample), key=KEY, levels=LEVELS)
    assert all(result.passed for result in results)
    assert "a shift must be named" in {result.name: result.message for result in results}["distributions"]


def formatted(self, level, state=None):
    return GOOD.format(level, state)


METHODS = {
    "observation shape": (
        {"observe": lambda self, level, state: GOOD.observe(level, state)[1:]},
        "not observation_shape",
    ),
    "observation type": (
        {"observe": lambda self, level, state: GOOD.observe(level, state).astype(jnp.float16)},
        "not float32",
    ),
    "observation values": ({"observe": lambda self, level, state: GOOD.observe(level, state) / 0}, "is not finite"),
    "channels": ({"channels": ("wall", "goal")}, "not observation_shape (5, 5, 2)"),
    "text": ({"format": lambda self, level, state=None: "#####\n#G..#\n#...#\n#...#\n#####"}, "has different"),
    "legend": (
        {"format": lambda self, level, state=None: GOOD.format(level).replace(".", " ")},
        "legend does not explain",
    ),
    "parse": ({"parse": lambda self, text: GOOD.parse(text.replace("G", "."))}, "parse() refuses"),
    "position": ({"position": lambda self, level, state: (9, 9), "format": formatted}, "outside the text form"),
    "place": ({"position": lambda self, level, state: (0, 0)}, "a wall in the text form"),
    "distribution": ({"check_distribution": lambda self, distribution: None}, "accepted a distribution"),
    "options": ({"with_options": lambda self, options: self}, "accepted an option"),
    "raises": ({"observe": lambda self, level, state: 1 // 0}, "raised ZeroDivisionError"),
}


@pytest.mark.parametrize("case", METHODS)
def test_broken_methods_are_caught(case):
    overrides, message = METHODS[case]

    def sample(self, *, key, distribution, count):
        self.check_distribution(distribution)
        return GOOD.sample(key=key, distribution=distribution if distribution == "deploy" else "train", count=count)

    found = failures(broken(sample=sample, **overrides))
    assert any(message in text for text in found.values()), found


def test_a_world_that_ignores_its_key_or_hides_its_agent_is_noted_not_failed():
    draws = iter(range(100))

    def restless(self, *, key, distribution, count):
        self.check_distribution(distribution)
        return GOOD.sample(key=jax.random.key(next(draws)), distribution=distribution, count=count)

    assert "draw only from the key" in failures(broken(sample=restless))["sampling repeats (train)"]

    def blind(self, level, state):
        return GOOD.observe(level, jnp.int32(0))

    def stubborn(self, *, key, distribution, count):
        self.check_distribution(distribution)
        return GOOD.sample(key=KEY, distribution=distribution, count=count)

    results = check_world(broken(observe=blind, sample=stubborn), key=KEY, levels=LEVELS)
    notes = {result.name: result.message for result in results if result.message.startswith("Note")}
    assert all(result.passed for result in results)
    assert "9 states look like 1" in notes["observations tell states apart (train)"]
    assert "another key" in notes["sampling repeats (deploy)"]


def test_a_single_level_is_not_enough():
    with pytest.raises(UsageError, match="levels=1"):
        check_world(GOOD, key=KEY, levels=1)
