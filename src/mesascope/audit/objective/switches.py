"""Hypotheses of a goal that depends on something: on what is near, on the level, on the setting, on the time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.behaviour import Behaviour
from mesascope.audit.objective.choice_law import Explained, law_caution, law_points, state_independent
from mesascope.audit.objective.goals import LITTLE, Family, steps_to_candidate
from mesascope.audit.search.distances import is_reached

BLOCKED: tuple[int, ...] = (1, 2, 3)
NEAR: tuple[int, ...] = (1, 2, 3, 4, 6)
LATE: tuple[int, ...] = (0, 1, 2, 3, 4, 6, 9)
"""Steps from which on a choice counts as later than before."""
LEAST: float = 0.02
"""A condition that holds, or fails, in a smaller share of decisions is not asked for."""

Conditions = dict[str, Bool[np.ndarray, " M"]]
"""Where each condition holds, by its words."""


def by_context(behaviour: Behaviour, candidates: Sequence[int]) -> Family | None:
    """Returns the family of goals that depend on one condition in the state, the level or the setting.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: that may be sought on either side.
    """
    return _split(behaviour, candidates, _contexts(behaviour, candidates), "{0} where {2}, else {1}")


def by_time(behaviour: Behaviour, candidates: Sequence[int]) -> Family | None:
    """Returns the family of goals that change in the course of an episode; `None` for agents without memory.

    **Arguments:** as of `by_context`.
    """
    period = np.searchsorted(LATE, behaviour.since, side="right") - 1
    met = np.unique(period)
    conditions: Conditions = {}
    # All ways to divide the periods in two, as goals may alternate; the first one stands for its side.
    for rest in itertools.product((True, False), repeat=max(len(met) - 1, 0)):
        inside = met[[True, *rest]]
        if len(inside) < len(met):
            conditions[_when(inside, met)] = np.isin(period, inside)
    return _split(behaviour, candidates, conditions, "{0} {2}, else {1}")


def only_in_training(behaviour: Behaviour, candidates: Sequence[int], alone: Sequence[Explained]) -> tuple[Family, ...]:
    """Returns who is after a candidate in training levels, and elsewhere chooses by chance, or by a habit.

    A candidate that no level after the shift offers would say the same, and so would any that is alike in training.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: that may be sought.
    - `alone`: how well every candidate predicts them.
    """
    if len(behaviour.evaluations) == 1 or not candidates:
        return ()
    training, base = behaviour.setting == 0, behaviour.level_set.base
    nats = {index: float(alone[index].held_out[training] @ behaviour.counted[training]) for index in candidates}
    best = [index for index in candidates if nats[index] > max(nats.values()) - LITTLE]
    index = base if base in best else best[0]
    name, own = behaviour.level_set.objectives.names[index], alone[index]
    uniform = np.full(len(training), -np.log(behaviour.actions))
    elsewhere = {"chance": Explained(uniform, uniform), "a habit": state_independent(behaviour)}
    return tuple(
        Family(
            f"{name} where in training, else {words}",
            (index,),
            Explained(np.where(training, own.held_out, law.held_out), np.where(training, own.whole, law.whole)),
        )
        for words, law in elsewhere.items()
    )


def _when(inside: np.ndarray, met: np.ndarray) -> str:
    """Returns some of the periods that are met, in words."""
    starts = [LATE[place] for place in inside]
    following = {LATE[one]: LATE[other] for one, other in itertools.pairwise(met)}
    if (inside == met[: len(inside)]).all():
        return f"before step {following[starts[-1]]}"
    parts = [
        f"{start} on"
        if start not in following
        else f"{start}"
        if following[start] == start + 1
        else f"{start} to {following[start] - 1}"
        for start in starts
    ]
    return f"in steps {', '.join(parts)}"


def _contexts(behaviour: Behaviour, candidates: Sequence[int]) -> Conditions:
    conditions: Conditions = {}
    names, specs = behaviour.level_set.objectives.names, behaviour.level_set.objectives.specs
    stuck = (~behaviour.moving).sum(-1)
    for number in BLOCKED:
        conditions[f"at most {number} actions change nothing"] = stuck <= number
    for index in candidates:
        if not is_reached(specs[index]):
            continue
        steps = behaviour.of_states([steps_to_candidate(one, index) for one in behaviour.evaluations])
        for near in NEAR:
            conditions[f"{names[index]} is at most {near} step{'' if near == 1 else 's'} away"] = steps <= near + 0.5
        there = np.zeros(behaviour.units, bool)
        np.logical_or.at(there, behaviour.unit, np.isfinite(steps))
        conditions[f"the level has a way to {names[index]}"] = there[behaviour.unit]
    cells = behaviour.of_states([_cells(one) for one in behaviour.evaluations])
    if (cells >= 0).all() and len(cells):
        row, column = cells.T
        middle = (cells.max(0) + cells.min(0)) / 2
        conditions["in the upper half"] = row < middle[0]
        conditions["in the left half"] = column < middle[1]
        conditions["row and column add up to an even number"] = (row + column) % 2 == 0
        for index in candidates:
            at = np.concatenate([_where(behaviour, place, index) for place in range(len(behaviour.evaluations))])
            conditions[f"{names[index]} lies in the upper half"] = at[:, 0] < middle[0]
            conditions[f"{names[index]} lies in the left half"] = at[:, 1] < middle[1]
    if len(behaviour.evaluations) > 1:
        conditions["in training"] = behaviour.setting == 0
    return conditions


def _where(behaviour: Behaviour, setting: int, index: int) -> Float[np.ndarray, "M 2"]:
    """Returns the mean row and column of what fulfils a candidate in the level of each choice; NaN if nothing does."""
    level_set, levels = behaviour.evaluations[setting].level_set, behaviour.level[behaviour.setting == setting]
    at = np.full((level_set.levels.count, 2), np.nan)
    for level in np.unique(levels):
        cells = level_set.cells(int(level))[level_set.fulfilled[index, level]]
        if len(cells):
            at[level] = cells.mean(0)
    return at[levels]


def _cells(evaluation: Evaluation) -> np.ndarray:
    level_set = evaluation.level_set
    return np.stack([level_set.cells(level) for level in range(level_set.levels.count)])


def _split(behaviour: Behaviour, candidates: Sequence[int], conditions: Conditions, words: str) -> Family | None:
    """Returns a family of pairs of laws, one where a condition holds and one where it does not.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: that may be sought on either side; chance may stand there, too.
    - `conditions`: that may divide the choices.
    - `words`: of a member: what is sought on either side, and the condition.
    """
    counted = behaviour.counted
    usual = {name: holds for name, holds in conditions.items() if LEAST <= counted @ holds / counted.sum() <= 1 - LEAST}
    if not usual or not len(candidates):
        return None
    chance = np.full((1, len(counted)), -np.log(behaviour.actions))
    grids = [law_points(behaviour, index) for index in candidates]
    points = np.concatenate([*grids, chance])
    owner = np.repeat(np.arange(len(grids) + 1), [*(len(grid) for grid in grids), 1])
    caution = np.append(np.tile(law_caution(), len(grids)), 0.0)
    holds = np.stack(list(usual.values())).astype(float)
    held_out = np.empty(len(counted))
    for fold in (0, 1):
        fitting = counted * (behaviour.fold != fold)
        condition, inside, outside, _ = _best(points, owner, holds, fitting, caution)
        rows = behaviour.fold == fold
        held_out[rows] = np.where(holds[condition] > 0, points[inside], points[outside])[rows]
    condition, inside, outside, differ = _best(points, owner, holds, counted, caution)
    if not differ:
        return None
    whole = np.where(holds[condition] > 0, points[inside], points[outside])
    names = (*(behaviour.level_set.objectives.names[index] for index in candidates), "chance")
    sides = [owner[inside], owner[outside]]
    name = words.format(names[sides[0]], names[sides[1]], list(usual)[condition])
    within = tuple(candidates[side] for side in sides if side < len(candidates))
    return Family(name, within, Explained(held_out, whole))


def _best(
    points: Float[np.ndarray, "G M"],
    owner: np.ndarray,
    holds: Float[np.ndarray, "F M"],
    counted: Float[np.ndarray, " M"],
    caution: Float[np.ndarray, " G"],
) -> tuple[int, int, int, bool]:
    """Returns the condition that divides some choices best, the law on either side, and whether goals differ."""
    inside = (holds * counted) @ points.T
    outside = points @ counted - inside
    # A condition divides goals, not merely sharpness and slips: the two sides belong to different candidates.
    best = np.full((2, len(holds), owner.max() + 1), -np.inf)
    place = np.zeros(best.shape, int)
    for side, table in enumerate((inside + caution, outside + caution)):
        for one in range(owner.max() + 1):
            mine = np.flatnonzero(owner == one)
            column = np.round(table[:, mine], 6)
            place[side, :, one] = mine[column.argmax(-1)]
            best[side, :, one] = column.max(-1)
    total = best[0][:, :, None] + best[1][:, None, :]
    alike = np.arange(owner.max() + 1)
    total[:, alike, alike] = -np.inf
    condition, first, second = np.unravel_index(int(np.round(total, 6).argmax()), total.shape)
    return (
        int(condition),
        int(place[0, condition, first]),
        int(place[1, condition, second]),
        bool(np.isfinite(total[condition, first, second])),
    )
