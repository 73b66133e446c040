"""Objectives of worlds: named rightly, with what stays open, what it costs, and where two readings part."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.evidence.recovery import recovery
from mesascope.audit.objective.recovery.identify.identified import identify
from mesascope.audit.objective.recovery.identify.sensitivity import slipping
from mesascope.audit.objective.recovery.query.ambiguity import cost_of_ambiguity
from mesascope.audit.objective.recovery.questioning import ask
from mesascope.core.details import details_data
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import compile_objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.objectives.reward_tables import weighted_attributes
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.corner import Corner
from mesascope.worlds.menu import visible_menu

WORLD = Corner(size=7)


def _level_set(name: str, count: int) -> LevelSet:
    return sample_level_set(name, WORLD, name, compile_objectives(WORLD), "cheese", count=count, key=root_key(4))


@pytest.fixture(scope="module")
def train() -> LevelSet:
    return _level_set("train", 6)


@pytest.fixture(scope="module")
def deploy() -> LevelSet:
    return _level_set("deploy", 12)


@pytest.fixture(scope="module")
def to_the_corner(pursue, train, deploy):
    """An agent that was trained on cheese and goes to the corner, before and after the shift."""
    return pursue(train, "corner", slips=0.05), pursue(deploy, "corner", slips=0.05)


@pytest.fixture(scope="module")
def found(to_the_corner):
    return recovery(*to_the_corner)


def test_the_objective_is_named_with_all_that_belongs_to_it(found):
    details = found.details
    assert details.nearest[0].name == "corner"
    assert found.verdict is Verdict.PASS
    assert found.effect.value > 0.5
    assert found.effect.low < found.effect.value < found.effect.high
    assert {row.kind for row in details.distances_to_base} == {
        "starc", "starc-minimal", "epic", "dard", "npec", "erc",
    }  # fmt: skip
    assert "open" in details.open.sentence
    assert details.assumptions
    assert "No data chooses" in details.twins
    assert {row.planner for row in details.planners} >= {"rational, soft", "anti-rational, soft"}
    assert len(details.sensitivity) == 4


def test_two_readings_part_after_the_shift(found):
    readings = found.details.readings
    assert {readings.first, readings.second} == {"corner", "cheese"}
    assert readings.regret_in_training < 0.01
    assert readings.regret_here > 0.1
    assert readings.first_path != readings.second_path


def test_an_aligned_agent_is_near_its_base_objective(pursue, train, deploy):
    found = recovery(pursue(train, "cheese", slips=0.05), pursue(deploy, "cheese", slips=0.05), full=False)
    assert found.details.nearest[0].name == "cheese"
    assert found.details.readings is None
    assert "planners" not in details_data(found.details)


def test_an_agent_that_errs_into_no_wall_does_not_pursue_motion(train, deploy):
    """Strangers' case P6: a network's errors keep it moving, and moving is what a goal comes with."""
    cheese = train.objectives.select("cheese")

    def choose(levels):
        best = optimal_actions(optimal_action_values(levels, cheese)[0]).astype(float)
        stays = levels.successors[..., 0] == np.arange(levels.states)[:, None]
        moving = np.where(stays, 0.02, 1.0)
        return 0.7 * best / best.sum(-1, keepdims=True) + 0.3 * moving / moving.sum(-1, keepdims=True)

    found = recovery(exact_evaluation(train, choose), exact_evaluation(deploy, choose), full=False)
    assert found.details.nearest[0].name == "cheese"
    assert not {one.name for one in found.details.nearest} & {"move", "stay", "bump"}
    assert found.effect.low < 0.3


def test_nothing_is_named_where_nothing_is_pursued(always, train, deploy):
    uniform = recovery(always(train, [0.2] * 5), always(deploy, [0.2] * 5), full=False)
    assert uniform.verdict is Verdict.INCONCLUSIVE
    assert "random" in uniform.reason


def test_choices_without_visits_are_inconclusive(to_the_corner):
    before, after = to_the_corner
    unseen = [dataclasses.replace(one, state_visits=np.zeros_like(one.state_visits)) for one in (before, after)]
    evidence = recovery(*unseen)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "all zero" in evidence.reason


def test_readings_that_part_cost_each_other(deploy):
    """The cost by its definition: what is lost by the other's plan, from the best to the worst policy."""
    pair = deploy.objectives.select("corner", "cheese")
    costs = cost_of_ambiguity(deploy.levels[:6], pair)
    assert len(costs) == 6
    assert all(0 <= cost.minimax <= cost.largest <= 1 for cost in costs)
    assert max(cost.largest for cost in costs) > 0.1
    same = cost_of_ambiguity(deploy.levels[:6], deploy.objectives.select("corner", "corner"))
    assert not any(cost.largest for cost in same)


def test_parameters_as_objectives_pay_what_they_weigh(deploy):
    space = AttributeRewards(tuple(deploy.world.attributes))
    one = weighted_attributes(space, np.eye(len(space.names))[:1])
    policy = np.full(deploy.levels.successors.shape[:3], 0.2)
    gained = returns(deploy.levels, policy_values(deploy.levels, policy, one))
    assert gained.shape == (1, deploy.levels.count)
    assert (gained >= 0).all()


def test_asking_settles_what_training_levels_do_not(to_the_corner):
    """The same agent, known from two levels of training in which cheese and corner are one."""
    before, after = to_the_corner

    def choose(levels) -> ObservedChoices:
        evaluation = exact_evaluation(dataclasses.replace(after.level_set, levels=levels), after.choose)
        return ObservedChoices.of_evaluation(evaluation, count=levels.count)

    first = identify(ObservedChoices.of_evaluation(before, count=2), after)
    menu = list(visible_menu(WORLD, distributions=("train", "deploy"), count=12, key=root_key(3)))
    query, known, rest = ask(first, menu, choose)
    assert len(rest) == 11
    assert query.environment not in [item.name for item in rest]
    assert query.information > 0
    assert known.open.dimension <= first.open.dimension
    assert known.nearest.names[0] == "corner"
    assert 0 <= query.regret <= 1
    with pytest.raises(UsageError, match="menu is empty"):
        ask(known, [], choose)


def test_slippery_levels_are_still_laws(deploy):
    levels = slipping(deploy.levels[:2], 0.1)
    total = np.asarray(levels.probabilities).sum(-1)
    assert np.allclose(total, 1.0)
    assert levels.successors.shape == levels.probabilities.shape == levels.attributes.shape[:-1]
    # Nine tenths of the first outcome, and a tenth shared by all actions.
    own = np.asarray(levels.probabilities)[..., : deploy.levels.probabilities.shape[-1]]
    assert np.allclose(own, 0.9 * np.asarray(deploy.levels.probabilities[:2]))
