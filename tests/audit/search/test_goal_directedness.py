"""Maximum entropy goal-directedness: the worked examples of the notes (2.1), and what is said of an agent by it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.evaluation import exact_evaluation
from mesascope.audit.search.goal_directedness import directed_choices, goal_directedness
from mesascope.core.verdicts import Verdict
from mesascope.objectives.objective import Objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec
from tests.levels import random_level, random_policy, stack


def utility(weights=(1.0,)) -> Objectives:
    return Objectives((ObjectiveSpec("utility", {}),), np.asarray(weights, float)[None], np.zeros((1, len(weights))))


def once(pays: list[float]) -> Level:
    """One decision, then nothing."""
    count = len(pays)
    attributes = np.zeros((2, count, 1, 1))
    attributes[0, :, 0, 0] = pays
    return _level(np.ones((2, count, 1), int), attributes, initial=[1.0, 0.0], terminal=[False, True], discount=0.5)


def _level(successors, attributes, *, initial, terminal, discount) -> Level:
    return Level(
        successors=successors,
        probabilities=np.ones(successors.shape),
        attributes=attributes,
        initial=np.array(initial, float),
        terminal=np.array(terminal),
        reachable=np.ones(len(initial), bool),
        discount=np.array(discount),
        layout=None,
    ).batch()


def measured(level: Level, first_row, **options):
    policy = np.full(level.successors.shape[:3], 1 / level.actions)
    policy[0, 0] = first_row
    found = goal_directedness(level, policy, utility(**options))
    return float(found.nats[0, 0]), float(found.inverse_temperature[0, 0])


@pytest.mark.parametrize(
    ("pays", "policy", "nats", "inverse_temperature"),
    [
        ([1, 0], [0.8, 0.2], 0.1927, 1.386),
        ([5, 2], [0.8, 0.2], 0.1927, 0.462),
        ([0, 1], [0.8, 0.2], 0.1927, -1.386),
        ([1, 0], [0.5, 0.5], 0.0, 0.0),
        ([1, 0, 0, 0], [0.7, 0.1, 0.1, 0.1], 0.4458, None),
        ([1, 0, 0, 0], [0.7, 0.3, 0.0, 0.0], 0.4458, None),
        ([1, 0], [1.0, 0.0], 0.6931, None),
        ([1, 0], [0.0, 1.0], 0.6931, None),
        ([3, 3], [1.0, 0.0], 0.0, None),
    ],
)
def test_one_decision(pays, policy, nats, inverse_temperature):
    found, best = measured(once(pays), policy)
    assert found == pytest.approx(nats, abs=5e-5)
    if inverse_temperature is not None:
        assert best == pytest.approx(inverse_temperature, abs=1e-3)


@pytest.mark.parametrize(
    ("depth", "share", "nats"),
    [(1, 0.9, 0.3681), (2, 0.9, 0.6913), (3, 0.9, 0.9678), (3, 1.0, 2.0794), (3, 0.5, 0.0)],
)
def test_a_binary_tree_with_one_good_leaf(depth, share, nats):
    """Undiscounted in the notes; a discount of almost 1 differs by less than the tolerance."""
    # States 0 to depth - 1 follow the good path, then comes off the path, depth + k, and the end.
    states = 2 * depth + 1
    successors = np.full((states, 2, 1), states - 1)
    attributes = np.zeros((states, 2, 1, 1))
    for step in range(depth):
        last = step == depth - 1
        successors[step, 0] = states - 1 if last else step + 1
        successors[step, 1] = states - 1 if last else depth + step + 1
        if last:
            attributes[step, 0] = 1.0
        if step:
            successors[depth + step] = states - 1 if last else depth + step + 1
    level = _level(
        successors,
        attributes,
        initial=np.eye(states)[0],
        terminal=np.eye(states, dtype=bool)[-1],
        discount=1 - 1e-9,
    )
    policy = np.full((1, states, 2), [share, 1 - share])
    assert float(goal_directedness(level, policy, utility()).nats[0, 0]) == pytest.approx(nats, abs=1e-4)


def ring() -> Level:
    """Five places; stay or go on; being in the first pays 1 at every step."""
    places = np.arange(5)
    attributes = np.zeros((5, 2, 1, 1))
    attributes[0] = 1.0
    return _level(
        np.stack([places, (places + 1) % 5], -1)[..., None],
        attributes,
        initial=np.full(5, 0.2),
        terminal=np.zeros(5, bool),
        discount=0.9,
    )


@pytest.mark.parametrize(
    ("slips", "nats", "gained"), [(0.0, 6.9315, 8.190), (0.2, 3.0157, 6.015), (0.5, 0.9231, 3.954), (1.0, 0.0, 2.0)]
)
def test_a_ring(slips, nats, gained):
    level = ring()
    best = np.eye(2)[(np.arange(5) > 0).astype(int)]
    policy = ((1 - slips) * best + slips / 2)[None]
    assert float(returns(level, policy_values(level, policy, utility()))[0, 0]) == pytest.approx(gained, abs=5e-3)
    found = goal_directedness(level, policy, utility())
    assert float(found.nats[0, 0]) == pytest.approx(nats, abs=2e-3)
    assert float(found.share[0, 0]) == pytest.approx(nats / (10 * np.log(2)), abs=1e-3)


def test_equal_returns_are_equally_goal_directed():
    """Why this is no test of search: a policy enters by its return alone."""
    level, random = ring(), np.random.default_rng(0)
    first = random.dirichlet([1, 1], size=(1, 5))
    target = float(returns(level, policy_values(level, first, utility()))[0, 0])
    good, bad = np.eye(2)[[0, 1, 1, 1, 1]][None], np.eye(2)[[1, 0, 0, 0, 0]][None]
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        second = middle * good + (1 - middle) * bad
        value = float(returns(level, policy_values(level, second, utility()))[0, 0])
        low, high = (middle, high) if value < target else (low, middle)
    assert np.abs(first - second).max() > 0.05
    found = [float(goal_directedness(level, one, utility()).nats[0, 0]) for one in (first, second)]
    assert found[0] == pytest.approx(found[1], abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.1, 10))
def test_scale_and_sign_do_not_matter_and_bounds_hold(seed, scale):
    random = np.random.default_rng(seed)
    levels = stack([random_level(random, discount=0.9) for _ in range(3)])
    policy = np.stack([random_policy(random, levels[index]) for index in range(3)])
    weights = random.normal(size=4)
    found, scaled, negated = (
        goal_directedness(levels, policy, utility(one)) for one in (weights, scale * weights, -weights)
    )
    assert np.allclose(found.nats, scaled.nats, atol=1e-5)
    assert np.allclose(found.nats, negated.nats, atol=1e-5)
    assert (found.nats >= 0).all()
    assert (found.share <= 1).all()


def test_the_best_policy_is_directed_at_its_goal():
    random = np.random.default_rng(5)
    levels = stack([random_level(random, discount=0.9) for _ in range(4)])
    goal, other = utility([1.0, 0, 0, 0]), utility([0, 0, 1.0, 0])
    best = np.eye(3)[optimal_action_values(levels, goal)[0].argmax(-1)]
    both = Objectives(
        (goal.specs[0], other.specs[0]),
        np.concatenate([goal.weights, other.weights]),
        np.concatenate([goal.stops, other.stops]),
    )
    found = goal_directedness(levels, best, both)
    assert found.nats.shape == (2, 4)
    assert (found.nats[0] > found.nats[1]).mean() >= 0.75


def test_who_pursues_a_goal_is_directed_at_it(deploy, pursue):
    found = directed_choices(pursue(deploy, "cheese", slips=0.05), deploy.base)
    assert found.verdict is Verdict.PASS
    assert found.effect.low > 0.5
    assert found.null.high < 0.1
    assert found.details.gain_over_uniform > 0
    assert "directed at 'cheese'" in found.sentence


def test_who_shuns_a_goal_is_directed_away_from_it(deploy, pursue):
    found = directed_choices(pursue(deploy, "avoid-cheese", slips=0.05), deploy.base)
    assert found.details.gain_over_uniform < 0
    assert "directed away from 'cheese'" in found.sentence


def test_a_table_of_the_same_choices_is_as_directed(deploy, pursue):
    """The reason why this decides nothing about search."""
    planner = pursue(deploy, "cheese", slips=0.05)
    table = exact_evaluation(deploy, lambda levels: planner.policy[: levels.count])
    assert directed_choices(table, deploy.base).effect == directed_choices(planner, deploy.base).effect
    assert "as directed as a planner" in directed_choices(table, deploy.base).sentence


def test_chance_is_directed_at_nothing(deploy, always):
    found = directed_choices(always(deploy, [0.2] * 5), deploy.base)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.effect.value < 1e-6
    assert np.isfinite(list(found.details.controls.values())).all()
