"""The equations of a soft-optimal agent in one level, and what is left of them without the values.

They are linear in rewards and values (Cao, Cohen, Szpruch 2021), and sparse.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import RewardSpace
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import backup

RARE: float = 0.1
"""An action that is expected less often than this among all observed choices counts as if expected so often."""

FAR: float = 2.0
"""A logarithm moves by no more than this in a round of fitting, however surprising the counts are."""

PINNED: float = 1e-12
"""Relative size of the ridge that pins what the equations leave open; refinement takes it out of all the rest."""

REFINEMENTS: int = 6

RANK: float = 1e-9
"""Directions whose information is below this, relative to the largest, are taken as unidentified."""

EIGENVALUES: int = 1000
"""Up to this size the open directions of a matrix are counted by its eigenvalues, beyond it by pivots."""

PIVOT: float = 3e-8
"""Pivots below this, relative to the largest diagonal entry, belong to open directions: the ridge stands in them."""


@dataclass(frozen=True)
class Equations:
    """The linear equations that one observation sets up: `features @ parameter - matrix @ values = target`.

    **Arguments:**

    - `matrix`: the backup matrix, `[R, C]`.
    - `features`: of the R rows, `[R, D]`.
    - `logarithm`: of the policy, `[R]`; times the temperature it is the target.
    - `weights`: inverse variance of each target at temperature 1, `[R]`; 1 for exact probabilities, 0 for rows that
      were not observed.
    - `places`: of each row in the table of states and actions, `[R]`.
    - `seen`, `taken`: how many choices were observed in each row's state, and how many of them took its action, `[R]`;
      `None` for exact probabilities.
    """

    matrix: scipy.sparse.csr_matrix
    features: scipy.sparse.csr_matrix
    logarithm: Float[np.ndarray, " R"]
    weights: Float[np.ndarray, " R"]
    places: np.ndarray
    seen: Float[np.ndarray, " R"] | None = None
    taken: Float[np.ndarray, " R"] | None = None

    def reweighted(self, residual: Float[np.ndarray, " R"]) -> Equations:
        """Returns the equations with the fitted probabilities in place of the observed ones.

        Logarithms of frequencies lean low, and weights by frequencies lean with them. From the second round on targets
        and weights are those of Fisher scoring, whose fixed point is the maximum of the likelihood (Nelder & Wedderburn
        1972, for independent counts; the values take up what choices of a state share).

        **Arguments:**

        - `residual`: of the logarithms, after a fit.
        """
        if self.seen is None or self.taken is None:
            return self
        fitted = np.minimum(self.logarithm - residual, 0.0)
        expected = np.where(self.seen > 0, np.maximum(self.seen * np.exp(fitted), RARE), 1.0)
        step = np.clip((self.taken - expected) / expected, -1.0, FAR)
        return dataclasses.replace(self, logarithm=fitted + step, weights=np.where(self.seen > 0, expected, 0.0))


def equations(observation: Observation, space: RewardSpace, *, floor: float | None = None) -> Equations:
    """Returns the equations of a soft-optimal agent: `reward = temperature log policy + V - discount E V'`.

    Observed frequencies have logarithms of variance `1 / (count * probability)`, save for a part that is the same in
    all actions of a state, which the values take up (Cao, Cohen, Szpruch 2021 for the equation).

    **Arguments:**

    - `observation`: what was seen.
    - `space`: the rewards that are considered.
    - `floor`: probabilities below it are raised to it and count less in proportion, for saturated networks and for
      actions never taken; by default a probability of 0 is an error where probabilities are exact.

    **Raises:** `UsageError` for exact probabilities of 0 without a floor, which no finite reward makes soft-optimal.
    """
    system = frame(observation, space)
    probability = np.asarray(observation.policy, np.float64).reshape(-1)[system.places]
    lowest = floor if floor is not None else 1e-300
    if observation.counts is None:
        if floor is None and (probability <= 0).any():
            state, action = divmod(int(system.places[(probability <= 0).argmax()]), observation.level.actions)
            raise UsageError(
                f"The agent never takes action {action} in state {state} of '{observation.name}', which no finite "
                'reward makes soft-optimal. Pass a floor, or recover it with planner="hard" or "noisy".'
            )
        weights = np.ones_like(probability) if floor is None else np.minimum(probability / floor, 1.0)
        logarithm = np.log(np.maximum(probability, lowest))
        return dataclasses.replace(system, logarithm=logarithm, weights=weights)
    seen = np.asarray(observation.counts, np.float64)[system.places // observation.level.actions]
    # An action never seen in n choices is unlikely, not impossible: half a choice stands for it.
    rare = np.where(seen > 0, 0.5 / np.maximum(seen, 1.0), 1.0)
    counted = np.maximum(probability, rare)
    weights = np.where(seen > 0, seen * counted, 0.0)
    logarithm = np.log(np.maximum(counted, lowest))
    return dataclasses.replace(system, logarithm=logarithm, weights=weights, seen=seen, taken=seen * probability)


def frame(one: Observation | Level, space: RewardSpace) -> Equations:
    """Returns the equations of an environment without what an agent does there; rows where it was not seen weigh 0.

    **Arguments:**

    - `one`: an observation, or a single level with its own discount.
    - `space`: the rewards that are considered.
    """
    level, discount = (one, None) if isinstance(one, Level) else (one.level, one.discount)
    backed = backup(level, stops=space.stops, discount=discount)
    places = (backed.states[:, None] * level.actions + np.arange(level.actions)).reshape(-1)
    features = scipy.sparse.csr_matrix(space.features(level))[places].tocsr()
    weights = np.ones(len(places))
    if isinstance(one, Observation) and one.counts is not None:
        weights = (np.asarray(one.counts)[places // level.actions] > 0).astype(float)
    return Equations(backed.matrix, features, np.zeros(len(places)), weights, places)


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
