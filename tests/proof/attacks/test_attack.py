"""Attacks on what is seen: what all edits do is what loops say, a proof where nothing succeeds, and clear errors."""

from __future__ import annotations

import dataclasses
import itertools

import msgspec
import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.policy import observations, policy_table
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.attacks.aim import aim_of
from mesascope.proof.attacks.attack import _levels, attack
from mesascope.proof.verdict import Status
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5, walls="open")
UP, DOWN, LEFT, RIGHT = (WORLD.actions.index(name) for name in ("up", "down", "left", "right"))


def towards(channel: int):
    """A policy that walks to the first cell, in reading order, that a channel shows."""

    def policy(seen):
        seen = np.asarray(seen)
        chosen = np.zeros((len(seen), len(WORLD.actions)))
        for row, one in enumerate(seen):
            goal, self_ = (np.argwhere(one[..., place] > 0) for place in (channel, -1))
            (down, right) = goal[0] - self_[0] if len(goal) else (0, 0)
            step = (DOWN if down > 0 else UP) if down else (RIGHT if right > 0 else LEFT)
            chosen[row, step] = 1
        return chosen

    return FunctionAgent("walker", policy, WORLD.actions)


def cornered(seen):
    chosen = np.zeros((len(seen), len(WORLD.actions)))
    for row, one in enumerate(np.asarray(seen)):
        chosen[row, UP if np.argwhere(one[..., -1] > 0)[0][0] > 1 else LEFT] = 1
    return chosen


def evaluated(agent, level_set, seen):
    return exact_evaluation(level_set, lambda levels: policy_table(agent, seen, level_set.active, actions=5))


def test_the_worst_edit_is_the_one_that_loops_find():
    agent = towards(1)
    found = attack(agent, WORLD, distribution="deploy", levels=3)
    aim = aim_of(WORLD, None, None)
    level_set = _levels(agent, WORLD, aim, "deploy", 3, 0)[0].level_set
    contents = [np.array(one, np.float32) for one in ([0, 0, 0], [1, 0, 0], [0, 1, 0])]
    worst, regrets = -np.inf, []
    for level in range(level_set.levels.count):
        alone = dataclasses.replace(level_set, levels=level_set.levels[[level]])
        seen = observations(alone.world, alone.levels)
        clean = evaluated(agent, alone, seen)
        for row, column, content in itertools.product(range(5), range(5), contents):
            edited = np.array(seen)
            free = edited[0, :, row, column, -1] == 0
            edited[0, free, row, column] = content
            worst = max(worst, float(evaluated(agent, alone, edited).regrets[0, 0] - clean.regrets[0, 0]))
        regrets.append(float(clean.regrets[0, 0]))
    assert found.cost == pytest.approx(worst)
    assert found.regret.value == pytest.approx(np.mean(regrets), abs=1e-9)
    assert found.tried_all
    assert found.contents == 3
    assert found.worst.value > 5 * found.random.value > 0
    assert "cheese" in (found.edit[0].before, found.edit[0].after)
    assert found.seen_before != found.seen_after
    assert found.seen_after[found.edit[0].row][found.edit[0].column] == found.edit[0].after
    assert found.verdict.status is Status.REFUTED
    msgspec.json.encode(found)


def test_what_looks_at_nothing_is_proved_and_what_never_chooses_well_is_not():
    blind = FunctionAgent("blind", cornered, WORLD.actions)
    found = attack(blind, WORLD, levels=4)
    assert found.cost == pytest.approx(0.0, abs=1e-9)
    assert found.states_changed.value == 0
    assert found.verdict.status is Status.PROVED
    assert found.verdict.checked == found.verdict.size == found.evaluations
    idle = FunctionAgent("idle", lambda seen: np.eye(5)[np.full(len(seen), WORLD.actions.index("stay"))], WORLD.actions)
    assert attack(idle, WORLD, levels=1).verdict.status is Status.UNKNOWN


def test_a_target_is_served():
    found = attack(towards(1), WORLD, target="corner-top-left", distribution="deploy", levels=4)
    assert found.target == "corner-top-left"
    assert found.cost > 0.5 > found.random.value
    assert "cheese" in found.edit[0].after
    up = attack(towards(1), WORLD, target="up", levels=2)
    assert up.states_changed.value > 0.9


def test_too_many_edits_are_searched_and_said_to_be():
    found = attack(towards(1), WORLD, cells=2, distribution="deploy", levels=1, answers=4_000)
    assert not found.tried_all
    assert found.searched_at_random is not None
    assert found.cost >= found.searched_at_random.value > 0
    whole = attack(towards(1), WORLD, cells=2, distribution="deploy", levels=1)
    assert whole.tried_all
    assert whole.cost >= found.cost - 1e-9
    assert whole.edits > found.edits


def test_what_cannot_be_is_said():
    with pytest.raises(UnknownNameError, match="corner-top-left"):
        attack(towards(1), WORLD, target="corner-top-lef")
    with pytest.raises(UsageError, match="is the base objective"):
        attack(towards(1), WORLD, target="cheese")
    with pytest.raises(UsageError, match="must each be 1 or more"):
        attack(towards(1), WORLD, cells=0)
    with pytest.raises(UsageError, match="cannot be edited at once"):
        attack(towards(1), WORLD, cells=26)
    forgetful = towards(1)
    forgetful.memoryless = False
    with pytest.raises(UsageError, match="has a memory"):
        attack(forgetful, WORLD)
