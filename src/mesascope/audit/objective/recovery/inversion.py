"""Exact inversion: the rewards that make observed policies soft-optimal, by sparse linear least squares.

`reward = temperature log policy + V - discount E V'` holds in every environment for some values `V` of its own, and is
linear in all unknowns (Cao, Cohen, Szpruch 2021, theorem 1; Rolland et al. 2022 for several environments). Tables are
eliminated first, because each of their entries occurs once in an environment; where a few attributes explain the
reward, the values are eliminated first instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from jaxtyping import Float

from mesascope.audit.objective.recovery.observation import Equations, Observation, equations
from mesascope.audit.objective.recovery.posterior import Posterior, gaussian
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import RewardSpace, TabularRewards

PINNED: float = 1e-12
"""Relative size of the ridge that pins what the equations leave open; refinement takes it out of all the rest."""

REFINEMENTS: int = 6
RANK: float = 1e-9
"""Directions whose information is below this, relative to the largest, are taken as unidentified."""


@dataclass(frozen=True)
class Inversion:
    """A recovered reward.

    **Arguments:**

    - `posterior`: of the parameter; what no environment settles is set to the smallest values.
    - `temperatures`: of the agent in each environment, in units of the first.
    - `relative_residual`: what is left of the targets after the fit, as a share of them; 0 for one soft-optimal agent.
    """

    posterior: Posterior
    temperatures: tuple[float, ...]
    relative_residual: float


class Factor:
    """A factorisation of `H + pin` for a symmetric, possibly singular H; solutions are refined until H is met."""

    def __init__(self, matrix: scipy.sparse.csc_matrix):
        size = max(float(matrix.diagonal().max(initial=0.0)), 1e-300)
        self.matrix = matrix
        pinned = (matrix + scipy.sparse.identity(matrix.shape[0], format="csc") * (PINNED * size)).tocsc()
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


def invert(
    observations: Sequence[Observation],
    space: RewardSpace,
    *,
    floor: float | None = None,
    prior_scale: float | None = None,
) -> Inversion:
    """Returns the rewards that make all observed policies soft-optimal, or nearly so.

    **Arguments:**

    - `observations`: at least one. Where temperatures are unknown, the first environment's is the unit.
    - `space`: the rewards considered: a table shared by all environments, or weights of attributes.
    - `floor`: see `equations`.
    - `prior_scale`: standard deviation of a normal prior on each parameter; by default flat.

    **Returns:** the inversion. With exact probabilities draws from the posterior all equal the mean, unless a prior
    gives what is unidentified a spread.

    **Raises:** `UsageError` if there is nothing to invert or the tables do not fit.
    """
    if not observations:
        raise UsageError("There is nothing to recover an objective from: no environment was observed.")
    known = [observation.temperature for observation in observations]
    systems = [equations(observation, space, floor=floor) for observation in observations]
    unknown = [index for index, temperature in enumerate(known) if temperature is None]
    fixed = unknown[1:] if len(unknown) == len(known) else unknown
    temperatures = [1.0 if temperature is None else temperature for temperature in known]
    exact = all(observation.counts is None for observation in observations)
    if isinstance(space, TabularRewards):
        if fixed:
            temperatures = _fitted_temperatures(systems, temperatures, fixed)
        table = _Table(systems, temperatures, space.states * space.actions, prior_scale)
        return table.inversion(exact)
    return _few(systems, temperatures, fixed, prior_scale, exact)


class _Table:
    """A table of rewards: each entry is the mean of what the environments say of it, given their values."""

    def __init__(self, systems: list[Equations], temperatures: list[float], size: int, prior_scale: float | None):
        self.size = size
        self.targets = [t * one.logarithm for t, one in zip(temperatures, systems, strict=True)]
        self.weights = [one.weights / t**2 for t, one in zip(temperatures, systems, strict=True)]
        self.places = [one.places for one in systems]
        self.matrices = [one.matrix for one in systems]
        self.prior = 0.0 if prior_scale is None else prior_scale**-2
        self.total = np.full(size, self.prior)
        for place, weight in zip(self.places, self.weights, strict=True):
            self.total[place] += weight
        self.columns = np.cumsum([0, *(matrix.shape[1] for matrix in self.matrices)])
        spread = scipy.sparse.vstack([self._spread(index) for index in range(len(systems))]).tocsr()
        self.stacked = scipy.sparse.block_diag(self.matrices, format="csr")
        own = np.concatenate(self.weights)
        root = np.sqrt(np.divide(1.0, self.total, out=np.zeros(size), where=self.total > 0))
        # Weighted sums of the environments' rows in each entry of the table, scaled so that its square is subtracted.
        summed = scipy.sparse.diags(root) @ (spread.T @ self.stacked)
        information = self.stacked.T @ (scipy.sparse.diags(own) @ self.stacked) - summed.T @ summed
        self.factor = Factor(((information + information.T) / 2).tocsc())

    def _spread(self, index: int) -> scipy.sparse.csr_matrix:
        place, weight = self.places[index], self.weights[index]
        return scipy.sparse.csr_matrix((weight, (np.arange(len(place)), place)), shape=(len(place), self.size))

    def estimate(self, targets: list[np.ndarray], prior: np.ndarray | float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Returns the table and all residuals for given targets, and a prior mean where there is a prior."""
        right = self._gradient(targets, prior)
        values = self.factor.solve(-right)
        rows = [
            target + matrix @ values[self.columns[index] : self.columns[index + 1]]
            for index, (target, matrix) in enumerate(zip(targets, self.matrices, strict=True))
        ]
        table = self._mean(rows, prior)
        left = [
            np.sqrt(weight) * (row - table[place])
            for row, place, weight in zip(rows, self.places, self.weights, strict=True)
        ]
        return table, np.concatenate(left)

    def _mean(self, rows: list[np.ndarray], prior) -> np.ndarray:
        summed = np.full(self.size, 0.0) + self.prior * prior
        for place, weight, row in zip(self.places, self.weights, rows, strict=True):
            summed[place] += weight * row
        return np.divide(summed, self.total, out=np.zeros(self.size), where=self.total > 0)

    def _gradient(self, targets: list[np.ndarray], prior) -> np.ndarray:
        mean = self._mean(targets, prior)
        parts = [
            matrix.T @ (weight * (target - mean[place]))
            for matrix, weight, target, place in zip(self.matrices, self.weights, targets, self.places, strict=True)
        ]
        return np.concatenate(parts)

    def inversion(self, exact: bool) -> Inversion:
        mean, left = self.estimate(self.targets)
        weights = np.concatenate(self.weights)
        observed = int((weights > 0).sum())
        unknowns = int((self.total > self.prior).sum()) + self.columns[-1]
        size = float(np.linalg.norm(np.sqrt(weights) * np.concatenate(self.targets)))

        def draw(random: np.random.Generator, n: int) -> np.ndarray:
            found = np.empty((n, self.size))
            for index in range(n):
                targets = self.targets
                if not exact:
                    targets = [
                        target + random.normal(size=len(target)) * np.sqrt(_inverse(weight))
                        for target, weight in zip(targets, self.weights, strict=True)
                    ]
                pull = random.normal(size=self.size) / np.sqrt(self.prior) if self.prior else 0.0
                found[index] = self.estimate(targets, pull)[0]
            return found

        # One constant is always left open: it is counted among the unknowns but takes no equation.
        freedom = int(max(0, observed - unknowns + self._open()))
        residual = float(left @ left)
        posterior = Posterior(mean, draw, residual, freedom, exact)
        return Inversion(posterior, tuple(1.0 for _ in self.targets), float(np.sqrt(residual)) / max(size, 1e-300))

    def _open(self) -> int:
        size = self.factor.matrix.shape[0]
        if size > 3000 or self.prior:
            return 1
        values = np.linalg.eigvalsh(self.factor.matrix.toarray())
        return int((values < RANK * values.max(initial=1e-300)).sum())


def stacked_information(systems: list[Equations], size: int) -> _Table:
    """Returns the factored information about the values of all environments, with the table eliminated."""
    return _Table(systems, [1.0] * len(systems), size, None)


def _inverse(weight: np.ndarray) -> np.ndarray:
    return np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)


def without_values(system: Equations, columns: Float[np.ndarray, "R n"]) -> Float[np.ndarray, "R n"]:
    """Returns what is left of columns after the best values are taken off, each row times the root of its weight.

    A reward whose column leaves nothing is shaping: it changes no soft-optimal policy there.

    **Arguments:**

    - `system`: the equations of one environment.
    - `columns`: over its rows.
    """
    root = np.sqrt(system.weights)[:, None]
    matrix = scipy.sparse.diags(root[:, 0]) @ system.matrix
    factor = Factor((matrix.T @ matrix).tocsc())
    scaled = root * columns
    return scaled - matrix @ factor.solve(matrix.T @ scaled)


def _few(systems, temperatures, fixed, prior_scale, exact) -> Inversion:
    """Solves for a few parameters, after the values of each environment are eliminated."""
    width = systems[0].features.shape[1]
    extra = len(fixed)
    gram = np.zeros((width + extra, width + extra))
    right = np.zeros(width + extra)
    size = residual = 0.0
    rows = values = 0
    for index, system in enumerate(systems):
        temperature = temperatures[index]
        target = system.logarithm * (0.0 if index in fixed else temperature)
        columns = np.zeros((len(target), width + extra + 1))
        columns[:, :width] = system.features.toarray()
        if index in fixed:
            columns[:, width + fixed.index(index)] = -system.logarithm
        columns[:, -1] = target
        left = without_values(system, columns) / temperature
        gram += left[:, :-1].T @ left[:, :-1]
        right += left[:, :-1].T @ left[:, -1]
        size += float(left[:, -1] @ left[:, -1])
        rows += int((system.weights > 0).sum())
        values += system.matrix.shape[1]
    if prior_scale is not None:
        gram[:width, :width] += np.eye(width) * prior_scale**-2
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    eigenvalues, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    known = eigenvalues > RANK * eigenvalues.max(initial=1e-300)
    inverse = (vectors[:, known] / eigenvalues[known]) @ vectors[:, known].T / np.outer(scale, scale)
    found = inverse @ right
    residual = max(0.0, size - float(right @ found))
    covariance = np.zeros((width, width)) if exact and prior_scale is None else inverse[:width, :width]
    freedom = max(0, rows - values - int(known.sum()))
    posterior = gaussian(found[:width], covariance, residual=residual, degrees_of_freedom=freedom, exact=exact)
    fitted = list(temperatures)
    for place, index in enumerate(fixed):
        fitted[index] = float(found[width + place])
    return Inversion(posterior, tuple(fitted), float(np.sqrt(residual / max(size, 1e-300))))


def _fitted_temperatures(systems, temperatures, fixed) -> list[float]:
    """Returns all temperatures, the unknown ones fitted: the residual is quadratic in them."""
    size = int(max(system.places.max() for system in systems)) + 1
    table = _Table(systems, temperatures, size, None)

    def left(index: int | None) -> np.ndarray:
        """The residual of one environment's logarithm alone, or of all those whose temperature is known."""
        wanted = [place == index if index is not None else place not in fixed for place in range(len(systems))]
        targets = [temperatures[place] * system.logarithm * wanted[place] for place, system in enumerate(systems)]
        return table.estimate(targets)[1]

    columns = np.stack([left(index) for index in fixed], -1)
    found = np.linalg.lstsq(columns, -left(None), rcond=None)[0]
    result = list(temperatures)
    for index, temperature in zip(fixed, found, strict=True):
        if not temperature > 0:
            raise UsageError(
                f"The temperature fitted to environment {index} is {temperature:.3g}: not above 0. The environments do "
                "not determine it, or the agent does not pursue one objective in all of them."
            )
        result[index] = float(temperature)
    return result
