"""Demonstrations: checked against the dynamics, recorded by others, or sampled from an agent."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.agent import Agent
from mesascope.audit.objective.recovery.data.demonstrations import Demonstrations, Episode
from mesascope.audit.objective.recovery.data.recordings import from_rollouts
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.worlds.maze import Maze
from mesascope.worlds.transitions import level_from_matrix
from tests.objectives.small import ring

RING = level_from_matrix(ring(), discount=0.9).batch()


def episode(states, actions, **options) -> Episode:
    return Episode(np.array(states), np.array(actions, int), **options)


def test_counts_and_visits():
    shown = Demonstrations(RING, (episode([0, 1, 1], [1, 0], truncated=True), episode([2, 0], [1], truncated=True)))
    assert shown.counts()[0].tolist() == [[0, 1], [1, 0], [0, 1]]
    assert np.allclose(shown.visits(0.5)[0], [[0, 0.5], [0.25, 0], [0, 0.5]])


@pytest.mark.parametrize(
    ("episodes", "message"),
    [
        ((), "demonstrations are empty"),
        ((episode([0], [], truncated=True),), "demonstrations are empty"),
        ((episode([0, 2], [1], truncated=True),), "contradict the dynamics"),
        ((episode([0, 3], [1], truncated=True),), "step 1: state 3 is not one of 3"),
        ((episode([0, 1], [2], truncated=True),), "action 2 is not one of 2"),
        ((episode([0, 1], [1], level=4, truncated=True),), "of level 4; there are 1"),
        ((episode([0, 1], [1]),), "nothing in its level says why"),
    ],
)
def test_demonstrations_that_are_none_say_why(episodes, message):
    with pytest.raises(UsageError, match=message):
        Demonstrations(RING, episodes)


def test_an_episode_has_a_last_state():
    with pytest.raises(UsageError, match="has 3 states, the last one included; given are 2"):
        episode([0, 1], [1, 1])


class Alternating(Agent):
    """Remembers how often it has moved: twice right, then twice down, and so on; the last action is never taken."""

    name = "alternating"
    kind = "function"
    memoryless = False

    def initial_state(self, batch: int):
        return np.zeros(batch, int)

    def act(self, observations, state):
        probabilities = np.zeros((len(observations), 5))
        probabilities[np.arange(len(observations)), (state // 2) % 4] = 1.0
        return probabilities, state + 1


def test_an_agent_with_memory_is_rolled_out():
    world = Maze(size=5)
    levels = world.sample(key=root_key(0), distribution="train", count=3)
    shown = from_rollouts(Alternating(), world, levels, key=root_key(1), episodes=2, longest=12)
    assert len(shown.episodes) == 6
    for one in shown.episodes:
        assert one.actions.tolist() == [(step // 2) % 4 for step in range(len(one.actions))]
        assert len(one.actions) == 12 or not one.truncated
    with pytest.raises(UsageError, match="1 episode and 1 step or more"):
        from_rollouts(Alternating(), world, levels, key=root_key(1), longest=0)
