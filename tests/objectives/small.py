"""The three-state ring on which known answers are stated, and rewards on small dense levels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from mesascope.objectives.canonical import RewardHere, rewards_here
from mesascope.objectives.objective import Objectives
from mesascope.worlds.transitions import level_from_matrix
from mesascope.worlds.world import ObjectiveSpec

DISCOUNT = 0.9


def ring(*, states: int = 3, step: int = 1) -> np.ndarray:
    """Action 0 stays, action 1 goes on by `step`."""
    transitions = np.zeros((states, 2, states))
    for state in range(states):
        transitions[state, 0, state] = 1.0
        transitions[state, 1, (state + step) % states] = 1.0
    return transitions


def table(reward: Callable[[int, int, int], float], shape: tuple[int, int] = (3, 2)) -> np.ndarray:
    """The reward of every triple of state, action and next state."""
    states, actions = shape
    return np.array([[[float(reward(s, a, t)) for t in range(states)] for a in range(actions)] for s in range(states)])


def shaped(reward: np.ndarray, potential: np.ndarray, discount: float = DISCOUNT) -> np.ndarray:
    return reward + discount * potential[None, None, :] - potential[:, None, None]


def here(transitions: np.ndarray, reward: np.ndarray, discount: float = DISCOUNT) -> RewardHere:
    """A dense reward on the level of dense transitions."""
    level = level_from_matrix(transitions, discount=discount)
    paid = np.take_along_axis(reward, np.asarray(level.successors), -1)
    level = dataclasses.replace(level, attributes=paid[..., None])
    one = Objectives((ObjectiveSpec("reward", {}),), np.ones((1, 1)), np.zeros((1, 1)))
    return rewards_here(level, one)[0]


def random_transitions(random: np.random.Generator, states: int, actions: int) -> np.ndarray:
    """Sparse random laws."""
    transitions = random.dirichlet(np.full(states, 0.3), size=(states, actions))
    transitions[transitions < 0.05] = 0.0
    return transitions / transitions.sum(-1, keepdims=True)
