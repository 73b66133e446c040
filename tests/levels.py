"""Random levels that respect the contract of `Level` and nothing else, and slow, obvious solutions of them.

Nothing here uses what it checks: the oracles are loops and dense solves over the definitions.
"""

from __future__ import annotations

import numpy as np

from mesascope.objectives.objective import Objectives
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec


def random_level(
    random: np.random.Generator,
    *,
    states: int = 12,
    actions: int = 3,
    outcomes: int = 2,
    attributes: int = 4,
    terminals: int = 2,
    unreachable: int = 2,
    discount: float | None = None,
    reach: int | None = None,
) -> Level:
    """Draws one level; terminal and unreachable states hold junk, and outcomes of probability 0 lead anywhere.

    **Arguments:**

    - `unreachable`: the last states; reachable ones never lead there, but they lead to reachable ones.
    - `reach`: if given, successors lie within this many states of where they begin, as on a grid.
    """
    live = states - unreachable
    shape = (states, actions, outcomes)
    if reach is None:
        successors = random.integers(0, live, shape)
    else:
        successors = (np.arange(states)[:, None, None] + random.integers(-reach, reach + 1, shape)) % live
    probabilities = random.dirichlet(np.ones(outcomes), size=shape[:2])
    # Some outcomes never happen.
    never = random.random(shape) < 0.3
    never[..., 0] = False
    probabilities = np.where(never, 0.0, probabilities)
    probabilities /= probabilities.sum(-1, keepdims=True)
    successors = np.where(probabilities == 0, random.integers(0, states, shape), successors)
    happens = random.random((*shape, attributes)) < 0.2
    terminal = np.zeros(states, bool)
    terminal[random.choice(live, terminals, replace=False)] = True
    reachable = np.arange(states) < live
    initial = np.where(reachable & ~terminal, random.random(states), 0.0)
    return Level(
        successors=successors,
        probabilities=probabilities,
        attributes=happens * random.choice([1.0, 1.0, 0.5], happens.shape),
        initial=initial / initial.sum(),
        terminal=terminal,
        reachable=reachable,
        discount=np.array(random.choice([0.5, 0.9, 0.99]) if discount is None else discount),
        layout=None,
    )


def stack(levels: list[Level]) -> Level:
    """Returns levels of equal shapes as a batch."""
    names = ("successors", "probabilities", "attributes", "initial", "terminal", "reachable", "discount")
    return Level(**{name: np.stack([getattr(level, name) for level in levels]) for name in names}, layout=None)


def random_objectives(random: np.random.Generator, *, count: int = 5, attributes: int = 4) -> Objectives:
    """Draws objectives with weights of both signs; some stop at attributes, several at the same ones."""
    weights = random.normal(size=(count, attributes)).round(2)
    stops = np.zeros((count, attributes))
    stops[1::2, 0] = 1.0
    stops[2::3, attributes - 1] = 1.0
    return Objectives(tuple(ObjectiveSpec(f"objective-{row}", {}) for row in range(count)), weights, stops)


def random_policy(random: np.random.Generator, level: Level) -> np.ndarray:
    """Draws action probabilities in every state; some are 0."""
    policy = random.dirichlet(np.full(level.actions, 0.5), size=level.initial.shape)
    policy = np.where(policy < 0.1, 0.0, policy)
    return policy / policy.sum(-1, keepdims=True)


def transitions(level: Level, weights: np.ndarray, stops: np.ndarray):
    """Yields `(state, action, probability, successor, reward, goes on)` of one level, from the definitions."""
    for state in np.flatnonzero(level.reachable & ~level.terminal):
        for action in range(level.successors.shape[1]):
            for outcome in range(level.successors.shape[2]):
                happened = level.attributes[state, action, outcome]
                yield (
                    int(state),
                    action,
                    float(level.probabilities[state, action, outcome]),
                    int(level.successors[state, action, outcome]),
                    float(happened @ weights),
                    not (happened @ stops > 0),
                )


def chain(level: Level, policy: np.ndarray, weights: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the matrix `gamma P` and the expected reward of a policy on one level, `[S, S]` and `[S]`."""
    matrix, reward = np.zeros((level.states, level.states)), np.zeros(level.states)
    for state, action, probability, successor, gain, goes_on in transitions(level, weights, stops):
        reward[state] += policy[state, action] * probability * gain
        matrix[state, successor] += policy[state, action] * probability * goes_on * float(level.discount)
    return matrix, reward


def dense_values(level: Level, policy: np.ndarray, objectives: Objectives) -> np.ndarray:
    """Returns the values of a policy on one level by a dense solve of the definition, `[O, S]`."""
    solutions = []
    for weights, stops in zip(objectives.weights, objectives.stops, strict=True):
        matrix, reward = chain(level, policy, weights, stops)
        solutions.append(np.linalg.solve(np.eye(level.states) - matrix, reward))
    return np.array(solutions)


def backup(level: Level, values: np.ndarray, weights: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Returns the value of each action given the value of each state, on one level under one objective, `[S, A]`."""
    result = np.zeros((level.states, level.actions))
    for state, action, probability, successor, gain, goes_on in transitions(level, weights, stops):
        result[state, action] += probability * (gain + goes_on * float(level.discount) * values[successor])
    return result


def error(found: np.ndarray, true: np.ndarray) -> float:
    """Returns the largest difference relative to the largest true number (or 1e-300)."""
    return float(np.abs(found - true).max() / max(np.abs(true).max(), 1e-300))
