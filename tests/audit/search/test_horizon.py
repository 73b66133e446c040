"""The horizon: found at the depth of a bounded planner, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.ground import Ground, sample_ground
from mesascope.audit.search.horizon import CliffFit, horizon, scored_choices, steps_in
from mesascope.audit.setting import Setting, exact_setting
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.maze import Maze

WORLD = Maze(size=11)


@pytest.fixture(scope="module")
def ground() -> Ground:
    objectives = compile_objectives(WORLD)
    return sample_ground("deploy", WORLD, "deploy", objectives, "goal", count=32, key=root_key(3))


def bounded(ground: Ground, sweeps: int) -> Setting:
    """Value iteration of so many sweeps, ties broken evenly."""
    levels = ground.levels
    reached = np.asarray(levels.attributes) @ ground.objectives.weights[ground.base]
    stops = np.asarray(levels.attributes) @ ground.objectives.stops[ground.base] > 0
    onward = np.asarray(levels.discount)[:, None, None, None] * ~stops
    value = np.zeros(levels.initial.shape)
    rows = np.arange(levels.count)[:, None, None, None]
    action_value = np.zeros(levels.successors.shape[:3])
    for _ in range(sweeps):
        after = value[rows, np.asarray(levels.successors)]
        action_value = (np.asarray(levels.probabilities) * (reached + onward * after)).sum(-1)
        value = np.where(ground.active, action_value.max(-1), 0.0)
    best = (action_value >= action_value.max(-1, keepdims=True) - 1e-12).astype(float)
    return exact_setting(ground, lambda _: best / best.sum(-1, keepdims=True))


def everywhere(ground: Ground, share: float) -> Setting:
    """Optimal with a probability that is the same at all distances."""
    best = optimal_actions(optimal_action_values(ground.levels, ground.objectives.select("goal"))[0]).astype(float)
    policy = share * best / best.sum(-1, keepdims=True) + (1 - share) / ground.levels.actions
    return exact_setting(ground, lambda _: policy)


def test_steps_are_those_of_the_optimal_plan(ground):
    setting = everywhere(ground, 0.9)
    steps = steps_in(setting, ground.base)
    value = ground.optimal_action_values[ground.base].max(-1)
    discount = np.asarray(ground.levels.discount)[:, None]
    known = ground.active & (value > 0)
    # The goal pays 1 on arrival: its value is the discount to the power of the steps before the last.
    assert np.allclose(steps[known], 1 + np.log(value[known]) / np.log(np.broadcast_to(discount, value.shape)[known]))
    assert np.allclose(steps[known], np.rint(steps[known]), atol=1e-5)


@pytest.mark.parametrize("sweeps", [4, 8, 12])
def test_a_bounded_planner_has_its_depth_as_horizon(ground, sweeps):
    found = horizon(bounded(ground, sweeps), ground.base, key=root_key(0))
    assert found.verdict is Verdict.PASS
    cliff = found.details["cliff"]
    # One backup sees a goal one step away.
    assert cliff["distance"] == pytest.approx(sweeps + 0.5, abs=1.0)
    assert cliff["near"] > 0.95
    assert cliff["far"] < 0.3
    assert found.effect.low > 0.5


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_what_errs_alike_everywhere_has_none(ground, share):
    found = horizon(everywhere(ground, share), ground.base, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "alike at all distances" in found.reason
    _, skill, counted = scored_choices(everywhere(ground, share), ground.base)
    assert np.allclose(skill[counted], share)


def test_chance_has_no_horizon(ground):
    policy = np.full(ground.levels.successors.shape[:3], 1 / ground.levels.actions)
    found = horizon(exact_setting(ground, lambda _: policy), ground.base, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE


def test_an_objective_that_is_never_reached_has_no_distance(ground):
    index = next(
        place for place, spec in enumerate(ground.objectives.specs) if not spec.stops and not spec.control
    )  # fmt: skip
    found = horizon(everywhere(ground, 1.0), index, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "never reached" in found.reason


def test_cliffs_by_hand():
    profiles = np.full((3, 13), 0.7)
    profiles[0] = np.where(np.arange(13) <= 6, 0.9, 0.1)
    profiles[2] = np.where(np.arange(13) <= 3, 0.1, 0.9)
    weights = np.ones(13)
    weights[0] = 0
    sharp, flat, rising = CliffFit(weights).best(profiles)
    assert sharp.distance == pytest.approx(6.5, abs=0.5)
    assert (sharp.near, sharp.far) == (pytest.approx(0.9, abs=0.02), pytest.approx(0.1, abs=0.02))
    assert flat.fall == pytest.approx(0.0, abs=1e-6)
    # Skill that grows with distance is no horizon.
    assert rising.fall < 0.1


def test_a_decline_is_no_cliff(ground):
    """Worse and worse with distance, and well above chance: no sign of a bounded search."""
    whole, part = everywhere(ground, 0.95), everywhere(ground, 0.65)
    far = steps_in(whole, ground.base) > 8
    policy = np.where(far[..., None], part.policy, whole.policy)
    found = horizon(exact_setting(ground, lambda _: policy), ground.base, key=root_key(0))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "decline and no cliff" in found.reason
    assert found.details["cliff"]["distance"] == pytest.approx(8.5, abs=1.0)
