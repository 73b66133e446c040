"""The level where it comes apart: the agent competently goes for one thing, the base objective demands another."""

from __future__ import annotations

import numpy as np

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.findings import Witness
from mesascope.core.rounding import settled
from mesascope.planning.evaluation import policy_values
from mesascope.planning.value_iteration import optimal_actions

SHORTEST_STORY: int = 6
"""Paths of fewer steps make a poor picture; longer ones are preferred where there is a choice."""

Places = tuple[tuple[int, int], ...]


def find_witness(evaluation: Evaluation, own: int | None) -> Witness | None:
    """Returns the level and start that show best how the agent departs from the base objective.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels, after the shift if there is one.
    - `own`: index of the objective it pursues instead; `None` (or the base objective) if there is no other: then the
      level with the largest base regret is shown.

    **Returns:** `None` if no level tests the base objective.
    """
    level_set = evaluation.level_set
    base = level_set.base
    own = base if own is None else own
    regrets = evaluation.regrets
    score = regrets[base] - (regrets[own] if own != base else 0.0)
    if not np.isfinite(score).any():
        return None
    return witness_at(evaluation, own, *_best_start(evaluation, own, np.where(np.isfinite(score), score, -np.inf)))


def witness_at(evaluation: Evaluation, own: int, level: int, start: int) -> Witness:
    """Returns what an agent does from one state of one level, beside what the base objective demands there.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels.
    - `own`: index of the objective it pursues.
    - `level`, `start`: which of them, and where it begins.
    """
    level_set, regrets = evaluation.level_set, evaluation.regrets
    base = level_set.base
    names = level_set.objectives.names
    agent_path = walk(evaluation, level, start, evaluation.policy[level], own)
    base_policy = optimal_actions(level_set.optimal_action_values[base][level]).astype(float)
    base_path = walk(evaluation, level, start, base_policy, base)
    one = level_set.levels[level]
    goals = fulfilled_places(evaluation, level)
    if own != base:
        sentence = f"It goes for '{names[own]}' where '{names[base]}' was asked for."
    elif regrets[base][level] < 0.1:
        sentence = f"Even in the level with the largest regret it pursues '{names[base]}'."
    else:
        sentence = f"The level with the largest regret on '{names[base]}'."
    return Witness(
        text=level_set.world.format(one),
        legend=tuple(level_set.world.legend.items()),
        distribution=level_set.name,
        index=level,
        start=level_set.world.position(one, start),
        agent_path=places_of(evaluation, level, agent_path),
        base_path=places_of(evaluation, level, base_path),
        agent_goal=goals[own],
        base_goal=goals[base],
        arrows=_arrows(evaluation, level),
        base_regret=float(regrets[base][level]),
        own_regret=float(regrets[own][level]) if np.isfinite(regrets[own][level]) else 1.0,
        sentence=sentence,
    )


def fulfilled_places(evaluation: Evaluation, level: int) -> list[Places]:
    """Returns the places where each objective is fulfilled for the first time in one level."""
    level_set, levels = evaluation.level_set, evaluation.level_set.levels
    source, action, outcome = np.nonzero(np.asarray(levels.probabilities)[level] > 0)
    target = np.asarray(levels.successors)[level, source, action, outcome]
    stops = np.asarray(levels.attributes)[level, source, action, outcome] @ level_set.objectives.stops.T > 0
    found = []
    for objective, after in enumerate(level_set.fulfilled[:, level]):
        # Where an objective stays fulfilled, every later place would count as well.
        first = stops[:, objective] & ~after[source] & np.asarray(levels.reachable)[level, source]
        found.append(tuple(sorted(set(places_of(evaluation, level, np.unique(target[first]))))))
    return found


def _best_start(evaluation: Evaluation, own: int, score: np.ndarray) -> tuple[int, int]:
    """Returns the level and first state with the widest gap between what the base objective and the agent got."""
    level_set = evaluation.level_set
    base, objectives = level_set.base, level_set.objectives
    # The best few levels by their mean are enough; within them, look at every start.
    candidates = np.argsort(-settled(score), kind="stable")[:16]
    candidates = candidates[np.isfinite(score[candidates])]
    levels = level_set.levels[candidates]
    pair = objectives.select(objectives.names[base], objectives.names[own])
    gained = policy_values(levels, evaluation.policy[candidates], pair)
    best = level_set.optimal_action_values[[base, own]][:, candidates].max(-1)
    scale = np.maximum(np.abs(best), 1e-9)
    gap = (best[0] - gained[0]) / scale[0]
    if own != base:
        gap = gap - (best[1] - gained[1]) / scale[1]
        # A story needs room: prefer starts from which both goals are some steps away.
        room = SHORTEST_STORY * np.log(1 / np.asarray(levels.discount, np.float64))[:, None]
        gap = gap * np.minimum(1.0, -np.log(np.clip(best.max(0), 1e-9, 1.0)) / room + 0.25)
    gap = np.where(np.asarray(levels.initial) > 0, gap, -np.inf)
    row, start = np.unravel_index(int(settled(gap).argmax()), gap.shape)
    return int(candidates[row]), int(start)


def walk(evaluation: Evaluation, level: int, start: int, policy: np.ndarray, objective: int) -> list[int]:
    """Returns the states on the way of the likeliest actions until an objective's episode ends or a state comes back.

    **Arguments:**

    - `evaluation`: whose levels and objectives.
    - `level`, `start`: where it begins.
    - `policy`: action probabilities in that level, `[S, A]`.
    - `objective`: index of the one whose end of episode ends the way.
    """
    level_set = evaluation.level_set
    levels, stops = level_set.levels, level_set.objectives.stops[objective]
    path, state = [start], start
    while len(path) <= level_set.levels.states and not levels.terminal[level, state]:
        action = int(policy[state].argmax())
        outcome = int(levels.probabilities[level, state, action].argmax())
        over = bool((levels.attributes[level, state, action, outcome] @ stops) > 0)
        state = int(levels.successors[level, state, action, outcome])
        if state in path:
            break
        path.append(state)
        if over:
            break
    return path


def places_of(evaluation: Evaluation, level: int, states) -> Places:
    """Returns where states of a level are in its picture, those that have a place."""
    level_set = evaluation.level_set
    one = level_set.levels[level]
    places = [level_set.world.position(one, int(state)) for state in states]
    return tuple(place for place in places if place is not None)


def _arrows(evaluation: Evaluation, level: int) -> tuple[tuple[int, int, str, float], ...]:
    """Returns the agent's likeliest action in every place; where states share a place, in the one most visited."""
    level_set = evaluation.level_set
    one, actions = level_set.levels[level], level_set.world.actions
    arrows: dict[tuple[int, int], tuple[float, str, float]] = {}
    for state in np.flatnonzero(np.asarray(one.reachable & ~one.terminal)):
        place = level_set.world.position(one, int(state))
        if place is None:
            continue
        visited = float(evaluation.state_visits[level, state])
        action = int(evaluation.policy[level, state].argmax())
        if place not in arrows or visited > arrows[place][0]:
            arrows[place] = (visited, actions[action], float(evaluation.policy[level, state, action]))
    return tuple((row, column, name, share) for (row, column), (_, name, share) in sorted(arrows.items()))
