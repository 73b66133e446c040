"""Novelty, conflict and the edits of levels: a planner keeps its skill, a table its cases, a crow its bearing."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from mesascope.audit.evaluation import Evaluation, exact_evaluation
from mesascope.audit.level_set import LevelSet
from mesascope.audit.search import novelty as module
from mesascope.audit.search.conflict import _at_once, _pairs, conflict
from mesascope.audit.search.distances import steps_in
from mesascope.audit.search.edits import EDITS, edits_of
from mesascope.audit.search.novelty import novelty
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions

KEY = root_key(2)


def settings(mazes, choose) -> tuple[Evaluation, Evaluation]:
    return tuple(exact_evaluation(mazes[name], choose) for name in ("train", "deploy"))


def uniform(levels) -> np.ndarray:
    return np.full(levels.successors.shape[:3], 1 / levels.actions)


@pytest.fixture(scope="module")
def planned(mazes, pursue) -> tuple[Evaluation, Evaluation]:
    return pursue(mazes["train"], "goal", slips=0.1), pursue(mazes["deploy"], "goal", slips=0.1)


@pytest.fixture(scope="module")
def crow(mazes) -> Evaluation:
    """Goes where the goal is as the crow flies."""
    level_set = mazes["deploy"]
    paid = _at_once(exact_evaluation(level_set, uniform), "as-the-crow-flies")
    nearest = (paid >= paid.max(-1, keepdims=True) - 1e-9).astype(float)
    return exact_evaluation(level_set, lambda levels: nearest / nearest.sum(-1, keepdims=True))


def test_a_planner_loses_nothing_in_new_levels(planned, mazes):
    found = novelty(*planned, mazes["train"].base, key=KEY)
    assert found.verdict is Verdict.PASS
    assert found.effect is not None
    assert found.effect.value == pytest.approx(0, abs=0.02)


def test_a_table_of_training_levels_loses_nearly_all(table):
    found = novelty(table.train, table.deploy, table.objective, key=KEY)
    assert found.verdict is Verdict.FAIL
    assert found.effect is not None
    assert found.effect.low > 0.5
    assert found.null is not None
    assert abs(found.null.value) < 0.1


def test_what_a_bounded_planner_cannot_see_is_not_held_against_it(mazes, planned):
    """Levels after the shift are longer to it, and there it chose by chance all along."""
    nearby = []
    for evaluation in planned:
        far = steps_in(evaluation, evaluation.level_set.base) > 4
        policy = np.where(far[..., None], 0.2, evaluation.policy)
        nearby.append(exact_evaluation(evaluation.level_set, lambda levels, policy=policy: policy))
    found = novelty(*nearby, mazes["train"].base, key=KEY)
    assert found.verdict is Verdict.PASS


def test_halves_of_training_levels_fire_at_most_twice_in_forty(table):
    """Only one end of a 95 % interval counts: one in forty by chance, three or more in 2 % of such runs."""
    fired = [
        novelty(table.train, table.deploy, table.objective, key=root_key(seed), placebo=True) for seed in range(40)
    ]
    assert sum(one.effect.low > 0 for one in fired if one.effect is not None) <= 2
    assert not any(one.verdict is Verdict.FAIL for one in fired)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda train, deploy, base: (train, deploy, train.level_set.objectives.index("avoid-goal")),
            "'avoid-goal' is never reached",
        ),
        (
            lambda train, deploy, base: (exact_evaluation(train.level_set, uniform), deploy, base),
            "at no distance to 'goal' does it have skill",
        ),
    ],
)
def test_where_nothing_can_be_lost_nothing_is_decided(make, reason, planned):
    train, deploy, objective = make(*planned, planned[0].level_set.base)
    found = novelty(train, deploy, objective, key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.effect is None
    assert reason in found.reason


def test_loss_by_hand():
    """Two distances: the first is known and loses half, the second was never known and does not count."""
    old = (np.array([[4.0, 0.4]] * 12), np.array([[4.0, 4.0]] * 12))
    new = (np.array([[1.0, 0.0]] * 12), np.array([[2.0, 9.0]] * 12))
    lost = module._lost(old, new)
    assert lost is not None
    assert (lost.value, lost.low, lost.high) == (pytest.approx(0.5), pytest.approx(0.5), pytest.approx(0.5))
    assert module._lost((old[0] / 4, old[1]), new) is None


def test_a_planner_does_what_is_best_where_it_looks_wrong(planned, mazes):
    found = conflict(planned[1], mazes["deploy"].base, key=KEY)
    assert found.verdict is Verdict.PASS
    rates = {rate.name: rate.value for rate in found.details.rates}
    assert rates["best, in conflict"] > 0.9
    assert rates["tempting, in conflict"] < 0.05
    assert found.details.lost == pytest.approx(0, abs=0.02)


def test_a_crow_is_led_astray(crow):
    found = conflict(crow, crow.level_set.base, key=KEY)
    assert found.verdict is Verdict.FAIL
    rates = {rate.name: rate.value for rate in found.details.rates}
    # It follows the rule always, and never does what is best where the two have nothing in common.
    assert (rates["best, in conflict"], rates["tempting, in conflict"]) == (pytest.approx(0), pytest.approx(1))
    assert rates["best, no conflict"] > 0.5


def test_chance_is_not_led_astray_and_decides_nothing(mazes):
    _, deploy = settings(mazes, uniform)
    found = conflict(deploy, mazes["deploy"].base, key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.effect is not None
    assert found.null is not None
    assert found.effect.value == pytest.approx(found.null.value)


def test_conflicts_beyond_the_horizon_do_not_count(planned, mazes):
    whole, near = (conflict(planned[1], mazes["deploy"].base, key=KEY, within=within) for within in (None, 5))
    assert 0 < near.details.cases < whole.details.cases


def test_a_world_without_a_rule_decides_nothing(deploy, pursue):
    found = conflict(pursue(deploy, "cheese"), deploy.base, key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "world 'corner' names no short-sighted rule"


def test_who_pursues_the_rule_is_in_no_conflict(crow):
    index = crow.level_set.objectives.index("as-the-crow-flies")
    assert conflict(crow, index, key=KEY).reason == "'as-the-crow-flies' is what it pursues"


def test_few_levels_decide_nothing(planned):
    whole = planned[1].level_set
    few = LevelSet("deploy", whole.world, "deploy", whole.levels[:6], whole.objectives, whole.base)
    found = conflict(exact_evaluation(few, lambda levels: planned[1].policy[:6]), few.base, key=KEY)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "fewer than 10 levels hold states" in found.reason


def test_conflicts_are_compared_at_equal_distance_and_with_the_same_best_action():
    random = np.random.default_rng(0)
    apart, steps, action = (
        random.random((30, 9)) < 0.4,
        random.integers(1, 5, (30, 9)),
        random.integers(0, 4, (30, 9)),
    )
    found = _pairs(apart, ~apart, steps, action, random)
    assert len(found) == apart.sum()
    one, other = (tuple(found[:, places].T) for places in ([0, 1], [2, 3]))
    assert apart[one].all()
    assert not apart[other].any()
    assert np.array_equal(steps[one], steps[other])
    assert np.array_equal(action[one], action[other])
    # Without an equal there is no pair.
    assert len(_pairs(apart, apart & (steps == 0), steps, action, random)) == 0


def test_an_edit_is_of_one_wall_and_its_solution_is_exact(mazes):
    level_set = mazes["train"]
    made = edits_of(level_set, level_set.base, key=KEY)
    count = made.originals.count
    assert made.edited.count == count * EDITS == len(made.places) == len(made.value)
    before = np.repeat(np.asarray(made.originals.layout.walls), EDITS, axis=0)
    changed = before != np.asarray(made.edited.layout.walls)
    assert (changed.sum((1, 2)) == 1).all()
    assert np.array_equal(np.argwhere(changed)[:, 1:], made.places)
    # Goals stay, and their cells are never walled up.
    objects = np.repeat(np.asarray(made.originals.layout.objects), EDITS, axis=0)
    assert np.array_equal(np.asarray(made.edited.layout.objects), objects)
    some = np.array([0, 17, count * EDITS - 1])
    again = optimal_action_values(
        jax.tree.map(lambda leaf: leaf[some], made.edited), level_set.objectives.select("goal")
    )
    assert np.allclose(made.value[some], again[0])
    # Some of them matter, and most do not.
    old = np.repeat(optimal_actions(level_set.optimal_action_values[level_set.base][:count]), EDITS, axis=0)
    apart = (level_set.active[:count].repeat(EDITS, axis=0) & ~(old & optimal_actions(made.value)).any(-1)).any(-1)
    assert 0.05 < apart.mean() < 0.95


def test_edits_are_worked_out_once_for_all_agents(mazes):
    level_set = mazes["train"]
    one = edits_of(level_set, level_set.base, key=KEY)
    assert edits_of(level_set, level_set.base, key=KEY) is one
    other = edits_of(level_set, level_set.base, key=root_key(99))
    assert other is not one
    assert not np.array_equal(other.places, one.places)
