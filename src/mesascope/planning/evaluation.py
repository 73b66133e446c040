"""Exact policy evaluation: the value of a policy under many objectives at once, by linear solves.

`V = r_pi + P_pi V` with the discount (or 0 where the objective's episode ends) folded into `P_pi`. Small levels are
solved densely and in batches, large ones with a sparse factorisation; both in double precision, so that the result is
exact to rounding (about 1e-13 relative) and carries no sampling error.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float

from mesascope.core.precision import as_double
from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level

DENSE_STATES: int = 256
"""Up to this many states a dense factorisation is faster than a sparse one."""


def policy_values(
    level: Level, policy: Float[np.ndarray, "*batch S A"], objectives: Objectives
) -> Float[np.ndarray, "O *batch S"]:
    """Returns the exact value of each state under each objective when a policy is followed.

    **Arguments:**

    - `level`: one level or a batch of N.
    - `policy`: action probabilities, `[S, A]` or `[N, S, A]`.
    - `objectives`: O objectives over the level's attributes.

    **Returns:** `[O, S]` or `[O, N, S]` in double precision; 0 in terminal and unreachable states.
    """
    if not level.batched:
        return policy_values(level.batch(), np.asarray(policy)[None], objectives)[:, 0]
    level, policy = as_double(level), np.asarray(policy, np.float64)
    values = np.zeros((len(objectives), level.count, level.states))
    # Objectives that end their episodes alike share one factorisation.
    patterns, pattern_of = np.unique(objectives.stops, axis=0, return_inverse=True)
    pattern_of = pattern_of.reshape(-1)
    chosen = policy[..., None] * level.probabilities
    chosen *= (level.reachable & ~level.terminal)[..., None, None]
    for pattern, stops in enumerate(patterns):
        rows = np.flatnonzero(pattern_of == pattern)
        stopped = level.attributes @ stops > 0
        onward = np.where(stopped, 0.0, chosen) * level.discount[:, None, None, None]
        expected = np.einsum("nsak,nsakf->nsf", chosen, level.attributes, optimize=True)
        reward = expected @ objectives.weights[rows].T
        solve = _solve_dense if level.states <= DENSE_STATES else _solve_sparse
        values[rows] = np.moveaxis(solve(level.successors, onward, reward), -1, 0)
    return values


def returns(level: Level, values: Float[np.ndarray, "O *batch S"]) -> Float[np.ndarray, "O *batch"]:
    """Returns the expected value of the first state under each objective."""
    return np.einsum("o...s,...s->o...", values, np.asarray(level.initial, np.float64))


def visits(level: Level, policy: Float[np.ndarray, "N S A"]) -> Float[np.ndarray, "N S"]:
    """Returns the expected discounted number of visits of each state, first state included.

    **Arguments:**

    - `level`: a batch of N levels.
    - `policy`: action probabilities, `[N, S, A]`.
    """
    level, policy = as_double(level), np.asarray(policy, np.float64)
    onward = policy[..., None] * level.probabilities * (level.reachable & ~level.terminal)[..., None, None]
    onward *= level.discount[:, None, None, None]
    solve = _solve_dense if level.states <= DENSE_STATES else _solve_sparse
    return solve(level.successors, onward, level.initial[..., None], transposed=True)[..., 0]


def _solve_dense(successors, onward, right, *, transposed: bool = False):
    levels, states = successors.shape[:2]
    row = np.arange(levels * states).reshape(levels, states, 1, 1)
    flat = (row * states + successors).ravel()
    matrix = -np.bincount(flat, onward.ravel(), minlength=levels * states * states).reshape(levels, states, states)
    matrix[:, np.arange(states), np.arange(states)] += 1.0
    return np.linalg.solve(matrix.swapaxes(1, 2) if transposed else matrix, right)


def _solve_sparse(successors, onward, right, *, transposed: bool = False):
    solution = np.empty_like(right, dtype=np.float64)
    states = successors.shape[1]
    identity = scipy.sparse.identity(states, format="csr")
    for index in range(len(successors)):
        row = np.broadcast_to(np.arange(states)[:, None, None], successors[index].shape)
        used = onward[index] != 0
        step = scipy.sparse.csr_matrix(
            (onward[index][used], (row[used], successors[index][used])), shape=(states, states)
        )
        matrix = identity - step
        solution[index] = scipy.sparse.linalg.splu((matrix.T if transposed else matrix).tocsc()).solve(right[index])
    return solution
