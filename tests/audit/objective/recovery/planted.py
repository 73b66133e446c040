"""Planted agents: soft-optimal in any level for a reward table that is known."""

from __future__ import annotations

import numpy as np

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.objectives.reward_tables import with_reward_tables
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import level_from_matrix


def soft_policy(level: Level, reward: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
    batch, objective = with_reward_tables(level, reward[None])
    return boltzmann(soft_action_values(batch, objective, temperature=temperature)[0, 0], temperature)


def watched(transitions: np.ndarray, reward: np.ndarray, *, discount: float = 0.9, **options) -> Observation:
    """Exact policy access to an agent that is soft-optimal at temperature 1 on dense transitions."""
    level = level_from_matrix(transitions, discount=discount)
    return Observation(level, soft_policy(level, reward), **options)


def counted(transitions, reward, *, counts: int, random: np.random.Generator, discount: float, policy=None):
    """So many sampled choices in every state."""
    level = level_from_matrix(transitions, discount=discount)
    policy = soft_policy(level, reward) if policy is None else policy
    seen = np.stack([random.multinomial(counts, row) for row in policy])
    return Observation(level, seen / counts, counts=np.full(level.states, float(counts)))


def centred_error(found: np.ndarray, truth: np.ndarray) -> float:
    """The size of the difference as a share of the truth's, both less their means."""
    difference = np.ravel(found) - np.ravel(truth)
    return float(np.linalg.norm(difference - difference.mean()) / np.linalg.norm(truth - truth.mean()))
