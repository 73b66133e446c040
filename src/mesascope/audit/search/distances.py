"""Steps to an objective, and between all states of a level."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int

from mesascope.audit.evaluation import Evaluation
from mesascope.core.rounding import settled
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec

FAR: int = 10_000
"""Steps to where there is no way."""


def is_reached(spec: ObjectiveSpec) -> bool:
    """Returns whether an objective is a goal that is reached, after which its episode is over."""
    return bool(spec.stops) and min(spec.weights.values()) >= 0


def steps_to(levels: Level, value: Float[np.ndarray, "N S A"], objective: Objectives) -> Float[np.ndarray, "N S"]:
    """Returns the number of steps of an optimal plan: infinite where none arrives, an average if it is random.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `value`: optimal values of actions in them.
    - `objective`: a single one, which is reached.
    """
    best = optimal_actions(value).astype(float)
    plan = best / np.maximum(best.sum(-1, keepdims=True), 1.0)
    # Every step pays 1, discounted, and nothing else does.
    free = Objectives(objective.specs, np.zeros_like(np.asarray(objective.weights, np.float64)), objective.stops)
    lived = policy_values(levels, plan, free, bonus=np.ones(levels.initial.shape))[0]
    discount = np.asarray(levels.discount, np.float64)[:, None]
    left = 1 - (1 - discount) * lived
    reached = value.max(-1) > 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        # Whole numbers where nothing is random: four steps must not be 4 less a last bit on some processors.
        steps = settled(np.log(np.maximum(left, 1e-300)) / np.log(discount))
    return np.where(reached & (left > 1e-9), steps, np.inf)


def steps_in(evaluation: Evaluation, objective: int) -> Float[np.ndarray, "N S"]:
    """Returns the number of steps to an objective, given by its index, in the levels of an evaluation."""
    level_set = evaluation.level_set
    chosen = level_set.objectives.select(level_set.objectives.names[objective])
    return steps_to(level_set.levels, level_set.optimal_action_values[objective], chosen)


def all_distances(levels: Level, which: Int[np.ndarray, " N"]) -> Int[np.ndarray, "N S S"]:
    """Returns the steps between all states of some levels, counting every outcome that can happen as a way.

    **Arguments:**

    - `levels`: a batch.
    - `which`: of them, by number.
    """
    states = levels.states
    # Small whole numbers: there are as many as pairs of states, and sums of two of them must fit.
    distance = np.full((len(which), states, states), FAR, np.int16)
    for row, level in enumerate(which):
        state, action, outcome = np.nonzero(np.asarray(levels.probabilities[level]) > 0)
        ways = state, np.asarray(levels.successors[level])[state, action, outcome]
        step = scipy.sparse.csr_matrix((np.ones(len(state), bool), ways), shape=(states, states))
        found = scipy.sparse.csgraph.dijkstra(step, unweighted=True)
        distance[row] = np.where(found < FAR, found, FAR)
    return distance
