"""Known answers: published returns (Duan et al. 2016, table 1) recomputed on 20,000 tasks, and closed forms."""

import numpy as np
import pytest

from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_rules import (
    EpsilonGreedy,
    Greedy,
    Random,
    Thompson,
    UpperConfidence,
    WinStayLoseShift,
)
from mesascope.planning.learners.gittins import Gittins


def history(*pulls, arms=2, horizon=10):
    """The history after some pulls, as the last step of one episode."""
    choices, rewards = np.array([[*(arm for arm, _ in pulls), 0]]), np.array([[*(paid for _, paid in pulls), 0.0]])
    return BanditHistory.of(choices, rewards, arms, horizon)


def chances(learner, *pulls, **options):
    return learner.probabilities(history(*pulls, **options))[0, -1]


def test_greedy_shares_ties_and_follows_the_posterior_mean():
    np.testing.assert_allclose(chances(Greedy()), [0.5, 0.5])
    np.testing.assert_allclose(chances(Greedy(), (0, 0.0), arms=3), [0, 0.5, 0.5])
    np.testing.assert_allclose(chances(Greedy(), (0, 1.0)), [1, 0])
    # One success and one failure is as good as nothing seen.
    np.testing.assert_allclose(chances(Greedy(), (0, 1.0), (0, 0.0)), [0.5, 0.5])
    # Unless arms are expected to pay.
    np.testing.assert_allclose(chances(Greedy(wins=3.0), (0, 1.0), (0, 0.0)), [0, 1])


def test_epsilon_greedy_pulls_any_arm_in_a_share_of_steps():
    np.testing.assert_allclose(chances(EpsilonGreedy(0.3), (0, 1.0), arms=3), [0.8, 0.1, 0.1])


def test_thompson_pulls_an_arm_as_often_as_it_is_the_best():
    # A draw of beta(2, 1) is above a uniform one in two thirds of cases, one of beta(3, 1) in three quarters.
    np.testing.assert_allclose(chances(Thompson(), (0, 1.0)), [2 / 3, 1 / 3], atol=1e-4)
    np.testing.assert_allclose(chances(Thompson(), (1, 1.0), (1, 1.0)), [1 / 4, 3 / 4], atol=1e-4)
    # beta(2, 1), beta(1, 2) and uniform: the last is the best in 3 of 10.
    np.testing.assert_allclose(chances(Thompson(), (0, 1.0), (1, 0.0), arms=3), [0.6, 0.1, 0.3], atol=1e-4)


@pytest.mark.parametrize("prior", [(1.0, 1.0), (0.5, 0.5)])
def test_thompson_agrees_with_draws(prior):
    generator = np.random.default_rng(0)
    pulls = ((0, 1.0), (0, 0.0), (1, 0.0), (2, 1.0), (2, 1.0), (2, 0.0))
    paid, lost = np.array([[1, 0, 2], [1, 1, 1]])
    drawn = generator.beta(paid + prior[0], lost + prior[1], (200_000, 3)).argmax(-1)
    expected = np.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_allclose(chances(Thompson(*prior), *pulls, arms=3), expected, atol=0.005)


def test_upper_confidence_tries_each_arm_once_and_then_what_could_be_best():
    np.testing.assert_allclose(chances(UpperConfidence(), (0, 1.0), arms=3), [0, 0.5, 0.5])
    np.testing.assert_allclose(chances(UpperConfidence(0.1), (0, 1.0), (1, 0.0)), [1, 0])
    # After 5 of 8 paid, a second look at an arm that paid nothing is due: 0.625 + 0.741 < 0 + 2.096.
    often = [(0, float(paid)) for paid in (1, 1, 1, 1, 1, 0, 0, 0)]
    np.testing.assert_allclose(chances(UpperConfidence(), *often, (1, 0.0)), [0, 1])
    np.testing.assert_allclose(chances(UpperConfidence(0.1), *often, (1, 0.0)), [1, 0])


def test_win_stay_lose_shift_looks_at_the_last_pull_alone():
    rule = WinStayLoseShift(stay=0.9, shift=0.6)
    np.testing.assert_allclose(chances(rule, arms=3), [1 / 3] * 3)
    np.testing.assert_allclose(chances(rule, (0, 0.0), (2, 1.0), arms=3), [0.05, 0.05, 0.9])
    np.testing.assert_allclose(chances(rule, (2, 1.0), (0, 0.0), arms=3), [0.4, 0.3, 0.3])


@pytest.mark.parametrize(
    ("learner", "horizon", "published", "error"),
    [
        (Random(), 10, 4.98, 0.015),
        (Greedy(), 10, 6.62, 0.015),
        (Thompson(), 10, 5.83, 0.015),
        (UpperConfidence(0.5), 10, 5.92, 0.015),
        (Gittins(), 10, 6.66, 0.015),
        (Random(), 100, 49.7, 0.12),
        (Greedy(), 100, 75.8, 0.12),
        (UpperConfidence(0.2), 100, 77.4, 0.12),
        (UpperConfidence(), 100, 66.0, 0.12),
        (Gittins(), 100, 78.8, 0.12),
    ],
    ids=lambda value: getattr(value, "family", str(value)),
)
def test_returns_are_the_published_ones(learner, horizon, published, error):
    generator = np.random.default_rng(1)
    episodes = 4000 if horizon == 10 else 500
    pays = generator.random((episodes, 5))
    _, rewards = learner.play(pays, horizon, generator=generator)
    # The mean of the best arm is known to be k / (k + 1): what these tasks have above it explains most of the error.
    returns = rewards.sum(1) - horizon * (pays.max(1) - 5 / 6)
    spread = np.hypot(returns.std() / episodes**0.5, error)
    assert abs(returns.mean() - published) < 4 * spread + 0.005


def test_the_same_generator_plays_the_same_episodes():
    pays = np.random.default_rng(0).random((3, 4))
    first, again = (EpsilonGreedy(0.2).play(pays, 6, generator=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
