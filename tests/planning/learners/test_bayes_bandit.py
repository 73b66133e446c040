"""Known answers: values of the exact dynamic programme, and an expectimax that was written apart from it."""

import functools

import numpy as np
import pytest

from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bayes_bandit import BayesAdaptive, bayes_value, is_solvable


@functools.cache
def expectimax(counts, pulls, wins, losses):
    """The value of each arm, by trying everything: no sorting, no tables."""
    if not pulls:
        return (0.0,)
    values = []
    for arm, (paid, lost) in enumerate(counts):
        chance = (paid + wins) / (paid + lost + wins + losses)
        after = [(*counts[:arm], one, *counts[arm + 1 :]) for one in ((paid + 1, lost), (paid, lost + 1))]
        won, missed = (max(expectimax(one, pulls - 1, wins, losses)) for one in after)
        values.append(chance * (1 + won) + (1 - chance) * missed)
    return tuple(values)


@pytest.mark.parametrize(("arms", "horizon", "value"), [(5, 10, 6.65999), (2, 10, 6.02179), (2, 50, 31.99671)])
def test_values_are_the_known_ones(arms, horizon, value):
    assert bayes_value(arms, horizon) == pytest.approx(value, abs=6e-6)


@pytest.mark.parametrize(("wins", "losses"), [(1.0, 1.0), (0.5, 2.0)])
def test_values_and_choices_are_those_of_expectimax(wins, losses):
    assert bayes_value(3, 5, wins, losses) == pytest.approx(max(expectimax(((0, 0),) * 3, 5, wins, losses)), abs=1e-12)
    generator = np.random.default_rng(0)
    choices, rewards = generator.integers(0, 3, (40, 5)), generator.integers(0, 2, (40, 5)).astype(float)
    history = BanditHistory.of(choices, rewards, 3)
    chances = BayesAdaptive(wins, losses).probabilities(history)
    for episode in range(40):
        for step in range(5):
            counts = tuple(zip(history.successes[episode, step], history.failures[episode, step], strict=True))
            values = np.array(expectimax(counts, 5 - step, wins, losses))
            best = values > values.max() - 1e-9
            np.testing.assert_allclose(chances[episode, step], best / best.sum())


def test_one_arm_is_worth_what_it_is_expected_to_pay():
    assert bayes_value(1, 7, 2.0, 1.0) == pytest.approx(7 * 2 / 3)


def test_who_plans_for_one_pull_is_greedy_and_after_its_horizon_everybody_is():
    history = BanditHistory.of(np.array([[0, 0, 1, 0]]), np.array([[1.0, 0.0, 0.0, 0.0]]), 2)
    short = BayesAdaptive(horizon=1).probabilities(history)
    np.testing.assert_allclose(short[0], [[0.5, 0.5], [1, 0], [0.5, 0.5], [1, 0]])
    # In the third step an arm that was never pulled is as good now, and there is more to be learned about it.
    np.testing.assert_allclose(BayesAdaptive().probabilities(history)[0, 2], [0, 1])


def test_too_many_states_are_refused():
    assert is_solvable(5, 10)
    assert not is_solvable(5, 100)
    with pytest.raises(ValueError, match="5 arms and 100 pulls have more than"):
        bayes_value(5, 100)
