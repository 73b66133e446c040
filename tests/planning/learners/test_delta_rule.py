"""Known answers: a few pulls by hand, and rules that it becomes at the ends of its parameters."""

import numpy as np
import pytest

from mesascope.planning.learners.bandit_history import REMEMBERED, BanditHistory, extended
from mesascope.planning.learners.bandit_rules import Random, WinStayLoseShift
from mesascope.planning.learners.delta_rule import DeltaRule


def history(choices, rewards, arms=2):
    return BanditHistory.of(np.array([choices]), np.array([rewards], float), arms)


def test_values_move_towards_each_reward_by_the_rate():
    # 0.5 -> 0.8 -> 0.32 of the first arm; 0.5 -> 0.2 of the other.
    found = DeltaRule(rate=0.6, beta=3.0).probabilities(history([0, 0, 1, 0], [1, 0, 0, 0]))[0]
    first = [0.5, 0.8, 0.32, 0.32]
    other = [0.5, 0.5, 0.5, 0.2]
    expected = 1 / (1 + np.exp(-3.0 * (np.array(first) - other)))
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-12)


def test_the_order_of_rewards_matters_to_it():
    rule = DeltaRule(rate=0.5, beta=5.0)
    early, late = (rule.probabilities(history([0, 0, 0], [*paid, 0]))[0, -1, 0] for paid in ((1, 0), (0, 1)))
    assert early < 0.5 < late


def test_without_temperature_it_is_chance_and_with_the_last_reward_alone_it_stays_and_shifts():
    generator = np.random.default_rng(0)
    seen = BanditHistory.of(generator.integers(0, 3, (20, 8)), generator.integers(0, 2, (20, 8)).astype(float), 3)
    np.testing.assert_allclose(DeltaRule(0.3, 0.0).probabilities(seen), Random().probabilities(seen))
    one_pull = history([1, 0], [1, 0])
    stays = 1 / (1 + np.exp(-4.0 * 0.5))
    expected = WinStayLoseShift(stays, stays).probabilities(one_pull)
    np.testing.assert_allclose(DeltaRule(1.0, 4.0).probabilities(one_pull), expected)


def test_what_is_long_past_is_forgotten_and_nothing_overflows():
    pulled = np.array([True, False])
    order = np.ones(2, int)
    for paid in [True] * 10 + [False] * REMEMBERED:
        order = extended(order, pulled, np.array([paid]))
    assert order.tolist() == [1 << REMEMBERED, 1]
    assert extended(order, pulled, np.array([True])).tolist() == [(1 << REMEMBERED) + 1, 1]


def test_it_plays_as_it_says_of_a_whole_history():
    rule, generator = DeltaRule(0.4, 6.0), np.random.default_rng(1)
    choices, rewards = rule.play(generator.random((4000, 2)), 6, generator=generator)
    chances = rule.probabilities(BanditHistory.of(choices, rewards, 2))[..., 0]
    gap = ((choices == 0) - chances).mean(0)
    np.testing.assert_allclose(gap, 0, atol=4 * 0.5 / 4000**0.5)


def test_a_history_without_order_is_named():
    seen = history([0, 1], [1, 0])
    blind = BanditHistory(seen.successes, seen.failures, seen.last, seen.last_reward, seen.horizon)
    with pytest.raises(ValueError, match="no order of rewards"):
        DeltaRule().probabilities(blind)
