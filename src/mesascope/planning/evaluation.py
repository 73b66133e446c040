"""Exact policy evaluation: the value of a policy under many objectives at once, by linear solves.

`V = r_pi + P_pi V` with the discount (or 0 where the objective's episode ends) folded into `P_pi`, in double precision,
so that the result is exact to rounding (about 1e-13 relative to the largest value of a level) and carries no sampling
error.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from mesascope.core.linear_solve import solve
from mesascope.core.precision import as_double
from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level

SOLVED_AT_ONCE: int = 1 << 24
"""Numbers that are solved for at a time where each state is asked about each: 128 MB."""


def policy_values(
    level: Level,
    policy: Float[np.ndarray, "*batch S A"],
    objectives: Objectives,
    *,
    bonus: Float[np.ndarray, "*batch S"] | None = None,
) -> Float[np.ndarray, "O *batch S"]:
    """Returns the exact value of each state under each objective when a policy is followed.

    **Arguments:**

    - `level`: one level or a batch of N.
    - `policy`: action probabilities, `[S, A]` or `[N, S, A]`; those of terminal and unreachable states are not read.
    - `objectives`: O objectives over the level's attributes.
    - `bonus`: further reward of acting in each state, whatever the action (for example the policy's entropy).

    **Returns:** `[O, S]` or `[O, N, S]` in double precision; 0 in terminal and unreachable states.
    """
    if not level.batched:
        return policy_values(
            level.batch(), np.asarray(policy)[None], objectives, bonus=None if bonus is None else bonus[None]
        )[:, 0]
    level = without_layout(level)
    chosen = _chosen(level, policy)
    values = np.zeros((len(objectives), level.count, level.states))
    # One row of [transitions x attributes] a state, so that the product runs in BLAS.
    transitions = level.attributes.reshape(level.count * level.states, -1, level.attributes.shape[-1])
    expected = np.matmul(chosen.reshape(len(transitions), 1, -1), transitions)[:, 0]
    reward = (expected @ np.asarray(objectives.weights, np.float64).T).reshape(level.count, level.states, -1)
    if bonus is not None:
        reward += np.where(_active(level), bonus, 0.0)[..., None]
    chosen *= level.discount[:, None, None, None]
    # Objectives that end their episodes alike share one factorisation.
    patterns, pattern_of = np.unique(objectives.stops, axis=0, return_inverse=True)
    pattern_of = pattern_of.reshape(-1)
    for pattern, stops in enumerate(patterns):
        rows = np.flatnonzero(pattern_of == pattern)
        onward = np.where(_stopped(level, stops), 0.0, chosen)
        values[rows] = np.moveaxis(solve(np.asarray(level.successors), onward, reward[..., rows]), -1, 0)
    return values


def returns(level: Level, values: Float[np.ndarray, "O *batch S"]) -> Float[np.ndarray, "O *batch"]:
    """Returns the expected value of the first state under each objective."""
    return np.einsum("o...s,...s->o...", values, np.asarray(level.initial, np.float64))


def visits(
    level: Level, policy: Float[np.ndarray, "N S A"], objective: Objectives | None = None
) -> Float[np.ndarray, "N S"]:
    """Returns the expected discounted number of visits of each state, first state and terminal states included.

    **Arguments:**

    - `level`: a batch of N levels.
    - `policy`: action probabilities, `[N, S, A]`; those of terminal and unreachable states are not read.
    - `objective`: a single objective whose end of episode ends the counting: the state that the last transition leads
      to is no longer counted. By default only terminal states end it.

    **Raises:** `ValueError` if `objective` holds more or fewer than one.
    """
    level = without_layout(level)
    onward = _onward(level, policy, objective)
    return solve(np.asarray(level.successors), onward, np.asarray(level.initial)[..., None], transposed=True)[..., 0]


def first_visits(
    level: Level, policy: Float[np.ndarray, "N S A"], objective: Objectives | None = None
) -> Float[np.ndarray, "N S"]:
    """Returns the discounted probability that each state is visited at all, however often: `(init M)_s / M_ss`.

    **Arguments:** as of `visits`.

    **Raises:** as `visits`.
    """
    level = without_layout(level)
    onward, successors = _onward(level, policy, objective), np.asarray(level.successors)
    right = np.concatenate([np.zeros((level.states, 1)), np.eye(level.states)], -1)
    visited = np.empty((level.count, level.states))
    at_once = max(1, SOLVED_AT_ONCE // right.size)
    for start in range(0, level.count, at_once):
        part = slice(start, start + at_once)
        starts = np.repeat(right[None], len(successors[part]), axis=0)
        starts[..., 0] = level.initial[part]
        solved = solve(successors[part], onward[part], starts, transposed=True)
        visited[part] = solved[..., 0] / np.diagonal(solved[..., 1:], axis1=1, axis2=2)
    return visited


def without_layout(level: Level) -> Level:
    """Returns a level in double precision, without what only its world understands: that can be large."""
    return as_double(dataclasses.replace(level, layout=None))


def _onward(level: Level, policy, objective: Objectives | None):
    """Returns the discounted probability of each transition that goes on."""
    onward = _chosen(level, policy) * level.discount[:, None, None, None]
    if objective is not None:
        if len(objective) != 1:
            raise ValueError(f"visits are counted until the end of one objective's episode, not of {len(objective)}")
        onward[_stopped(level, objective.stops[0])] = 0.0
    return onward


def _active(level: Level):
    return level.reachable & ~level.terminal


def _chosen(level: Level, policy):
    """Returns the probability of each transition in the states where something can happen, 0 in all others."""
    # Not a product with 0: what an agent answers where it was never asked may be anything, NaN included.
    asked = np.where(_active(level)[..., None], np.asarray(policy, np.float64), 0.0)
    return asked[..., None] * level.probabilities


def _stopped(level: Level, stops):
    """Returns in which transitions an episode ends, by the attributes that end it."""
    # Only the few attributes that end an episode are looked at: this is most of what is not spent on solving.
    return level.attributes[..., np.flatnonzero(stops)].sum(-1) > 0
