from __future__ import annotations

import itertools

import numpy as np
import pytest

from mesascope.proof.outcomes import can_be_avoided, can_happen, chance_of, reached
from tests.levels import random_level, random_policy, stack


def problem(seed: int):
    random = np.random.default_rng(seed)
    levels = stack([random_level(random, states=7, actions=2, attributes=1, terminals=1, unreachable=1, reach=2)] * 1)
    event = (levels.attributes[..., 0] > 0) & (random.random(levels.probabilities.shape) < 0.5)
    return random, levels, event & (levels.probabilities > 0)


def limit(levels, policy: np.ndarray, event: np.ndarray) -> np.ndarray:
    """The chance that the event ever happens, after 2^60 steps: one level, from the definition."""
    states = levels.states
    # Two more states: where it has happened, and where nothing can happen any more.
    step = np.zeros((states + 2, states + 2))
    step[states, states] = step[states + 1, states + 1] = 1.0
    for state in range(states):
        if levels.terminal[0, state] or not levels.reachable[0, state]:
            step[state, states + 1] = 1.0
            continue
        for action, outcome in np.ndindex(*event.shape[2:]):
            after = states if event[0, state, action, outcome] else levels.successors[0, state, action, outcome]
            step[state, after] += policy[0, state, action] * levels.probabilities[0, state, action, outcome]
    for _ in range(60):
        step = step @ step
    return step[:states, states]


@pytest.mark.parametrize("seed", range(12))
def test_the_chance_is_the_limit_of_longer_and_longer_episodes(seed: int):
    random, levels, event = problem(seed)
    policy = random_policy(random, levels)
    found = chance_of(levels, policy, event)[0]
    acting = np.asarray(levels.reachable & ~levels.terminal)[0]
    np.testing.assert_allclose(found[acting], limit(levels, policy, event)[acting], atol=1e-8)
    assert (can_happen(levels, policy > 0, event)[0] == (found > 0))[acting].all()


@pytest.mark.parametrize("seed", range(12))
def test_avoidable_is_what_some_choice_of_possible_actions_avoids(seed: int):
    random, levels, event = problem(seed)
    possible = random.random((1, levels.states, 2)) < 0.7
    possible[..., 0] |= ~possible.any(-1)
    # By brute force: whichever possible action is taken in each state, always the same there.
    least = np.ones(levels.states)
    for taken in itertools.product(*(np.flatnonzero(row) for row in possible[0])):
        least = np.minimum(least, limit(levels, np.eye(2)[list(taken)][None], event))
    acting = np.asarray(levels.reachable & ~levels.terminal)[0]
    found = can_be_avoided(levels, possible, event)[0]
    assert (found == (least < 1 - 1e-9))[acting].all()


def test_reached_follows_possible_actions_only():
    # 0 -> 1 by the first action, 0 -> 2 by the second; 1 and 2 stay.
    levels = stack(
        [random_level(np.random.default_rng(0), states=3, actions=2, outcomes=1, terminals=0, unreachable=0)]
    )
    levels.successors[:] = np.array([[1, 2], [1, 1], [2, 2]])[None, :, :, None]
    levels.initial[:] = [[1.0, 0.0, 0.0]]
    levels.terminal[:] = False
    first = np.array([[True, False]] * 3)[None]
    ends = np.zeros((1, 3, 2, 1), bool)
    assert reached(levels, first, ends).tolist() == [[True, True, False]]
    ends[0, 0, 0] = True
    assert reached(levels, first, ends).tolist() == [[True, False, False]]
