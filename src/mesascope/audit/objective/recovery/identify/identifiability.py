"""What a set of environments cannot tell apart: the unidentified directions of a reward space, harmless or harmful.

A direction is unidentified if in every environment it is shaping there: `features u` lies in the range of the backup
matrix (Cao, Cohen, Szpruch 2021; Rolland et al. 2022). It is harmless in a class of levels if it is shaping in all of
these too: no soft-optimal policy changes along it. A constant reward always is, unless episodes end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.fit.equations import RANK, Equations, frame, without_values
from mesascope.audit.objective.recovery.fit.reward_table import RewardTable
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import RewardSpace, TabularRewards
from mesascope.worlds.level import Level

SMALL: int = 1500
"""Up to so many parameters all open directions are found before some are drawn."""

LARGEST: int = 4000
"""A basis is computed for up to so many unknown values of all environments together (a dense eigenproblem)."""


@dataclass(frozen=True)
class Unidentified:
    """The directions in which a reward can be changed without changing any observed policy.

    **Arguments:**

    - `basis`: orthonormal rows, `[dimension, D]`; the harmless ones first.
    - `harmless`: which rows change no soft-optimal policy in any level of the class, `[dimension]`.
    - `names`: of the parameters.
    - `judged`: whether a class was given; if not, what is not harmless anywhere may or may not matter.
    """

    basis: Float[np.ndarray, "U D"]
    harmless: Bool[np.ndarray, " U"]
    names: tuple[str, ...]
    judged: bool = True

    @property
    def dimension(self) -> int:
        """How many directions are open."""
        return len(self.basis)

    @property
    def harmful(self) -> Float[np.ndarray, "H D"]:
        """The directions that matter somewhere in the class; none is known to where no class was given."""
        return self.basis[~self.harmless] if self.judged else self.basis[:0]

    def sentence(self, most: int = 3) -> str:
        """Returns what could not be told apart, for a person."""
        if not self.dimension:
            return "Nothing is left open."
        rows = self.basis[~self.harmless]
        text = f"{_directions(self.dimension)} left open, {len(rows) or 'none'} of them harmful"
        if not self.judged and len(rows):
            text = f"{_directions(self.dimension)} left open; whether {len(rows)} of them matter hangs on other levels"
        shown = [_combination(row, self.names) for row in rows[:most]]
        return text + (": " + "; ".join(shown) if shown and len(self.names) <= 200 else "") + "."


def unidentified(
    observations: Sequence[Observation | Level],
    space: RewardSpace,
    *,
    levels: Sequence[Level] = (),
    basis: Float[np.ndarray, "U D"] | None = None,
) -> Unidentified:
    """Returns the directions of a reward space that a set of environments leaves open.

    What an agent does there is not needed: only where it was watched.

    **Arguments:**

    - `observations`: environments, or levels with their own discount; at least one.
    - `space`: the rewards considered.
    - `levels`: the class in which a direction may or may not do harm; by default it is not asked, and only directions
      that are shaping whatever the dynamics (the constant one) count as harmless.
    - `basis`: the open directions, orthonormal, if they are known already.

    **Raises:** `UsageError` without environments, or if there are more unknown values than `LARGEST`.
    """
    if not observations:
        raise UsageError("No environment was observed: everything is unidentified.")
    systems = [frame(one, space) for one in observations]
    width = systems[0].features.get_shape()[1]
    if basis is None:
        basis = _small(systems) if width <= LARGEST else _large(systems, width)
    targets = [frame(level, space) for level in levels]
    if not targets:
        # Without a class only a reward that is the same everywhere is known to do no harm.
        constant = _constant(systems, basis)
        if constant is None:
            return Unidentified(basis, np.zeros(len(basis), bool), space.names, judged=False)
        rest = basis - np.outer(basis @ constant, constant)
        _, size, rows = np.linalg.svd(rest, full_matrices=False)
        kept = rows[size > 1e-7]
        return Unidentified(np.vstack([constant, kept]), np.arange(len(kept) + 1) == 0, space.names, judged=False)
    gram = np.zeros((len(basis), len(basis)))
    for system in targets:
        left = without_values(system, np.asarray(system.features @ basis.T))
        gram += left.T @ left
    if not len(basis):
        return Unidentified(basis, np.zeros(0, bool), space.names)
    values, vectors = np.linalg.eigh(gram)
    size = sum(float(scipy.sparse.linalg.norm(system.features) ** 2) for system in targets) / width
    return Unidentified(vectors.T @ basis, values <= RANK * max(size, 1e-300), space.names)


def removed(level: Level, space: RewardSpace, basis: Float[np.ndarray, "U D"]) -> Float[np.ndarray, "R U"]:
    """Returns what watching one more environment would show of each open direction: zero columns stay open.

    **Arguments:**

    - `level`: the environment.
    - `space`: the rewards considered.
    - `basis`: the open directions.
    """
    system = frame(level, space)
    return without_values(system, np.asarray(system.features @ basis.T))


def rank_of(left: Float[np.ndarray, "R U"]) -> int:
    """Returns how many directions `removed` shows, up to rounding."""
    if not left.size:
        return 0
    size = np.linalg.svd(left, compute_uv=False)
    return int((size > np.sqrt(RANK)).sum())


def open_directions(
    observations: Sequence[Observation | Level], space: RewardSpace, *, n: int, seed: int = 0
) -> Float[np.ndarray, "m D"]:
    """Returns up to n orthonormal random directions that the environments leave open, whatever the size of the table.

    Where a basis is too large to be had, random values are freed of what the environments settle: that takes one sparse
    solve a direction. All that is open is among them with certainty only if fewer than n come back.

    **Arguments:**

    - `observations`, `space`: as of `unidentified`.
    - `n`: how many, at most.
    - `seed`: of the directions.
    """
    random = np.random.default_rng(seed)
    systems = [frame(one, space) for one in observations]
    width = systems[0].features.get_shape()[1]
    if width <= SMALL:
        basis = _small(systems)
        if len(basis) <= n:
            return basis
        turned = random.normal(size=(n, len(basis))) @ basis
    elif not isinstance(space, TabularRewards):
        raise UsageError(f"Open directions of {width:,} parameters can only be found for tables of rewards.")
    else:
        table = RewardTable(systems, [1.0] * len(systems), width)
        values = random.normal(size=(n, table.factor.matrix.get_shape()[0]))
        kept = values - table.factor.solve(table.factor.matrix @ values.T).T
        first = kept[:, : systems[0].matrix.get_shape()[1]]
        turned = np.zeros((n, width))
        turned[:, systems[0].places] = (systems[0].matrix @ first.T).T
    _, size, rows = np.linalg.svd(turned, full_matrices=False)
    # Constants survive whatever else does not, so the largest is a measure of what is real.
    return rows[size > 1e-5 * size.max(initial=1e-300)]


def _small(systems: list[Equations]) -> np.ndarray:
    """Returns a basis from the information that is left of the features without values, `[D, D]`."""
    width = systems[0].features.get_shape()[1]
    gram = np.zeros((width, width))
    for system in systems:
        left = without_values(system, system.features.toarray())
        gram += left.T @ left
    scale = np.sqrt(max(float(sum((system.features.multiply(system.features)).sum() for system in systems)), 1e-300))
    values, vectors = np.linalg.eigh(gram)
    return vectors[:, values <= RANK * scale**2 / width].T


def _large(systems: list[Equations], width: int) -> np.ndarray:
    """Returns a basis from the values: `u = M_1 v_1 = ... = M_E v_E`, for tables, whose features are entries."""
    columns = sum(system.matrix.get_shape()[1] for system in systems)
    if columns > LARGEST:
        raise UsageError(
            f"These environments have {columns:,} unknown values together; a basis of what they leave open is computed "
            f"for up to {LARGEST:,}. Ask about fewer or smaller environments, or about attributes."
        )
    first, others = systems[0], [system.matrix for system in systems[1:]]
    if not others:
        values = np.eye(first.matrix.get_shape()[1])
    else:
        repeated = scipy.sparse.vstack([first.matrix] * len(others))
        stacked = scipy.sparse.hstack([repeated, -scipy.sparse.block_diag(others)], format="csr")
        eigenvalues, vectors = np.linalg.eigh((stacked.T @ stacked).toarray())
        values = vectors[: first.matrix.get_shape()[1], eigenvalues <= RANK * eigenvalues.max()]
    directions = np.zeros((width, values.shape[1]))
    directions[first.places] = first.matrix @ values
    found, size, _ = np.linalg.svd(directions, full_matrices=False)
    return found[:, size > 1e-7 * size.max(initial=0.0)].T


def _constant(systems: list[Equations], basis: np.ndarray) -> np.ndarray | None:
    """Returns the open direction of length 1 along which the reward of all that can be done is the same, if any."""
    if not len(basis):
        return None
    gram, summed, rows = np.zeros((len(basis), len(basis))), np.zeros(len(basis)), 0
    for system in systems:
        along = np.asarray(system.features @ basis.T)
        gram += along.T @ along
        summed += along.sum(0)
        rows += len(along)
    found = np.linalg.pinv(gram, rcond=1e-12, hermitian=True) @ summed
    if rows - summed @ found > 1e-9 * rows:
        return None
    direction = found @ basis
    return direction / np.linalg.norm(direction)


def _directions(count: int) -> str:
    return "1 direction is" if count == 1 else f"{count} directions are"


def _combination(row: np.ndarray, names: tuple[str, ...]) -> str:
    """Returns a direction as the few parameters that make up most of it."""
    order = np.argsort(-np.abs(row), kind="stable")
    kept = [index for index in order[:4] if abs(row[index]) > 0.2 * abs(row[order[0]])]
    sign = np.sign(row[kept[0]])
    return " ".join(f"{'+' if sign * row[index] > 0 else '-'} {names[index]}" for index in kept).removeprefix("+ ")
