"""Hypotheses of one goal by rank: not the nearest of several places is sought, but the second nearest or leftmost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Int

from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.behaviour import Behaviour
from mesascope.audit.objective.choice_law import explained_by
from mesascope.audit.objective.goals import Family, best_of
from mesascope.audit.search.distances import FAR

RANKS: tuple[tuple[str, str, int], ...] = (
    ("second nearest", "steps", 2),
    ("third nearest", "steps", 3),
    ("fourth nearest", "steps", 4),
    ("farthest", "steps", -1),
    ("leftmost", "left", 1),
    ("rightmost", "right", 1),
    ("highest", "up", 1),
    ("lowest", "down", 1),
    ("second from left", "left", 2),
    ("second from right", "right", 2),
)
"""Rules by which one of several places is sought: in words, the order, and the rank in it, from the end if below 0."""
PLACES: tuple[float, float] = (1.5, 5.5)
"""A rank among the places that fulfil a candidate is asked for if levels of some setting have about so many."""

ELSEWHERE: float = 2.0
"""Places are ranked that lie elsewhere from level to level, all of them more by this than those of one level. Among
corners, or the cells of a region, a rank is but one of them."""

RANKED: int = 6
"""Candidates, best first, that are tried."""


@dataclass(frozen=True)
class Taken:
    """Where a candidate can be fulfilled in one level.

    **Arguments:**

    - `by`: whether it is, by each action in each state, `[S, A]`.
    - `cells`: row and column of the P places where that happens, `[P, 2]`.
    """

    by: Bool[np.ndarray, "S A"]
    cells: Int[np.ndarray, "P 2"]


@dataclass(frozen=True)
class Places:
    """The P places of a candidate, as M choices in one setting see them; `FAR` where there is no way, or no place.

    **Arguments:**

    - `steps`: to each place from the state (first row) and after each action, `[M, 1 + A, P]`.
    - `cells`: row and column of each place, `[M, P, 2]`.
    """

    steps: Float[np.ndarray, "M B P"]
    cells: Float[np.ndarray, "M P 2"]

    def key(self, order: str) -> Float[np.ndarray, "M P"]:
        """Returns what places are ordered by, least first."""
        row, column = self.cells[..., 0], self.cells[..., 1]
        keys = {"steps": self.steps[:, 0], "left": column, "right": -column, "up": row, "down": -row}
        return np.where(self.steps[:, 0] < FAR, keys[order], np.inf)


def ranked(behaviour: Behaviour, candidates: Sequence[int]) -> Family | None:
    """Returns the family of candidates of which not the nearest place is sought but the k-th nearest.

    Only levels without chance are asked, and those with a few places.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: that are reached, best first.
    """
    rows, laws = [], []
    evaluations, objectives = behaviour.evaluations, behaviour.level_set.objectives
    if any(_has_chance(one.level_set) for one in evaluations):
        return None
    for index in candidates[:RANKED]:
        taken = [_taken(behaviour, place, index) for place in range(len(evaluations))]
        usual = [float(np.mean([len(one.cells) for one in levels.values()])) for levels in taken]
        everywhere = {tuple(cell) for levels in taken for one in levels.values() for cell in one.cells}
        if min(usual) == 0 or not PLACES[0] <= max(usual) <= PLACES[1] or len(everywhere) < ELSEWHERE * max(usual):
            continue
        known = [_places(behaviour, place, levels) for place, levels in enumerate(taken)]
        attained = behaviour.fulfilled[index]
        # Whoever goes on when one is taken may take one after another.
        after = ((attained, ""), (None, ", one after another")) if attained.any() else ((attained, ""),)
        for words, order, rank in RANKS:
            preference = behaviour.scaled(np.concatenate([_of_rank(one, order, rank) for one in known]))
            for fulfilled, again in after:
                rows.append(explained_by(behaviour, preference, fulfilled, pulled=False))
                laws.append((f"{words} {objectives.names[index]}{again}", (index,)))
    return best_of(behaviour, rows, laws)


def _of_rank(places: Places, order: str, rank: int) -> Float[np.ndarray, "M A"]:
    """Returns the worth of each action for whoever seeks the place of a rank, from 1; of fewer places, the last.

    A rank below 0 counts from the end.
    """
    key = places.key(order)
    ranked = np.argsort(key, axis=-1, kind="stable")
    there = np.isfinite(key).sum(-1)
    place = np.minimum(rank, there) - 1 if rank > 0 else there + rank
    sought = np.take_along_axis(ranked, np.clip(place, 0, None)[:, None], -1)
    return -np.take_along_axis(places.steps[:, 1:], sought[:, None], -1)[..., 0]


def _has_chance(level_set: LevelSet) -> bool:
    levels = level_set.levels
    return levels.successors.shape[-1] > 1 and bool((np.asarray(levels.probabilities)[..., 0] < 1).any())


def _taken(behaviour: Behaviour, setting: int, index: int) -> dict[int, Taken]:
    """Returns where a candidate can be fulfilled, by level."""
    level_set = behaviour.evaluations[setting].level_set
    levels, stops = level_set.levels, level_set.objectives.stops[index]
    found = {}
    for number in np.unique(behaviour.level[behaviour.setting == setting]):
        active = np.asarray(levels.reachable[number] & ~levels.terminal[number])
        by = (np.asarray(levels.attributes[number, :, :, 0]) @ stops > 0) & active[:, None]
        cells = level_set.cells(int(number))[np.asarray(levels.successors[number, :, :, 0])[by]]
        # States without a place are places of their own.
        found[int(number)] = Taken(by, np.unique(cells, axis=0) if (cells >= 0).all() else cells)
    return found


def _places(behaviour: Behaviour, setting: int, taken: Mapping[int, Taken]) -> Places:
    """Returns the places that fulfil a candidate, as each choice in a setting sees them."""
    level_set, here = behaviour.evaluations[setting].level_set, behaviour.setting == setting
    tables = {number: _steps(level_set, number, one) for number, one in taken.items()}
    most = max(len(one.cells) for one in taken.values())
    steps = np.full((int(here.sum()), behaviour.actions + 1, most), float(FAR))
    at = np.zeros((len(steps), most, 2))
    for row, (number, state) in enumerate(zip(behaviour.level[here], behaviour.state[here], strict=True)):
        table, cells = tables[int(number)], taken[int(number)].cells
        steps[row, :, : len(cells)] = table[state]
        at[row, : len(cells)] = cells
    return Places(steps, at)


def _steps(level_set: LevelSet, number: int, taken: Taken) -> Float[np.ndarray, "S B P"]:
    """Returns the steps from each state, and after each action, until a candidate is fulfilled in each place.

    What was taken is gone: a place counts as long as a way leads to fulfilling the candidate there once more.
    """
    level = level_set.levels[number]
    after, active = np.asarray(level.successors[:, :, 0]), np.asarray(level.reachable & ~level.terminal)
    state, action = np.nonzero(np.broadcast_to(active[:, None], after.shape))
    back = scipy.sparse.csr_matrix((np.ones(len(state)), (after[state, action], state)), (level.states,) * 2)
    there = level_set.cells(number)[after]
    steps = np.full((level.states, level.actions + 1, len(taken.cells)), float(FAR))
    for place, cell in enumerate(taken.cells):
        by = taken.by & (there == cell).all(-1)
        beside = np.flatnonzero(by.any(-1))
        far = scipy.sparse.csgraph.dijkstra(back, unweighted=True, indices=beside, min_only=True) + 1
        far = np.minimum(far, FAR)
        steps[:, 0, place] = far
        steps[:, 1:, place] = np.where(by, 0, far[after]) + 1
    return steps
