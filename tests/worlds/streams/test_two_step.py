import numpy as np
import pytest

from mesascope.worlds.streams.two_step import TwoStep, stay_probabilities
from tests.worlds.streams.playing import played


def test_places_are_reached_and_pay_as_often_as_they_should():
    _, seen, given, signals = played(TwoStep())
    after = seen[:, 1:]
    place, chose = after[..., 3], given[:, :-1]
    np.testing.assert_array_equal(after[..., 1], chose)
    np.testing.assert_array_equal(after[..., 4], signals[:, :-1, 0])
    assert (place == chose).mean() == pytest.approx(0.8, abs=0.01)
    # Whether a trial speaks for place B: it does so with 0.9 or 0.1, and roles change in one of forty trials.
    sign = (2 * after[..., 4] - 1) * (2 * place - 1)
    assert (sign[:, 1:] * sign[:, :-1]).mean() == pytest.approx(0.8**2 * 0.95, abs=0.02)
    assert after[..., 4].mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("model_based", "expected"), [(False, 0.0), (True, 2.0)])
def test_the_interaction_tells_who_plans_with_a_model(model_based, expected):
    generator = np.random.default_rng(0)
    common, rewards = generator.random((50, 40)) < 0.8, (generator.random((50, 40)) < 0.5).astype(float)
    choices = np.zeros((50, 40), int)
    for trial in range(1, 40):
        stays = rewards[:, trial - 1] > 0
        if model_based:
            stays = stays == common[:, trial - 1]
        choices[:, trial] = np.where(stays, choices[:, trial - 1], 1 - choices[:, trial - 1])
    table = stay_probabilities(choices, common, rewards)
    assert table[1, 1] - table[1, 0] - table[0, 1] + table[0, 0] == pytest.approx(expected)
    if not model_based:
        np.testing.assert_allclose(table, [[0, 1], [0, 1]])
