"""Canonical forms of rewards: what is left of a reward when everything that changes no policy is taken out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse.linalg
from jaxtyping import Bool, Float, Int

from mesascope.core.linear_solve import solve
from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import value_differences


@dataclass(frozen=True)
class RewardHere:
    """One reward in one level: what each outcome is worth, and how much of what follows counts.

    **Arguments:**

    - `outcomes`: reward of each outcome, `[S, A, K]`.
    - `onward`: the discount, or 0 where the episode ends, `[S, A, K]`.
    - `successors`, `probabilities`: of the level, `[S, A, K]`.
    - `acting`: states in which somebody acts, `[S]`.
    - `reachable`: states that can be visited, `[S]`.
    - `initial`: law of the first state, `[S]`.
    """

    outcomes: Float[np.ndarray, "S A K"]
    onward: Float[np.ndarray, "S A K"]
    successors: Int[np.ndarray, "S A K"]
    probabilities: Float[np.ndarray, "S A K"]
    acting: Bool[np.ndarray, " S"]
    reachable: Bool[np.ndarray, " S"]
    initial: Float[np.ndarray, " S"]

    @cached_property
    def expected(self) -> Float[np.ndarray, "S A"]:
        """Expected reward of each action; 0 where nobody acts."""
        return np.where(self.acting[:, None], (self.probabilities * self.outcomes).sum(-1), 0.0)

    def values(self, policy: Float[np.ndarray, "S A"]) -> Float[np.ndarray, " S"]:
        """Returns the value of each state under a policy."""
        return self.solved(policy, (policy * self.expected).sum(-1))

    def solved(self, policy, right, onward=None) -> Float[np.ndarray, " S"]:
        """Returns the expected sum of `right` along the way, each step weighted by what goes before."""
        onward = self.onward if onward is None else onward
        flow = np.where(self.acting[:, None], policy, 0.0)[..., None] * self.probabilities * onward
        right = np.where(self.acting, right, 0.0)
        return solve(self.successors[None], flow[None], right[None, :, None])[0, :, 0]

    def action_values(self, values: Float[np.ndarray, " S"]) -> Float[np.ndarray, "S A"]:
        """Returns the value of each action, given the values of states."""
        after = (self.probabilities * self.onward * values[self.successors]).sum(-1)
        return np.where(self.acting[:, None], self.expected + after, 0.0)

    @property
    def uniform(self) -> Float[np.ndarray, "S A"]:
        """The policy that takes every action alike."""
        return np.full(self.expected.shape, 1 / self.expected.shape[-1])


def rewards_here(level: Level, objectives: Objectives) -> tuple[RewardHere, ...]:
    """Returns each objective's reward in one (not batched) level, in double precision.

    Objectives that end their episodes at different moments each keep their own: they are compared while both last.
    """
    attributes = np.asarray(level.attributes, np.float64)
    terminal, reachable = np.asarray(level.terminal), np.asarray(level.reachable)
    acting = reachable & ~terminal
    probabilities = np.asarray(level.probabilities, np.float64)
    successors = np.asarray(level.successors)
    alive = np.where((acting[:, None, None]) & acting[successors], float(level.discount), 0.0)
    found = []
    for weights, stops in zip(np.asarray(objectives.weights), np.asarray(objectives.stops), strict=True):
        ended = attributes[..., np.flatnonzero(stops)].sum(-1) > 0
        found.append(
            RewardHere(
                outcomes=np.where(acting[:, None, None], attributes @ weights.astype(np.float64), 0.0),
                onward=np.where(ended, 0.0, alive),
                successors=successors,
                probabilities=probabilities,
                acting=acting,
                reachable=reachable,
                initial=np.asarray(level.initial, np.float64),
            )
        )
    return tuple(found)


def value_adjusted(reward: RewardHere, policy: Float[np.ndarray, "S A"] | None = None) -> Float[np.ndarray, "S A"]:
    """Returns the value-adjusted levelling of a reward: the advantage of each action over a fixed policy.

    Linear; unchanged by potential shaping and by moving reward between next states (Skalse et al. 2024, §3.1).

    **Arguments:**

    - `reward`: in one level.
    - `policy`: by default uniform.
    """
    values = reward.values(reward.uniform if policy is None else policy)
    return np.where(reward.acting[:, None], reward.action_values(values) - values[:, None], 0.0)


def minimal(reward: RewardHere) -> Float[np.ndarray, "S A"]:
    """Returns the smallest reward, in the sum of squares, that differs only by potential shaping.

    The part of the expected reward that is orthogonal to the range of the backup matrix (Skalse et al. 2024, §3.1).
    """
    states = np.flatnonzero(reward.acting)
    matrix = value_differences(reward.successors, reward.probabilities * reward.onward, reward.acting)
    left = reward.expected[states].reshape(-1)
    factor = scipy.sparse.linalg.splu((matrix.T @ matrix).tocsc())
    # Twice: the square of the matrix has the square of its condition, and a second look takes out the difference.
    for _ in range(3):
        left = left - matrix @ factor.solve(matrix.T @ left)
    table = np.zeros_like(reward.expected)
    table[states] = left.reshape(len(states), -1)
    return table
