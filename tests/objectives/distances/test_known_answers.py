"""Distances on the three-state ring, as worked out independently (Gleave 2021, Wulfe 2022, Skalse 2024)."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.objectives.distances.dard import dard
from mesascope.objectives.distances.epic import UndefinedDistance, epic
from mesascope.objectives.distances.erc import erc
from mesascope.objectives.distances.starc import npec, starc, starc_minimal
from tests.objectives.distances.dense import dard_tables, epic_canonical, epic_tables
from tests.objectives.small import DISCOUNT, here, random_transitions, ring, shaped, table

ENTER_2 = table(lambda s, a, t: t == 2)
ENTER_1 = table(lambda s, a, t: t == 1)
ACTION = table(lambda s, a, t: a == 1)
BEING_2 = table(lambda s, a, t: s == 2)
POTENTIAL = np.array([0.0, 1.0, 3.0])
ONES = np.ones((3, 2, 3))


def test_epic_canonical_form():
    assert np.allclose(epic_canonical(ENTER_2, DISCOUNT), np.array([-1 / 3, -1 / 3, 2 / 3]))


@pytest.mark.parametrize(
    ("other", "distance"),
    [
        (shaped(3 * ENTER_2, POTENTIAL), 0.0),
        (2 * ENTER_2 + 5, 0.0),
        (-ENTER_2, 1.0),
        (ENTER_1, 0.866025),
        (ACTION, 0.707107),
        (ENTER_2 + ACTION, 0.396236),
        (BEING_2, 0.0),
    ],
)
def test_epic(other, distance):
    assert epic_tables(ENTER_2, other, DISCOUNT) == pytest.approx(distance, abs=1e-6)


def test_epic_of_a_constant_has_no_value():
    with pytest.raises(UndefinedDistance, match="constant"):
        epic_tables(ENTER_2, ONES, DISCOUNT)


@pytest.mark.parametrize("form", [starc, starc_minimal])
@pytest.mark.parametrize(
    ("other", "distance"),
    [
        (shaped(3 * ENTER_2, POTENTIAL), 0.0),
        (-ENTER_2, 2.0),
        (ENTER_1, 1.732051),
        (ACTION, 1.414214),
        (ONES, 1.0),
    ],
)
def test_starc(form, other, distance):
    assert form(here(ring(), ENTER_2), here(ring(), other)) == pytest.approx(distance, abs=1e-6)


def test_starc_of_two_rewards_that_prefer_nothing():
    assert starc(here(ring(), ONES), here(ring(), 0 * ONES)) == 0.0


def test_a_reward_of_an_impossible_transition():
    impossible = ENTER_2.copy()
    impossible[0, :, 2] = -4.0
    feasible = (ring() > 0) / (ring() > 0).sum()
    assert epic_tables(ENTER_2, impossible, DISCOUNT) == pytest.approx(0.696079, abs=1e-6)
    assert epic_tables(ENTER_2, impossible, DISCOUNT, coverage=feasible) == pytest.approx(0.535312, abs=1e-6)
    assert dard_tables(ENTER_2, impossible, ring(), DISCOUNT) == pytest.approx(0.316045, abs=1e-6)
    assert starc(here(ring(), ENTER_2), here(ring(), impossible)) == pytest.approx(0.0, abs=1e-9)


def test_dard_of_shaped_and_negated_rewards():
    assert dard_tables(ENTER_2, shaped(ENTER_2, POTENTIAL), ring(), DISCOUNT) == pytest.approx(0.0, abs=1e-6)
    assert dard_tables(ENTER_2, shaped(-ENTER_2, POTENTIAL), ring(), DISCOUNT) == pytest.approx(1.0, abs=1e-6)


def test_moving_reward_between_next_states_fools_all_but_starc():
    # 20 % of all moves end anywhere: what is paid for next states can change without any policy getting better.
    transitions = 0.8 * ring() + 0.2 / 3
    moved = np.random.default_rng(0).normal(size=(3, 2, 3))
    moved -= (transitions * moved).sum(-1, keepdims=True)
    other = ENTER_2 + moved
    assert starc(here(transitions, ENTER_2), here(transitions, other)) == pytest.approx(0.0, abs=1e-9)
    assert epic_tables(ENTER_2, other, DISCOUNT) > 0.2
    assert dard_tables(ENTER_2, other, transitions, DISCOUNT) > 0.2


def test_levels_agree_with_dense_tables():
    """Where a level says nothing, the expected reward of the state and action stands in."""
    random = np.random.default_rng(2)
    for _ in range(4):
        transitions = random_transitions(random, 5, 3)

        def extended(reward, transitions=transitions):
            return np.where(transitions > 0, reward, (transitions * reward).sum(-1, keepdims=True))

        first, second = random.normal(size=(2, 5, 3, 5))
        pair = here(transitions, first), here(transitions, second)
        dense = extended(first), extended(second)
        assert epic(*pair) == pytest.approx(epic_tables(*dense, DISCOUNT), abs=1e-9)
        assert dard(*pair) == pytest.approx(dard_tables(*dense, transitions, DISCOUNT), abs=1e-9)


def test_npec_against_least_squares():
    random = np.random.default_rng(4)
    transitions = random_transitions(random, 5, 3)
    first, second = here(transitions, random.normal(size=(5, 3, 5))), here(transitions, random.normal(size=(5, 3, 5)))
    shaping = np.repeat(np.eye(5), 3, axis=0) - DISCOUNT * transitions.reshape(15, 5)
    target = second.expected.reshape(-1)
    columns = np.column_stack([first.expected.reshape(-1), shaping, np.ones(15)])
    found = np.linalg.lstsq(columns, target, rcond=None)[0]
    if found[0] < 0:
        columns[:, 0] = 0
        found = np.linalg.lstsq(columns, target, rcond=None)[0]
    rest = np.linalg.lstsq(columns[:, 1:], target, rcond=None)[0]
    missed = np.linalg.norm(target - columns @ found) / np.linalg.norm(target - columns[:, 1:] @ rest)
    assert npec(first, second) == pytest.approx(missed, abs=1e-9)
    assert npec(here(ring(), ENTER_2), here(ring(), shaped(3 * ENTER_2, POTENTIAL))) == 0.0
    with pytest.raises(UndefinedDistance):
        npec(first, here(transitions, np.ones((5, 3, 5))))


def test_erc_against_sampled_episodes():
    random = np.random.default_rng(5)
    transitions = random_transitions(random, 4, 2)
    rewards = random.normal(size=(2, 4, 2, 4))
    exact = erc(here(transitions, rewards[0], 0.8), here(transitions, rewards[1], 0.8))
    episodes, returns = 20_000, np.zeros((2, 20_000))
    state = random.integers(0, 4, episodes)
    for time in range(60):
        action = random.integers(0, 2, episodes)
        reached = (random.random((episodes, 1)) > transitions[state, action].cumsum(-1)).sum(-1).clip(max=3)
        returns += 0.8**time * rewards[:, state, action, reached]
        state = reached
    sampled = np.sqrt((1 - np.corrcoef(returns)[0, 1]) / 2)
    # The standard error of the correlation is 1/sqrt(20,000): false alarms below 1e-6.
    assert exact == pytest.approx(sampled, abs=0.02)
