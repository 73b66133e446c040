"""Planners beyond rational: told apart where levels differ, never from their twins."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.objective.recovery.fit.planners import planner_table
from mesascope.core.errors import UsageError
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import random_level, stack

SPACE = AttributeRewards(("a", "b", "c", "d"))
TRUTH = np.array([1.0, -2.0, 0.0, 3.0])


def levels(count: int = 12, discount: float = 0.9) -> Level:
    random = np.random.default_rng(3)
    return stack([random_level(random, discount=discount, states=20) for _ in range(count)])


def one(weights) -> Objectives:
    return Objectives((ObjectiveSpec("planted", {}),), np.asarray(weights, float)[None], np.zeros((1, 4)))


def weighted(batch: Level, policy: np.ndarray) -> np.ndarray:
    return policy * np.asarray(batch.reachable & ~batch.terminal)[..., None]


def names(rows) -> dict:
    return {row.planner.split(" (")[0].split(":")[0]: row for row in rows}


def test_one_choice_and_every_explanation_of_it():
    """The worked example of the notes (2.12): one state, the second action chosen."""
    level = Level(
        successors=np.zeros((1, 2, 1), int),
        probabilities=np.ones((1, 2, 1)),
        attributes=np.eye(2)[None, :, None, :],
        initial=np.ones(1),
        terminal=np.zeros(1, bool),
        reachable=np.ones(1, bool),
        discount=np.array(0.5),
        layout=None,
    ).batch()
    rows = names(planner_table(level, np.array([[[0.05, 0.95]]]), AttributeRewards(("first", "second"))))
    assert rows["rational, soft"].regret == 0.0
    assert rows["anti-rational, soft"].regret == pytest.approx(1.0)
    assert rows["indifferent"].regret == pytest.approx(1.0)
    assert rows["rational, soft"].fitted == rows["anti-rational, soft"].fitted
    assert rows["rational, soft"].held_out is None


@pytest.mark.parametrize(
    ("planner", "best"),
    [("soft", "rational, soft"), ("hard", "rational, hard"), ("myopic", "myopic"), ("habit", "indifferent")],
)
def test_the_planner_that_it_is_predicts_other_levels_best(planner, best):
    batch = levels()
    if planner == "soft":
        policy = boltzmann(soft_action_values(batch, one(TRUTH), temperature=1.0)[0], 1.0)
    elif planner == "hard":
        policy = optimal_actions(optimal_action_values(batch, one(TRUTH))[0]).astype(float)
        policy = 0.97 * policy / policy.sum(-1, keepdims=True) + 0.01
    elif planner == "myopic":
        near = type(batch)(**{**vars(batch), "discount": np.full(batch.count, 0.3)})
        policy = boltzmann(soft_action_values(near, one(TRUTH), temperature=1.0)[0], 1.0)
    else:
        policy = np.broadcast_to([0.7, 0.2, 0.1], (*batch.initial.shape, 3))
    rows = names(planner_table(batch, weighted(batch, policy), SPACE))
    assert max((name for name in rows if name != "anti-rational, soft"), key=lambda name: rows[name].held_out) == best
    assert rows["rational, soft"].held_out == rows["anti-rational, soft"].held_out


def test_nothing_to_explain_is_refused():
    batch = levels()
    with pytest.raises(UsageError, match="all zero"):
        planner_table(batch, np.zeros(batch.successors.shape[:3]), SPACE)
