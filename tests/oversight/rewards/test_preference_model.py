"""Known answers of learning from preferences."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit

from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.oversight.rewards.preference_model import LinearReward, ensemble_of, fitted
from mesascope.theory.goodhart import best_of
from mesascope.worlds.corner import Corner

TRUE = np.array([1.0, -0.5, 0.25])


def answered(differences, random, mistaken=0.0):
    sure = (1 - mistaken) * expit(differences @ TRUE) + mistaken / 2
    return (random.random(sure.shape) < sure).astype(float)


def likeliest(differences, answers, **settings):
    one = np.ones((1, len(answers)))
    return fitted(differences, answers, shares=one, centres=np.zeros((1, 3)), spread=np.inf, **settings)[0]


@pytest.mark.parametrize("mistaken", [0.0, 0.2])
def test_fit_is_the_likeliest_by_another_optimizer(mistaken):
    random = np.random.default_rng(0)
    differences = random.normal(size=(300, 3))
    answers = answered(differences, random, mistaken)

    def unlikely(weights):
        sure = (1 - mistaken) * expit(differences @ weights) + mistaken / 2
        return -np.sum(answers * np.log(sure) + (1 - answers) * np.log(1 - sure))

    expected = minimize(unlikely, np.zeros(3), tol=1e-12).x
    assert likeliest(differences, answers, mistaken=mistaken) == pytest.approx(expected, abs=1e-4)


def test_covariance_is_the_inverse_information():
    """Over 1,000 repeats a variance has a relative standard error of 4.5 %: a false alarm at 22 % in 600,000."""
    random, repeats, count = np.random.default_rng(1), 1000, 200
    differences = random.normal(size=(count, 3))
    answers = answered(np.broadcast_to(differences, (repeats, count, 3)), random)
    # A batch of repeats is a batch of weightings: each pair is answered first in one copy and second in the other.
    doubled = np.concatenate([differences, differences])
    shares = np.concatenate([answers, 1 - answers], axis=1)
    said = np.concatenate([np.ones(count), np.zeros(count)])
    found = fitted(doubled, said, shares=shares, centres=np.zeros((repeats, 3)), spread=np.inf)
    chance = expit(differences @ TRUE)
    expected = np.linalg.inv((differences.T * (chance * (1 - chance))) @ differences)
    assert np.diag(np.cov(found.T)) == pytest.approx(np.diag(expected), rel=0.22)


def test_the_scale_is_unknown_without_noise():
    """The larger the spread that is allowed, the larger the weights, but not their direction."""
    random = np.random.default_rng(2)
    differences = random.normal(size=(500, 3))
    answers = (differences @ TRUE > 0).astype(float)
    small, large = (
        fitted(differences, answers, shares=np.ones((1, 500)), centres=np.zeros((1, 3)), spread=spread)[0]
        for spread in (10.0, 1000.0)
    )
    assert np.linalg.norm(large) > 3 * np.linalg.norm(small)
    for weights in (small, large):
        assert weights @ TRUE / np.linalg.norm(weights) / np.linalg.norm(TRUE) > 0.99


def test_what_answers_do_not_tell_apart_is_worth_the_same_and_in_doubt():
    random = np.random.default_rng(3)
    differences = np.repeat(random.normal(size=(200, 1)), 2, axis=1)
    ensemble = ensemble_of(differences, answered(differences @ np.eye(2, 3), random), mistaken=0.0, key=root_key(0))
    assert ensemble.mean[0] == pytest.approx(ensemble.mean[1], abs=1e-6)
    together, apart = ensemble.disagreement(np.array([[1.0, 1.0], [1.0, -1.0]]))
    assert apart > 10 * together


def test_nothing_is_learned_from_pairs_that_are_alike():
    alike = ensemble_of(np.zeros((30, 15)), np.ones(30), mistaken=0.1, key=root_key(0))
    with pytest.raises(UsageError, match="No two segments"):
        alike.objective(Corner(size=6))


def test_a_learned_reward_ends_no_episode():
    world = Corner(size=6)
    level = jax.device_get(world.sample(key=root_key(0), distribution="train", count=2))
    reward = LinearReward(jnp.eye(15)[0])
    assert np.asarray(reward.continuation(level, world)) == pytest.approx(0.95)
    assert np.asarray(reward.reward(level, world))[..., 0] == pytest.approx(0.05 * level.attributes[..., 0, 0])


def test_best_of_n_over_all_choices():
    random = np.random.default_rng(4)
    proxy, truth = random.normal(size=(2, 6))
    trios = [(i, j, k) for i in range(6) for j in range(i) for k in range(j)]
    expected = np.mean([truth[max(trio, key=lambda one: proxy[one])] for trio in trios])
    assert best_of(3, proxy, truth) == pytest.approx(expected)
    assert best_of(1, proxy, truth) == pytest.approx(truth.mean())
    assert best_of(6, proxy, truth) == pytest.approx(truth[proxy.argmax()])
