"""Tables of rewards: each entry is the weighted mean of what the environments say of it, given the values in each."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse
from jaxtyping import Float

from mesascope.audit.objective.recovery.fit.equations import Equations, Factor
from mesascope.core.errors import UsageError

STIFF: float = 1e6
"""How much dearer it is to leave what the environments say than to leave the point that is projected, at first."""

MULTIPLIERS: int = 12
"""Rounds that project to about 1e-6 of the table at discounts up to 0.99, and 1e-4 at 0.999."""

COUNTED: int = 10_000
"""Up to so many values the open directions of exact policies are counted; beyond it the constant one is, alone."""


class RewardTable:
    """The least-squares problem of one table of rewards and the values of E environments, with the table eliminated.

    **Arguments:**

    - `systems`: of the environments.
    - `temperatures`: of the agent in each.
    - `size`: entries of the table, D.
    - `prior`: precision of a normal prior on each entry; 0 for none.
    """

    def __init__(self, systems: list[Equations], temperatures: list[float], size: int, *, prior: float = 0.0):
        self.size, self.prior = size, prior
        self.targets = [t * one.logarithm for t, one in zip(temperatures, systems, strict=True)]
        self.weights = [one.weights / t**2 for t, one in zip(temperatures, systems, strict=True)]
        self.places = [one.places for one in systems]
        self.matrices = [one.matrix for one in systems]
        self.total = np.full(size, prior)
        for place, weight in zip(self.places, self.weights, strict=True):
            self.total[place] += weight
        self.columns = np.cumsum([0, *(matrix.get_shape()[1] for matrix in self.matrices)])
        stacked = scipy.sparse.block_diag(self.matrices, format="csr")
        own = scipy.sparse.diags(np.concatenate(self.weights))
        # Weighted sums of the environments' rows in each entry of the table, scaled so that its square is subtracted.
        self._root = scipy.sparse.diags(np.sqrt(_inverse(self.total)))
        self._summed = (self._root @ (self._spread.T @ stacked)).tocsr()
        information = stacked.T @ (own @ stacked) - self._summed.T @ self._summed
        self.factor = Factor(((information + information.T) / 2).tocsc())

    @property
    def _spread(self) -> scipy.sparse.csr_matrix:
        """The weight of each row in its entry, `[rows, D]`."""
        place, weight = np.concatenate(self.places), np.concatenate(self.weights)
        return scipy.sparse.csr_matrix((weight, (np.arange(len(place)), place)), shape=(len(place), self.size))

    def degrees_of_freedom(self, *, exact: bool) -> int:
        """Returns how many observed equations there are beyond the unknowns that they settle.

        **Arguments:**

        - `exact`: whether only its sign matters, so that beyond `COUNTED` values a lower bound will do.
        """
        observed = sum(int((weight > 0).sum()) for weight in self.weights)
        unknowns = int((self.total > self.prior).sum()) + int(self.columns[-1])
        bounded = exact and self.columns[-1] > COUNTED
        return max(0, observed - unknowns + (1 if bounded else self.factor.open_directions()))

    def estimate(
        self, targets: list[np.ndarray], prior: Float[np.ndarray, " D"] | float = 0.0
    ) -> tuple[Float[np.ndarray, " D"], Float[np.ndarray, " rows"]]:
        """Returns the table and all weighted residuals for given targets.

        **Arguments:**

        - `targets`: of the rows of each environment.
        - `prior`: mean of the prior, where there is one.
        """
        values = self.factor.solve(-self._gradient(targets, prior))
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

    def drawn(self, random: np.random.Generator) -> Float[np.ndarray, " D"]:
        """Returns one draw from the posterior: the estimate for targets, and a prior mean, with noise."""
        targets = [
            target + random.normal(size=len(target)) * np.sqrt(_inverse(weight))
            for target, weight in zip(self.targets, self.weights, strict=True)
        ]
        pull = random.normal(size=self.size) / np.sqrt(self.prior) if self.prior else 0.0
        return self.estimate(targets, pull)[0]

    def open_part(self, table: Float[np.ndarray, " D"]) -> Float[np.ndarray, " D"]:
        """Returns the nearest table that all environments leave open: the projection on the unidentified directions.

        Entries that no environment shows are open as they are. Of the others, the nearest `B v` to the table is wanted
        among values with `H v = 0`, where B takes values to the mean of the rewards they stand for: by multipliers.
        """
        gain, constraint, right = self._projector
        seen = self.total > 0
        wanted = right @ np.where(seen, table, 0.0)
        forced, values = np.zeros_like(wanted), np.zeros_like(wanted)
        for _ in range(MULTIPLIERS):
            values = gain.solve(wanted - forced)
            forced = forced + constraint @ values
        return np.where(seen, right.T @ values, table)

    @cached_property
    def _projector(self) -> tuple[Factor, scipy.sparse.csc_matrix, scipy.sparse.csr_matrix]:
        mean = self._root @ self._summed
        size = max(float(self.factor.matrix.diagonal().max(initial=0.0)), 1e-300)
        square = (mean.T @ mean).tocsc()
        stiff = self.factor.matrix * (STIFF * float(square.diagonal().max(initial=1.0)) / size)
        # With one environment nothing constrains the values but rounding.
        if size < 1e-9 * float(self.total.max(initial=0.0)):
            stiff = stiff * 0.0
        return Factor((square + stiff).tocsc()), stiff.tocsc(), mean.T.tocsr()

    def _mean(self, rows: list[np.ndarray], prior) -> np.ndarray:
        summed = np.full(self.size, 0.0) + self.prior * prior
        for place, weight, row in zip(self.places, self.weights, rows, strict=True):
            summed[place] += weight * row
        return summed * _inverse(self.total)

    def _gradient(self, targets: list[np.ndarray], prior) -> np.ndarray:
        mean = self._mean(targets, prior)
        parts = [
            matrix.T @ (weight * (target - mean[place]))
            for matrix, weight, target, place in zip(self.matrices, self.weights, targets, self.places, strict=True)
        ]
        return np.concatenate(parts)


def fitted_temperatures(
    systems: list[Equations], temperatures: list[float], fitted: list[int], size: int
) -> tuple[float, ...]:
    """Returns all temperatures, the unknown ones fitted: what is left of the targets is quadratic in them.

    **Arguments:**

    - `systems`: of the environments.
    - `temperatures`: of the agent in each; for unknown ones any that sets the weights.
    - `fitted`: which are unknown.
    - `size`: entries of the table.

    **Raises:** `UsageError` if a fitted temperature is not above 0.
    """
    table = RewardTable(systems, temperatures, size)

    def left(index: int | None) -> np.ndarray:
        """The residual of one environment's logarithm alone, or of all those whose temperature is known."""
        wanted = [place == index if index is not None else place not in fitted for place in range(len(systems))]
        targets = [temperatures[place] * system.logarithm * wanted[place] for place, system in enumerate(systems)]
        return table.estimate(targets)[1]

    columns = np.stack([left(index) for index in fitted], -1)
    found = np.linalg.lstsq(columns, -left(None), rcond=None)[0]
    result = list(temperatures)
    for index, temperature in zip(fitted, found, strict=True):
        check_temperature(index, float(temperature))
        result[index] = float(temperature)
    return tuple(result)


def check_temperature(index: int, temperature: float) -> None:
    """Raises `UsageError` unless the temperature fitted to an environment is above 0."""
    if not temperature > 0:
        raise UsageError(
            f"The temperature fitted to environment {index} is {temperature:.3g}: not above 0. The environments do not "
            "determine it, or the agent does not pursue one objective in all of them."
        )


def _inverse(weight: np.ndarray) -> np.ndarray:
    return np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)
