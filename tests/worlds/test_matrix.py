"""Levels and worlds from matrices."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope import level_from_matrix, recover, world_from_matrix
from mesascope.core.errors import UsageError, WorldError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.check import check_world


def corridor() -> np.ndarray:
    """Three states in a row; the second action slips back one time in ten; the last state is terminal."""
    transitions = np.zeros((3, 2, 3))
    transitions[0, 0, 0] = transitions[0, 1, 1] = transitions[1, 0, 0] = 1.0
    transitions[1, 1] = [0.1, 0.0, 0.9]
    transitions[2, :, 2] = 1.0
    return transitions


OVER = np.array([False, False, True])
ARRIVED = np.broadcast_to(OVER.astype(float), (3, 2, 3)) * ~OVER[:, None, None]


def test_a_level_holds_the_numbers_that_were_given():
    level = level_from_matrix(corridor(), ARRIVED, discount=0.5, terminal=OVER, initial=np.array([1.0, 0, 0]))
    dense = np.zeros((3, 2, 3))
    paid = np.zeros((3, 2, 3))
    for place in np.ndindex(level.successors.shape):
        dense[*place[:2], level.successors[place]] += level.probabilities[place]
        paid[*place[:2], level.successors[place]] += level.probabilities[place] * level.attributes[place][0]
    assert np.allclose(dense, corridor())
    assert np.allclose(paid, corridor() * ARRIVED)


@pytest.mark.parametrize(
    ("rewards", "values"),
    [
        # By hand: V1 = 0.9 + 0.1 * 0.5 * V0, V0 = 0.5 * V1.
        (ARRIVED, [0.5 * 0.9 / 0.975, 0.9 / 0.975, 0]),
        # For acting in state 1: V0 = 0.5 * V1, V1 = 1 + 0.5 * max(V0, 0.1 * V0).
        ([0, 1, 0], [0.5 / 0.75, 1 / 0.75, 0]),
        ([[0, 0], [0, 1], [0, 0]], [0.5 / 0.975, 1 / 0.975, 0]),
    ],
    ids=["transitions", "states", "actions"],
)
def test_rewards_of_states_actions_and_transitions(rewards, values):
    world = world_from_matrix(corridor(), np.array(rewards, float), discount=0.5, terminal=OVER)
    level = world.sample(key=root_key(0), distribution="train", count=1)
    found = optimal_action_values(level, compile_objectives(world).select("reward"))[0, 0].max(-1)
    assert np.allclose(found * ~OVER, values, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"transitions": corridor()[..., :2]}, r"shape \[3, 2, 2\] are not \[S, A, S\]"),
        ({"transitions": corridor().transpose(1, 0, 2)}, r"P.transpose\(1, 0, 2\)"),
        ({"transitions": corridor() * 0.9}, "action 0 in state 0 .* not a law"),
        ({"transitions": np.full((3, 2, 3), np.nan)}, r"finite; the entry \[0, 0, 0\] is nan"),
        ({"transitions": "P"}, "must be an array of numbers"),
        ({"rewards": np.ones(2)}, r"none of \[3\] .*\[3, 2\] .*\[3, 2, 3\]"),
        ({"rewards": np.ones(3)}, "State 2 is terminal and has a reward .* pays on arrival"),
        ({"terminal": [2]}, "true or false for each of the 3 states.*isin"),
        ({"initial": np.array([0.0, 0, 1])}, "over states that are not terminal"),
        ({"discount": 1.0}, "Discount 1.0 is not in"),
    ],
)
def test_matrices_that_are_none_say_why(changes, message):
    given = {"transitions": corridor(), "rewards": ARRIVED, "discount": 0.5, "terminal": OVER} | changes
    with pytest.raises(WorldError, match=message):
        world_from_matrix(given.pop("transitions"), given.pop("rewards"), **given)


def test_names_are_checked():
    with pytest.raises(WorldError, match="3 different names of states"):
        world_from_matrix(corridor(), ARRIVED, discount=0.5, terminal=OVER, states=("a", "a", "b"))
    with pytest.raises(WorldError, match="named 'reward'"):
        world_from_matrix(corridor(), ARRIVED, discount=0.5, terminal=OVER, states=("a", "reward", "b"))


def test_the_world_keeps_the_contract():
    shifted = corridor()
    shifted[1, 1] = [0.5, 0, 0.5]
    world = world_from_matrix(corridor(), ARRIVED, discount=0.5, terminal=OVER, deploy=(shifted, ARRIVED))
    failed = [result for result in check_world(world, key=root_key(0), levels=2) if not result.passed]
    assert failed == []
    assert world == world_from_matrix(corridor(), ARRIVED, discount=0.5, terminal=OVER, deploy=(shifted, ARRIVED))
    assert world != world_from_matrix(corridor(), ARRIVED, discount=0.5, terminal=OVER)


def test_who_always_goes_right_where_right_is_all_there_is_may_have_a_habit():
    world = world_from_matrix(corridor(), ARRIVED, discount=0.5, terminal=OVER, states=("left", "middle", "right"))
    levels = world.sample(key=root_key(0), distribution="train", count=1)
    right = np.array([[[0.1, 0.9]] * 3])
    found = recover(right, levels, world=world, planner="noisy")
    with pytest.raises(UsageError, match="habit"):
        found.distance("reward")
