"""Exact inversion: the rewards that make observed policies soft-optimal, by sparse linear least squares.

`reward = temperature log policy + V - discount E V'` holds in every environment for some values `V` of its own, and is
linear in all unknowns (Cao, Cohen, Szpruch 2021, theorem 1; Rolland et al. 2022 for several environments). Tables are
eliminated first, because each of their entries occurs once in an environment; where a few attributes explain the
reward, the values are eliminated first instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.fit.equations import RANK, Equations, equations, without_values
from mesascope.audit.objective.recovery.fit.posterior import Posterior, gaussian
from mesascope.audit.objective.recovery.fit.reward_table import RewardTable, check_temperature, fitted_temperatures
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import RewardSpace, TabularRewards

ROUNDS: int = 3
"""Rounds of fitting counts anew with what was fitted before."""

CERTAIN: float = 1e6
"""Exact probabilities beside counted ones weigh as much as this many times the most counted action."""


@dataclass(frozen=True)
class Inversion:
    """A recovered reward.

    **Arguments:**

    - `posterior`: of the parameter; what no environment settles is set to the smallest values.
    - `temperatures`: of the agent in each environment; in units of the first where none is known.
    - `relative_residual`: what is left of the targets after the fit, as a share of them; 0 for one soft-optimal agent.
    """

    posterior: Posterior
    temperatures: tuple[float, ...]
    relative_residual: float


def invert(
    observations: Sequence[Observation],
    space: RewardSpace,
    *,
    floor: float | None = None,
    prior_scale: float | None = None,
) -> Inversion:
    """Returns the rewards that make all observed policies soft-optimal, or nearly so.

    Unknown temperatures are fitted with the reward: exactly where probabilities are exact. From counts they come out a
    little low, because the logarithms that they multiply are noisy.

    **Arguments:**

    - `observations`: at least one. Where no temperature is known, the first environment's is the unit.
    - `space`: the rewards considered: a table shared by all environments, or weights of attributes.
    - `floor`: see `equations`.
    - `prior_scale`: standard deviation of a normal prior on each parameter, above 0; by default flat.

    **Returns:** the inversion. With exact probabilities draws from the posterior all equal the mean, unless a prior
    gives what is unidentified a spread; the prior moves nothing that the environments settle. Counts are fitted by
    likelihood where all temperatures are known; how often intervals and the test of coherence are right is measured by
    `benchmarks/interval_coverage.py`.

    **Raises:** `UsageError` if there is nothing to invert, the tables do not fit, the prior is none, or a fitted
    temperature is not above 0.
    """
    if not observations:
        raise UsageError("There is nothing to recover an objective from: no environment was observed.")
    if prior_scale is not None and not 0 < prior_scale < np.inf:
        raise UsageError(f"A prior of standard deviation {prior_scale} is none; give one above 0, or no prior.")
    known = [observation.temperature for observation in observations]
    systems = [equations(observation, space, floor=floor) for observation in observations]
    unknown = [index for index, temperature in enumerate(known) if temperature is None]
    fitted = unknown[1:] if len(unknown) == len(known) else unknown
    temperatures = [1.0 if temperature is None else temperature for temperature in known]
    certain = [observation.counts is None for observation in observations]
    if any(certain) and not all(certain):
        most = max(system.weights.max() for system, sure in zip(systems, certain, strict=True) if not sure)
        systems = [
            dataclasses.replace(system, weights=system.weights * CERTAIN * most) if sure else system
            for system, sure in zip(systems, certain, strict=True)
        ]

    def solved(systems: list[Equations]) -> tuple[Inversion, list[np.ndarray]]:
        if isinstance(space, TabularRewards):
            size = space.states * space.actions
            return _table(systems, temperatures, fitted, size, prior_scale, all(certain))
        return _few(systems, temperatures, fitted, prior_scale, all(certain))

    found, left = solved(systems)
    for _ in range(0 if all(certain) or fitted else ROUNDS):
        systems = [system.reweighted(rows) for system, rows in zip(systems, left, strict=True)]
        found, left = solved(systems)
    return found


def _table(
    systems: list[Equations],
    temperatures: list[float],
    fitted: list[int],
    size: int,
    prior_scale: float | None,
    exact: bool,
) -> tuple[Inversion, list[np.ndarray]]:
    """Solves for a table, which is eliminated before the values; also returns what is left of the logarithms."""
    found = fitted_temperatures(systems, temperatures, fitted, size) if fitted else tuple(temperatures)
    flat = RewardTable(systems, list(found), size)
    mean, left = flat.estimate(flat.targets)
    residual = float(left @ left)
    targets = np.sqrt(np.concatenate(flat.weights)) * np.concatenate(flat.targets)
    freedom = max(0, flat.degrees_of_freedom(exact=exact) - len(fitted))
    table = flat if exact or prior_scale is None else RewardTable(systems, list(found), size, prior=prior_scale**-2)
    if table is not flat:
        mean = table.estimate(table.targets)[0]
    elif prior_scale is not None:
        # Twice, because a table can hold much more of what is open than of what is settled.
        for _ in range(2):
            mean = mean - flat.open_part(mean)

    def once(random: np.random.Generator) -> np.ndarray:
        if not exact:
            return table.drawn(random)
        return mean if prior_scale is None else mean + flat.open_part(prior_scale * random.normal(size=size))

    def draw(random: np.random.Generator, n: int) -> np.ndarray:
        return np.stack([once(random) for _ in range(n)])

    posterior = Posterior(mean, draw, residual, freedom, exact)
    share = float(np.sqrt(residual) / max(float(np.linalg.norm(targets)), 1e-300))
    ends = np.cumsum([len(system.weights) for system in systems])[:-1]
    rows = [_plain(part, system) for part, system in zip(np.split(left, ends), systems, strict=True)]
    return Inversion(posterior, found, share), rows


def _plain(left: np.ndarray, system: Equations) -> np.ndarray:
    """Residuals of logarithms from weighted ones."""
    root = np.sqrt(system.weights)
    return np.divide(left, root, out=np.zeros_like(left), where=root > 0)


def _few(
    systems: list[Equations], temperatures: list[float], fitted: list[int], prior_scale: float | None, exact: bool
) -> tuple[Inversion, list[np.ndarray]]:
    """Solves for a few parameters, eliminating values first; also returns what is left of the logarithms."""
    width, extra = systems[0].features.get_shape()[1], len(fitted)
    gram, right = np.zeros((width + extra, width + extra)), np.zeros(width + extra)
    # What columns weigh before values are taken off: what is left of them below rounding is nothing.
    weight = np.zeros(width + extra)
    size, rows, values = 0.0, 0, 0
    remains: list[np.ndarray] = []
    for index, system in enumerate(systems):
        temperature = temperatures[index]
        target = system.logarithm * (0.0 if index in fitted else temperature)
        columns = np.zeros((len(target), width + extra + 1))
        columns[:, :width] = system.features.toarray()
        if index in fitted:
            columns[:, width + fitted.index(index)] = -system.logarithm
        columns[:, -1] = target
        left = without_values(system, columns) / temperature
        remains.append(left)
        gram += left[:, :-1].T @ left[:, :-1]
        right += left[:, :-1].T @ left[:, -1]
        weight += (system.weights[:, None] * columns[:, :-1] ** 2).sum(0) / temperature**2
        size += float(left[:, -1] @ left[:, -1])
        rows += int((system.weights > 0).sum())
        values += system.matrix.get_shape()[1]
    scale = np.sqrt(np.maximum(np.maximum(np.diag(gram), RANK * weight), 1e-300))
    eigenvalues, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    known = eigenvalues > RANK * max(1.0, eigenvalues.max(initial=0.0))
    inverse = (vectors[:, known] / eigenvalues[known]) @ vectors[:, known].T / np.outer(scale, scale)
    found = inverse @ right
    residual = max(0.0, size - float(right @ found))
    for place, index in enumerate(fitted):
        check_temperature(index, float(found[width + place]))
    # Of what is open the smallest parameter is taken, and a prior spreads it.
    unsettled = np.linalg.svd((vectors[:, ~known] / scale[:, None])[:width], full_matrices=False)
    basis = unsettled[0][:, unsettled[1] > RANK * unsettled[1].max(initial=1e-300)]
    mean = found[:width] - basis @ (basis.T @ found[:width])
    covariance = np.zeros((width, width)) if exact else inverse[:width, :width]
    if prior_scale is not None and exact:
        covariance = prior_scale**2 * basis @ basis.T
    elif prior_scale is not None:
        gram[:width, :width] += np.eye(width) * prior_scale**-2
        inverse = np.linalg.pinv(gram, rcond=1e-13, hermitian=True)
        mean, covariance = (inverse @ right)[:width], inverse[:width, :width]
    freedom = max(0, rows - values - int(known.sum()))
    posterior = gaussian(mean, covariance, residual=residual, degrees_of_freedom=freedom, exact=exact)
    result = list(temperatures)
    for place, index in enumerate(fitted):
        result[index] = float(found[width + place])
    share = float(np.sqrt(residual / max(size, 1e-300)))
    left = [_plain(part[:, -1] - part[:, :-1] @ found, system) for part, system in zip(remains, systems, strict=True)]
    return Inversion(posterior, tuple(result), share), left
