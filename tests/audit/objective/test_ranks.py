from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
import pytest

from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.level_set import sample_level_set
from mesascope.audit.objective.accounts import Kind
from mesascope.audit.objective.attribution import attribute
from mesascope.audit.objective.behaviour import behaviour_of
from mesascope.audit.objective.ranks import ranked
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.catalogue import resolve_world


@pytest.fixture(scope="module")
def three_keys():
    world = resolve_world("keys", {"deploy_keys": "3"})
    objectives = compile_objectives(world)
    return sample_level_set("deploy", world, "deploy", objectives, "chests", count=16, key=root_key(3))


def steps_to(after: np.ndarray, sources: Iterable[int]) -> np.ndarray:
    """Returns the steps from each state to the nearest of some states, by breadth-first search over the arrows."""
    into: dict[int, list[int]] = {}
    for state, row in enumerate(after):
        for successor in row:
            into.setdefault(int(successor), []).append(state)
    steps, queue = np.full(len(after), np.inf), deque(sources)
    steps[list(queue)] = 0
    while queue:
        state = queue.popleft()
        for before in into.get(state, []):
            if np.isinf(steps[before]):
                steps[before] = steps[state] + 1
                queue.append(before)
    return steps


def takes_by_column(level_set, *, leftmost: bool) -> np.ndarray:
    """Returns the choices of who takes one key after another, that in the first (or last) column first."""
    stops = level_set.objectives.stops[level_set.objectives.index("one-key")]
    table = np.full(level_set.levels.successors.shape[:3], 0.2)
    for number in range(level_set.levels.count):
        level = level_set.levels[number]
        active = np.asarray(level.reachable & ~level.terminal)
        after, cells = np.asarray(level.successors[:, :, 0]), level_set.cells(number)
        takes = (np.asarray(level.attributes[:, :, 0]) @ stops > 0) & active[:, None]
        keys = sorted({tuple(cells[state]) for state in after[takes]}, key=lambda cell: cell[1], reverse=not leftmost)
        chosen = np.zeros(level.states, bool)
        for key in keys:
            by = takes & (cells[after] == key).all(-1)
            far = steps_to(after, np.flatnonzero(by.any(-1)).tolist()) + 1
            here = ~chosen & np.isfinite(far) & active
            best = np.where(by, 0, far[after])
            best = (best <= best.min(-1, keepdims=True)).astype(float)
            table[number, here] = (best / best.sum(-1, keepdims=True))[here]
            chosen |= here
    return table


@pytest.mark.parametrize(("leftmost", "words"), [(True, "leftmost"), (False, "rightmost")])
def test_who_takes_keys_by_column_is_not_said_to_collect_keys(three_keys, leftmost, words):
    table = takes_by_column(three_keys, leftmost=leftmost)
    best = attribute(exact_evaluation(three_keys, lambda _: table)).best
    assert (best.name, best.kind) == (f"{words} one-key, one after another", Kind.RANK)


def test_where_there_is_one_place_nothing_has_a_rank(deploy, pursue):
    behaviour = behaviour_of([pursue(deploy, "cheese")])
    assert ranked(behaviour, [deploy.objectives.index("cheese")]) is None
