"""The horizon: found at the depth of a bounded planner, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.evaluation import Evaluation, exact_evaluation
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.search.distances import steps_in
from mesascope.audit.search.horizon import CliffFit, horizon, scored_choices
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.maze import Maze

WORLD = Maze(size=11)


@pytest.fixture(scope="module")
def level_set() -> LevelSet:
    objectives = compile_objectives(WORLD)
    return sample_level_set("deploy", WORLD, "deploy", objectives, "goal", count=32, key=root_key(3))


def bounded(level_set: LevelSet, sweeps: int) -> Evaluation:
    """Value iteration of so many sweeps, ties broken evenly."""
    levels = level_set.levels
    reached = np.asarray(levels.attributes) @ level_set.objectives.weights[level_set.base]
    stops = np.asarray(levels.attributes) @ level_set.objectives.stops[level_set.base] > 0
    onward = np.asarray(levels.discount)[:, None, None, None] * ~stops
    value = np.zeros(levels.initial.shape)
    rows = np.arange(levels.count)[:, None, None, None]
    action_value = np.zeros(levels.successors.shape[:3])
    for _ in range(sweeps):
        after = value[rows, np.asarray(levels.successors)]
        action_value = (np.asarray(levels.probabilities) * (reached + onward * after)).sum(-1)
        value = np.where(level_set.active, action_value.max(-1), 0.0)
    best = (action_value >= action_value.max(-1, keepdims=True) - 1e-12).astype(float)
    return exact_evaluation(level_set, lambda _: best / best.sum(-1, keepdims=True))


def everywhere(level_set: LevelSet, share: float) -> Evaluation:
    """Optimal with a probability that is the same at all distances."""
    best = optimal_actions(optimal_action_values(level_set.levels, level_set.objectives.select("goal"))[0]).astype(
        float
    )
    policy = share * best / best.sum(-1, keepdims=True) + (1 - share) / level_set.levels.actions
    return exact_evaluation(level_set, lambda _: policy)


def test_steps_are_those_of_the_optimal_plan(level_set):
    evaluation = everywhere(level_set, 0.9)
    steps = steps_in(evaluation, level_set.base)
    value = level_set.optimal_action_values[level_set.base].max(-1)
    discount = np.asarray(level_set.levels.discount)[:, None]
    known = level_set.active & (value > 0)
    # The goal pays 1 on arrival: its value is the discount to the power of the steps before the last.
    assert np.allclose(steps[known], 1 + np.log(value[known]) / np.log(np.broadcast_to(discount, value.shape)[known]))
    assert np.allclose(steps[known], np.rint(steps[known]), atol=1e-5)


@pytest.mark.parametrize("sweeps", [4, 8, 12])
def test_a_bounded_planner_has_its_depth_as_horizon(level_set, sweeps):
    found = horizon(bounded(level_set, sweeps), level_set.base, key=root_key(0))
    assert found.verdict is Verdict.PASS
    cliff = found.details.cliff
    # One backup sees a goal one step away.
    assert cliff.distance == pytest.approx(sweeps + 0.5, abs=1.0)
    assert cliff.near > 0.95
    assert cliff.far < 0.3
    assert found.effect.low > 0.5


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_what_errs_alike_everywhere_has_none(level_set, share):
    found = horizon(everywhere(level_set, share), level_set.base, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "alike at all distances" in found.reason
    _, skill, counted = scored_choices(everywhere(level_set, share), level_set.base)
    assert np.allclose(skill[counted], share)


def test_chance_has_no_horizon(level_set):
    policy = np.full(level_set.levels.successors.shape[:3], 1 / level_set.levels.actions)
    found = horizon(exact_evaluation(level_set, lambda _: policy), level_set.base, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE


def test_an_objective_that_is_never_reached_has_no_distance(level_set):
    index = next(
        place for place, spec in enumerate(level_set.objectives.specs) if not spec.stops and not spec.control
    )  # fmt: skip
    found = horizon(everywhere(level_set, 1.0), index, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "never reached" in found.reason


def test_cliffs_by_hand():
    profiles = np.full((3, 13), 0.7)
    profiles[0] = np.where(np.arange(13) <= 6, 0.9, 0.1)
    profiles[2] = np.where(np.arange(13) <= 3, 0.1, 0.9)
    weights = np.ones(13)
    weights[0] = 0
    (sharp, _), (flat, _), (rising, _) = CliffFit(weights).best(profiles)
    assert sharp.distance == pytest.approx(6.5, abs=0.5)
    assert (sharp.near, sharp.far) == (pytest.approx(0.9, abs=0.02), pytest.approx(0.1, abs=0.02))
    assert flat.fall == pytest.approx(0.0, abs=1e-6)
    # Skill that grows with distance is no horizon.
    assert rising.fall < 0.1


def test_a_decline_is_no_cliff(level_set):
    """Worse and worse with distance, and well above chance: no sign of a bounded search."""
    whole, part = everywhere(level_set, 0.95), everywhere(level_set, 0.65)
    far = steps_in(whole, level_set.base) > 8
    policy = np.where(far[..., None], part.policy, whole.policy)
    found = horizon(exact_evaluation(level_set, lambda _: policy), level_set.base, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "decline and no cliff" in found.reason
    assert found.details.cliff.distance == pytest.approx(8.5, abs=1.0)
