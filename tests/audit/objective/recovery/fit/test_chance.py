"""Random behaviour and habits are told from pursuit, whatever cost of time would explain them."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.objective.recovery.data.observed_choices import Observation, ObservedChoices
from mesascope.audit.objective.recovery.fit.chance import told_from_chance
from mesascope.audit.objective.recovery.fit.choice_problem import chosen_policy
from mesascope.objectives.reward_space import AttributeRewards, TabularRewards
from tests.levels import random_level, stack

SPACE = AttributeRewards(("a", "b", "c", "d"))


def environments(count: int, seed: int):
    random = np.random.default_rng(seed)
    return stack([random_level(random, discount=0.8) for _ in range(count)])


def sampled(levels, policy: np.ndarray, count: int, random) -> ObservedChoices:
    return ObservedChoices(
        tuple(
            Observation(
                levels[index],
                np.stack([random.multinomial(count, row / row.sum()) for row in policy[index]]) / count,
                np.full(levels.states, float(count)),
            )
            for index in range(levels.count)
        )
    )


def test_few_random_agents_are_said_to_pursue_something():
    """At most 2 % each: 4 or more of 60 with probability below .04 if the bound were met exactly, which it never is."""
    levels, told = environments(2, 0), 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        habit = random.dirichlet(np.ones(levels.actions)) if seed % 2 else np.full(levels.actions, 1 / levels.actions)
        policy = np.broadcast_to(habit, levels.successors.shape[:3])
        told += told_from_chance(sampled(levels, policy, 4, random), SPACE).told
    assert told <= 3


def test_pursuit_is_told_from_few_choices():
    levels = environments(2, 1)
    policy = chosen_policy(levels, SPACE, np.array([2.0, -4.0, 0.0, 6.0]))
    found = told_from_chance(sampled(levels, policy, 8, np.random.default_rng(0)), SPACE)
    assert found.told
    assert found.gain > 4


def test_exact_random_agents_pursue_nothing():
    """Tables drawn anew in every state and level: 1 % each by the test, and they explain nothing, too."""
    levels = environments(12, 2)
    told = 0
    for seed in range(20):
        policy = np.random.default_rng(seed).dirichlet(np.ones(levels.actions), size=levels.successors.shape[:2])
        told += told_from_chance(ObservedChoices.of_tables(levels, policy), SPACE).told
    assert told <= 2


@pytest.mark.parametrize("habit", [None, [0.6, 0.4]])
def test_the_same_in_every_state_is_no_pursuit(habit):
    levels = environments(6, 3)
    shares = np.full(levels.actions, 1 / levels.actions)
    if habit is not None:
        shares[:2] = np.array(habit) * shares[:2].sum()
    policy = np.broadcast_to(shares, levels.successors.shape[:3]).copy()
    found = told_from_chance(ObservedChoices.of_tables(levels, policy), SPACE)
    assert not found.told
    assert "at random or by habit" in found.reason
    assert not told_from_chance(
        ObservedChoices.of_tables(levels[:1], policy[:1]), TabularRewards(levels.states, levels.actions)
    ).told


@pytest.mark.parametrize(("count", "slips"), [(1, 0.5), (12, 0.8)])
def test_exact_pursuit_is_told_even_if_many_choices_are_slips(count, slips):
    """In one level of 8 states 80 % are too many: p is .07 there, at which random tables pass, too."""
    levels = environments(count, 4)
    policy = chosen_policy(levels, SPACE, np.array([2.0, -4.0, 0.0, 6.0]), planner="optimal", slips=slips)
    found = told_from_chance(ObservedChoices.of_tables(levels, policy), SPACE)
    assert found.told
    assert found.unit == ("states" if count == 1 else "levels")
    assert found.share > 0.3
