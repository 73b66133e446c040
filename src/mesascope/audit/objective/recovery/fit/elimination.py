"""Sparse elimination of values: factors of singular matrices, and what is left of columns without values."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float

from mesascope.audit.objective.recovery.fit.equations import Equations

PINNED: float = 1e-12
"""Relative size of the ridge that pins what the equations leave open; refinement takes it out of all the rest."""

REFINEMENTS: int = 6

RANK: float = 1e-9
"""Directions whose information is below this, relative to the largest, are taken as unidentified."""

EIGENVALUES: int = 1000
"""Up to this size the open directions of a matrix are counted by its eigenvalues, beyond it by pivots."""

PIVOT: float = 3e-8
"""Pivots below this, relative to the largest diagonal entry, belong to open directions: the ridge stands in them."""


class Factor:
    """A factorisation of `H + ridge` for a symmetric, possibly singular H; solutions are refined until H is met.

    **Arguments:**

    - `matrix`: H, positive semidefinite, `[n, n]`.
    """

    def __init__(self, matrix: scipy.sparse.csc_matrix):
        self._size = max(float(matrix.diagonal().max(initial=0.0)), 1e-300)
        self.matrix = matrix
        pinned = (matrix + scipy.sparse.identity(matrix.get_shape()[0], format="csc") * (PINNED * self._size)).tocsc()
        # Minimum degree on a symmetric pattern: half the fill-in of the default, which is made for other matrices.
        options = {"SymmetricMode": True}
        self._factor = scipy.sparse.linalg.splu(
            pinned, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options
        )

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Returns a solution for right-hand sides in the range of H, `[n]` or `[n, R]`."""
        found = self._factor.solve(right)
        for _ in range(REFINEMENTS):
            found = found + self._factor.solve(right - self.matrix @ found)
        return found

    def open_directions(self) -> int:
        """Returns the dimension of the null space of H.

        By eigenvalues where these are cheap. Beyond, elimination meets a pivot of the size of the ridge for each open
        direction; with thousands of these the count can be off by a few.
        """
        if self.matrix.get_shape()[0] <= EIGENVALUES:
            values = np.linalg.eigvalsh(self.matrix.toarray())
            return int((values < RANK * values.max(initial=1e-300)).sum())
        return int((np.abs(self._factor.U.diagonal()) < PIVOT * self._size).sum())


def without_values(system: Equations, columns: Float[np.ndarray, "R n"]) -> Float[np.ndarray, "R n"]:
    """Returns what is left of columns after the best values are taken off, each row times the root of its weight.

    A reward whose column leaves nothing is shaping: it changes no soft-optimal policy there.

    **Arguments:**

    - `system`: the equations of one environment.
    - `columns`: over its rows.
    """
    root = np.sqrt(system.weights)[:, None]
    matrix = scipy.sparse.diags(root[:, 0]) @ system.matrix
    factor = Factor(scipy.sparse.csc_matrix(matrix.T @ matrix))
    scaled = root * columns
    return scaled - matrix @ factor.solve(matrix.T @ scaled)
