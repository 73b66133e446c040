"""Hypotheses of one goal: a candidate pursued in full, only from so many steps away, or by rank (the second nearest).

Each is a way of ranking actions, made from exact optimal values; how the agent goes by it is `choice_law`'s to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from jaxtyping import Bool, Float, Int

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.behaviour import Behaviour
from mesascope.audit.objective.choice_law import Explained, explained_by
from mesascope.audit.search.distances import FAR
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec

DEPTHS: tuple[int, ...] = tuple(range(1, 9))
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
PLACES: tuple[float, float] = (1.5, 8.5)
"""A rank among the places that fulfil a candidate is asked for if levels of some setting have about so many."""

LITTLE: float = 0.5
"""Nats by which two members of a family may differ and say the same of an agent."""

FOLLOWED: int = 4
"""Candidates, best first, that are tried with bounded depth and by rank."""


@dataclass(frozen=True)
class Family:
    """What a family of hypotheses says of an agent.

    **Arguments:**

    - `name`: the hypothesis that predicts all choices best, in words.
    - `candidates`: indices of the listed objectives in it.
    - `explained`: how well the family predicts choices; which of its hypotheses does is chosen where they are fitted.
    """

    name: str
    candidates: tuple[int, ...]
    explained: Explained


def is_motion(behaviour: Behaviour, spec: ObjectiveSpec) -> bool:
    """Returns whether an objective is about moving and nothing else."""
    return set(spec.weights) <= set(behaviour.level_set.world.motion)


def aims(behaviour: Behaviour) -> tuple[int, ...]:
    """Returns the candidates that may be half of what an agent is after: what is sought, and can be seen."""
    specs = behaviour.level_set.objectives.specs
    return tuple(
        index
        for index, spec in enumerate(specs)
        if not spec.control and max(spec.weights.values()) > 0 and not is_motion(behaviour, spec)
    )


def pursued(behaviour: Behaviour, candidate: int, *, pull: Float[np.ndarray, "M A"] | None = None) -> Explained:
    """Returns how well one candidate, pursued in full, predicts the choices.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidate`: its index.
    - `pull`: by which ties are broken, if not evenly or in a fixed way.
    """
    spec = behaviour.level_set.objectives.specs[candidate]
    # Whoever moves in a fixed way of its own has a habit, and does not seek to move.
    return explained_by(
        behaviour,
        behaviour.advantages[candidate],
        behaviour.fulfilled[candidate],
        pulled=not is_motion(behaviour, spec),
        pull=pull,
    )


def best_of(
    behaviour: Behaviour, rows: Sequence[Explained], laws: Sequence[tuple[str, tuple[int, ...]]]
) -> Family | None:
    """Returns a family by its members: on each fold the one that does best on the other.

    **Arguments:**

    - `behaviour`: the choices.
    - `rows`: how well each member predicts them.
    - `laws`: name and candidates of each member.
    """
    if not rows:
        return None
    whole = np.stack([row.whole for row in rows])
    total = whole @ behaviour.counted
    name, candidates = laws[_first(total)]
    held_out = np.empty(whole.shape[1])
    for fold in (0, 1):
        # The other fold's own scores, where each member was fitted on this one, would punish whatever generalises less.
        other, here = behaviour.fold != fold, behaviour.fold == fold
        best = _first(whole[:, other] @ behaviour.counted[other])
        held_out[here] = rows[best].held_out[here]
    return Family(name, candidates, Explained(held_out, whole[_first(total)]))


def _first(totals: Float[np.ndarray, " H"]) -> int:
    """Returns the first of those that explain choices nearly as well as the best."""
    return int((totals >= totals.max() - LITTLE).argmax())


def bounded(behaviour: Behaviour, candidates: Sequence[tuple[int, int]]) -> Family | None:
    """Returns the family of candidates that are pursued only from at most so many steps away.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: to be tried: what is pursued, and what is reached by it.
    """
    rows, laws = [], []
    level_set = behaviour.level_set
    for speaker, index in candidates:
        steps = behaviour.of_states([steps_to_candidate(evaluation, index) for evaluation in behaviour.evaluations])
        for depth in DEPTHS:
            far = steps > depth + 0.5
            if not (far & (behaviour.weight > 0)).any():
                break
            preference = np.where(far[:, None], 0.0, behaviour.advantages[index])
            rows.append(explained_by(behaviour, preference, behaviour.fulfilled[index]))
            plural = "step" if depth == 1 else "steps"
            laws.append((f"{level_set.objectives.names[speaker]} within {depth} {plural}", (speaker,)))
    return best_of(behaviour, rows, laws)


def steps_to_candidate(evaluation: Evaluation, index: int) -> Float[np.ndarray, "N S"]:
    """Returns how many steps away a candidate is, by its optimal value; infinite where it cannot be reached.

    **Arguments:**

    - `evaluation`: in whose levels.
    - `index`: of a candidate that is reached.
    """
    level_set = evaluation.level_set
    values = level_set.optimal_action_values[index].max(-1)
    most = max(level_set.objectives.specs[index].weights.values())
    discount = np.asarray(level_set.levels.discount, np.float64)[:, None]
    with np.errstate(divide="ignore"):
        return np.where(values > 0, 1 + np.log(np.maximum(values, 1e-300) / most) / np.log(discount), np.inf)


def ranked(behaviour: Behaviour, candidates: Sequence[tuple[int, int]]) -> Family | None:
    """Returns the family of candidates of which not the nearest place is sought but the k-th nearest.

    **Arguments:** as of `bounded`.
    """
    rows, laws = [], []
    objectives = behaviour.level_set.objectives
    for speaker, index in candidates:
        known = [_to_places(behaviour, place, index) for place in range(len(behaviour.evaluations))]
        most = max((float(one.usual) for one in known), default=0.0)
        if not PLACES[0] <= most <= PLACES[1]:
            continue
        for words, order, rank in RANKS:
            values = np.concatenate([_of_rank(one, order, rank) for one in known])
            rows.append(explained_by(behaviour, behaviour.scaled(values), behaviour.fulfilled[index], pulled=False))
            laws.append((f"{words} {objectives.names[speaker]}", (speaker,)))
    return best_of(behaviour, rows, laws)


@dataclass(frozen=True)
class Places:
    """The P places of a candidate, as M choices in one setting see them; `FAR` where there is no way, or no place.

    **Arguments:**

    - `steps`: to each place from the state (first row) and after each action, `[M, 1 + A, P]`.
    - `cells`: row and column of each place, `[M, P, 2]`.
    - `usual`: how many there are in a level, on average; infinite where ranks say nothing.
    """

    steps: Float[np.ndarray, "M B P"]
    cells: Float[np.ndarray, "M P 2"]
    usual: float

    def key(self, order: str) -> Float[np.ndarray, "M P"]:
        """Returns what places are ordered by, least first."""
        row, column = self.cells[..., 0], self.cells[..., 1]
        keys = {"steps": self.steps[:, 0], "left": column, "right": -column, "up": row, "down": -row}
        return np.where(self.steps[:, 0] < FAR, keys[order], np.inf)


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


def _to_places(behaviour: Behaviour, setting: int, index: int) -> Places:
    """Returns the places that fulfil a candidate, as each choice sees them.

    Only levels without chance are asked, and those with a few places.
    """
    evaluation, here = behaviour.evaluations[setting], behaviour.setting == setting
    levels = evaluation.level_set.levels
    nowhere = Places(np.zeros((0, behaviour.actions + 1, 0)), np.zeros((0, 0, 2)), np.inf)
    if (np.asarray(levels.probabilities)[..., 0] < 1).any() and levels.successors.shape[-1] > 1:
        return nowhere
    wanted = np.unique(behaviour.level[here])
    tables = {int(level): _steps_to_places(levels[int(level)], evaluation, index, int(level)) for level in wanted}
    sizes = [table.shape[1] for table, _ in tables.values()]
    if not sizes or not 0 < float(np.mean(sizes)) <= PLACES[1]:
        return nowhere
    steps = np.full((int(here.sum()), behaviour.actions + 1, max(sizes)), float(FAR))
    at = np.zeros((len(steps), max(sizes), 2))
    for row, (level, state) in enumerate(zip(behaviour.level[here], behaviour.state[here], strict=True)):
        table, cells = tables[int(level)]
        after = np.asarray(levels.successors[level, state, :, 0])
        steps[row, 0, : table.shape[1]] = table[state]
        steps[row, 1:, : table.shape[1]] = table[after] + 1
        at[row, : len(cells)] = cells
    return Places(steps, at, float(np.mean(sizes)))


def _steps_to_places(
    level: Level, evaluation: Evaluation, index: int, number: int
) -> tuple[Float[np.ndarray, "S P"], Int[np.ndarray, "P 2"]]:
    """Returns the steps from each state to each place whose entering fulfils a candidate, and where these lie."""
    level_set = evaluation.level_set
    fulfilling = np.flatnonzero(level_set.fulfilled[index, number])
    cells = level_set.cells(number)[fulfilling]
    places = np.unique(cells, axis=0) if (cells >= 0).all() else cells
    if not len(fulfilling) or len(places) > PLACES[1] * 4:
        return np.full((level.states, len(places)), float(FAR)), places
    active = np.asarray(level.reachable & ~level.terminal)
    state, action = np.nonzero(np.broadcast_to(active[:, None], (level.states, level.actions)))
    after = np.asarray(level.successors)[state, action, 0]
    back = scipy.sparse.csr_matrix((np.ones(len(state)), (after, state)), (level.states,) * 2)
    columns = []
    for place in places:
        at: Bool[np.ndarray, " X"] = (cells == place).all(-1)
        steps = scipy.sparse.csgraph.dijkstra(back, unweighted=True, indices=fulfilling[at], min_only=True)
        columns.append(np.minimum(steps, FAR))
    return np.stack(columns, axis=-1), places
