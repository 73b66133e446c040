"""Where a recovered objective shows: the level in which it parts from the base objective, and what places are worth."""

from __future__ import annotations

import numpy as np

from mesascope.audit.alignment.witness import fulfilled_places, places_of, walk
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.recovery.evidence.details import Parting, RewardMap
from mesascope.audit.objective.recovery.identify.identified import STATES, weighed_levels
from mesascope.audit.objective.recovery.query.ambiguity import cost_of_ambiguity
from mesascope.planning.evaluation import policy_values
from mesascope.planning.value_iteration import optimal_actions

PARTED: float = 0.1
"""Two objectives differ in a level where one loses this share of what is at stake by the other's policy."""

SEARCHED: int = 64
"""Levels in which they are looked for to part, if these are small."""

LARGEST: int = 2000
"""States of a level whose places are drawn."""


def parting(name: str, train: LevelSet, after: Evaluation) -> Parting | None:
    """Returns the level in which an objective and the base objective part the most; `None` if they never do.

    **Arguments:**

    - `name`: of a candidate.
    - `train`: levels of training, in which they may act alike.
    - `after`: the agent in the levels that matter.
    """
    level_set = after.level_set
    base = level_set.objectives.names[level_set.base]
    if name == base:
        return None
    pair = level_set.objectives.select(name, base)
    index = (level_set.objectives.index(name), level_set.base)
    alike = float(np.mean([one.largest for one in cost_of_ambiguity(train.levels[: weighed_levels(train)], pair)]))
    count = min(level_set.levels.count, max(1, 4 * STATES // level_set.levels.states), SEARCHED)
    costs = cost_of_ambiguity(level_set.levels[:count], pair)
    lost, least = np.array([one.largest for one in costs]), np.array([one.minimax for one in costs])
    # Where no policy serves both, and of such levels the one in which most is lost.
    level = int(np.where(least >= 0.5 * least.max(), lost, -1.0).argmax())
    if lost[level] < PARTED:
        return None
    policies = [optimal_actions(level_set.optimal_action_values[one][level]).astype(float) for one in index]
    start = _start(level_set, level, index, policies)
    one, goals = level_set.levels[level], fulfilled_places(after, level)
    ways = [
        places_of(after, level, walk(after, level, start, policy, objective))
        for policy, objective in zip(policies, index, strict=True)
    ]
    return Parting(
        first=name,
        second=base,
        distribution=level_set.name,
        level=level,
        text=level_set.world.format(one),
        legend=tuple(level_set.world.legend.items()),
        start=level_set.world.position(one, start),
        first_path=ways[0],
        second_path=ways[1],
        first_goal=tuple(goals[index[0]]),
        second_goal=tuple(goals[index[1]]),
        regret_in_training=alike,
        regret_here=float(lost[level]),
        sentence=(
            f"'{name}' and '{base}' cost each other {alike:.2f} of what is at stake in training and "
            f"{float(lost[level]):.2f} here."
        ),
    )


def _start(level_set: LevelSet, level: int, index: tuple[int, int], policies: list[np.ndarray]) -> int:
    """The first state from which each of two objectives loses most by the other's way."""
    one = level_set.levels[level : level + 1]
    gap = np.zeros(level_set.levels.states)
    for own, other in ((0, 1), (1, 0)):
        policy = policies[other] / policies[other].sum(-1, keepdims=True)
        objective = level_set.objectives.select(level_set.objectives.names[index[own]])
        gained = policy_values(one, policy[None], objective)[0, 0]
        gap += level_set.optimal_action_values[index[own]][level].max(-1) - gained
    return int(np.where(np.asarray(one.initial[0]) > 0, gap, -np.inf).argmax())


def reward_map(recovered: np.ndarray, level_set: LevelSet) -> RewardMap | None:
    """Returns what arriving in each place of the first level is worth; `None` where states have no places.

    **Arguments:**

    - `recovered`: weight of each attribute, `[D]`.
    - `level_set`: of the level and the base objective.
    """
    one, world = level_set.levels[0], level_set.world
    if level_set.levels.states > LARGEST or (level_set.cells(0) < 0).all():
        return None
    source, action, outcome = np.nonzero(np.asarray(one.probabilities) > 0)
    acting = np.asarray(one.reachable & ~one.terminal)[source]
    source, action, outcome = source[acting], action[acting], outcome[acting]
    places = level_set.cells(0)[np.asarray(one.successors)[source, action, outcome]]
    happens = np.asarray(one.attributes, np.float64)[source, action, outcome]

    def largest(weights: np.ndarray) -> tuple[tuple[int, int, float], ...]:
        best: dict[tuple[int, int], float] = {}
        for (row, column), value in zip(places.tolist(), (happens @ weights).tolist(), strict=True):
            if row >= 0 and abs(value) > abs(best.setdefault((row, column), value)):
                best[row, column] = value
        return tuple((row, column, value) for (row, column), value in sorted(best.items()))

    return RewardMap(
        text=world.format(one),
        legend=tuple(world.legend.items()),
        recovered=largest(recovered),
        base=largest(np.asarray(level_set.objectives.weights[level_set.base])),
    )
