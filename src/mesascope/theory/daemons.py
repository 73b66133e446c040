"""Optimization daemons as a population: what selection on the base score does to the odds of goals (RFLO §1.1, §4.3).

Goals that score the same keep their odds exactly, whatever they are: selection neither removes nor rewards what it does
not see. Only a cost of holding a goal moves them, by a factor that is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.special
from jaxtyping import Float

from mesascope.core.errors import UsageError

NEGLIGIBLE = 1e-9
"""Correlations this close to 0 or 1 are taken as such: beta functions have no digits left there."""


def selected_shares(
    shares: tuple[float, ...], scores: tuple[float, ...], generations: int
) -> Float[np.ndarray, "generations goals"]:
    """Returns the shares of goals after each generation of selection in proportion to the base score.

    **Arguments:**

    - `shares`: of each goal at first, above 0; scaled to sum to 1.
    - `scores`: base score of each goal, above 0.
    - `generations`: how many, 0 or more.

    **Returns:** one row more than generations, the first before any.

    **Raises:** `UsageError` if numbers differ or are not above 0.
    """
    if len(shares) != len(scores) or not shares or min(*shares, *scores) <= 0:
        raise UsageError(f"Selection needs a share and a score above 0 for each goal, not {shares} and {scores}.")
    rows = [np.asarray(shares, np.float64) / sum(shares)]
    for _ in range(generations):
        grown = rows[-1] * np.asarray(scores, np.float64)
        rows.append(grown / grown.sum())
    return np.stack(rows)


def odds_factor(cost: float, generations: int, *, bystander: float = 1.0) -> float:
    """Returns by which factor selection changed the odds of a goal with a cost against one without.

    In closed form `(1 - cost) ** generations`: 1 for a goal that complies perfectly while it is watched.

    **Arguments:**

    - `cost`: share of the base score that the goal loses, in [0, 1).
    - `generations`: of selection.
    - `bystander`: score of a third goal in the population, which must not matter.
    """
    shares = selected_shares((0.3, 0.2, 0.5), (1.0, 1.0 - cost, bystander), generations)
    odds = shares[:, 1] / shares[:, 0]
    return float(odds[-1] / odds[0])


def fixation_probability(start: int, population: int, relative_fitness: float = 1.0) -> float:
    """Returns the probability that one goal takes over a finite population, by solving the Moran process exactly.

    Neutral goals take over with their share: chance drifts, but the odds stay in expectation. In closed form otherwise
    `(1 - r**-start) / (1 - r**-population)` with the relative fitness r.

    **Arguments:**

    - `start`: carriers at first, from 0 to `population`.
    - `population`: of constant size, 2 or more.
    - `relative_fitness`: of carriers against the others, above 0.

    **Raises:** `UsageError` for numbers out of range.
    """
    if not 0 <= start <= population or population < 2 or relative_fitness <= 0:
        raise UsageError(f"{start} of {population} with fitness {relative_fitness} is no population that can drift.")
    if start in (0, population):
        return float(start == population)
    carriers = np.arange(1, population)
    weight = relative_fitness * carriers
    birth = weight / (weight + population - carriers)
    up, down = birth * (population - carriers) / population, (1 - birth) * carriers / population
    bands = np.zeros((3, population - 1))
    bands[0, 1:], bands[1], bands[2, :-1] = -up[:-1], up + down, -down[1:]
    target = np.zeros(population - 1)
    target[-1] = up[-1]
    return float(scipy.linalg.solve_banded((1, 1), bands, target)[start - 1])


@dataclass(frozen=True)
class Onset:
    """How many copies of an agent turn at the same moment.

    **Arguments:**

    - `law`: probability of each number, from none to all.
    """

    law: Float[np.ndarray, " counts"]

    @property
    def mean(self) -> float:
        """Expected number of copies that turn."""
        return float(self.law @ np.arange(len(self.law)))

    @property
    def variance(self) -> float:
        """Of that number."""
        return float(self.law @ (np.arange(len(self.law)) - self.mean) ** 2)

    @property
    def all_at_once(self) -> float:
        """Probability that every copy turns: the bang."""
        return float(self.law[-1])


def simultaneous_onset(copies: int, probability: float, correlation: float) -> Onset:
    """Returns how many copies turn at once when what sets them off is partly shared.

    The chance of turning is drawn for all copies together from a beta distribution (Christiano's "what failure looks
    like": correlated automation failures). The mean never depends on the correlation; the variance is
    `n p (1 - p) (1 + (n - 1) correlation)`, and with a correlation of 1 it is none or all.

    **Arguments:**

    - `copies`: n, 1 or more.
    - `probability`: p that a copy turns, in (0, 1).
    - `correlation`: between two copies, in [0, 1].

    **Raises:** `UsageError` for numbers out of range.
    """
    if copies < 1 or not 0 < probability < 1 or not 0 <= correlation <= 1:
        raise UsageError(
            f"Onset needs 1 copy or more, a probability inside (0, 1) and a correlation in [0, 1], "
            f"not {copies}, {probability} and {correlation}."
        )
    counts = np.arange(copies + 1)
    if correlation > 1 - NEGLIGIBLE:
        law = np.zeros(copies + 1)
        law[0], law[-1] = 1 - probability, probability
        return Onset(law)
    ways = scipy.special.gammaln(copies + 1) - scipy.special.gammaln(counts + 1)
    ways -= scipy.special.gammaln(copies - counts + 1)
    if correlation < NEGLIGIBLE:
        return Onset(np.exp(ways + counts * np.log(probability) + (copies - counts) * np.log1p(-probability)))
    strength = 1 / correlation - 1
    turns, stays = probability * strength, (1 - probability) * strength
    return Onset(
        np.exp(
            ways + scipy.special.betaln(turns + counts, stays + copies - counts) - scipy.special.betaln(turns, stays)
        )
    )
