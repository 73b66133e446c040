"""Linear systems `(I - P) x = b` of policies on levels, exact to rounding whatever the size of the levels.

Three ways, each where it is fastest (CPU seconds on one core of a small machine, discount 0.99, stochastic policy):
small levels as one batch of dense matrices; larger ones block by block in one sparse factorisation (a 39x39 grid takes
3 ms); beyond `FACTORED_STATES` by BiCGSTAB (200,000 states take about 1 s), because the fill-in of a factorisation can
grow with the square of the states (20x20x20 cells: 1.6 s against 0.02 s). What BiCGSTAB returns is used only if its
residual proves the error small; if not, and for policies that lead from each state to only one, the factorisation
serves large levels too.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float, Int

DENSE_STATES: int = 256
"""Up to this many states a dense factorisation is faster than a sparse one."""

FACTORED_STATES: int = 4096
"""Up to this many states the fill-in of a sparse factorisation is bearable whatever the graph."""

BLOCK_STATES: int = 65_536
"""Levels share a sparse factorisation up to so many states together; bounds memory, not results."""

ERROR: float = 1e-11
"""A solution found by iteration is off by at most this, relative to its largest entry."""


def solve(
    successors: Int[np.ndarray, "N S A K"],
    onward: Float[np.ndarray, "N S A K"],
    right: Float[np.ndarray, "N S R"],
    *,
    transposed: bool = False,
) -> Float[np.ndarray, "N S R"]:
    """Returns the solutions of `(I - P) x = b`, where `P` sums `onward` over what leads to the same successor.

    **Arguments:**

    - `successors`: of each transition, within the same level.
    - `onward`: weight of each transition, 0 or more; the weights of a state sum to less than 1, or to 0.
    - `right`: R right-hand sides a level.
    - `transposed`: solve with the transpose of `P`.
    """
    states = successors.shape[1]
    if states <= DENSE_STATES:
        return _solve_dense(successors, onward, right, transposed)
    solution = np.empty(right.shape)
    levels = max(1, BLOCK_STATES // states)
    for start in range(0, len(right), levels):
        part = slice(start, start + levels)
        flat = right[part].reshape(-1, right.shape[-1])
        found = _solve_sparse(_sparse(successors[part], onward[part]), flat, states, transposed)
        solution[part] = found.reshape(solution[part].shape)
    return solution


def _solve_dense(successors, onward, right, transposed):
    levels, states = successors.shape[:2]
    row = np.arange(levels * states).reshape(levels, states, 1, 1)
    flat = (row * states + successors).ravel()
    matrix = -np.bincount(flat, onward.ravel(), minlength=levels * states * states).reshape(levels, states, states)
    matrix[:, np.arange(states), np.arange(states)] += 1.0
    return np.linalg.solve(matrix.swapaxes(1, 2) if transposed else matrix, right)


def _sparse(successors, onward) -> scipy.sparse.csr_matrix:
    """Returns `P` of several levels as one block-diagonal matrix."""
    levels, states = successors.shape[:2]
    size = levels * states
    row = np.broadcast_to(np.arange(size, dtype=np.int32).reshape(levels, states, 1, 1), successors.shape)
    offset = (np.arange(levels, dtype=np.int32) * states).reshape(levels, 1, 1, 1)
    used = onward != 0
    return scipy.sparse.csr_matrix((onward[used], (row[used], (successors + offset)[used])), shape=(size, size))


def _solve_sparse(step: scipy.sparse.csr_matrix, right, states: int, transposed: bool):
    size = len(right)
    matrix = scipy.sparse.identity(size, format="csr") - step
    # Where most states lead to a single one, elimination follows the chains and fills in next to nothing.
    branching = step.nnz > 1.2 * size
    if states > FACTORED_STATES and branching:
        room = 1.0 - float(step.sum(axis=1).max())
        found = _solve_iteratively(
            (matrix.T if transposed else matrix).tocsr(), right, room, 1 if transposed else np.inf
        )
        if found is not None:
            return found
    return scipy.sparse.linalg.splu((matrix.T if transposed else matrix).tocsc()).solve(right)


def _solve_iteratively(matrix, right, room: float, order: float):
    """Returns solutions by BiCGSTAB with refinement, or `None` if one cannot be shown to be right.

    The norm of the inverse is at most `1 / room`, where `room` is what the weights of a state fall short of one; so
    a residual bounds the error: in the largest entry (`order` infinite), or the sum of all (`order` 1, transposed).
    """
    solution = np.zeros(right.shape)
    for column in range(right.shape[1]):
        found, residual = solution[:, column], right[:, column].copy()
        for _ in range(5):
            with np.errstate(all="ignore"):
                correction, _ = scipy.sparse.linalg.bicgstab(matrix, residual, rtol=1e-7, atol=0.0, maxiter=500)
                found += correction
                residual = right[:, column] - matrix @ found
                size = np.linalg.norm(found, order)
            if not np.isfinite(size):
                return None
            if np.linalg.norm(residual, order) <= ERROR * room * size:
                break
        else:
            return None
    return solution
