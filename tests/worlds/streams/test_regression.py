import numpy as np
import pytest

from mesascope.worlds.streams.linear_systems import LinearSystems
from mesascope.worlds.streams.regression import Regression
from tests.worlds.streams.playing import played


def test_examples_follow_the_hidden_law():
    task, seen, given, signals = played(Regression())
    np.testing.assert_allclose(seen[:, 1:, 10:20], seen[:, :-1, :10])
    values = np.einsum("bd,btd->bt", task, seen[:, :, :10])
    np.testing.assert_allclose(seen[:, 1:, 20], values[:, :-1], atol=1e-5)
    np.testing.assert_allclose(signals[..., 0], -((given[..., 0] - values) ** 2), atol=1e-4)
    # E y^2 = D / 3 for standard normal weights and inputs between -1 and 1: what the answer 0 costs.
    spread = float((values**2).mean(1).std()) / 400**0.5
    assert (values**2).mean() == pytest.approx(10 / 3, abs=4 * spread)
    assert Regression().counted == (10,)


def test_few_tasks_are_always_the_same_ones_and_noise_is_added():
    stream = Regression(dimensions=4, examples=8, tasks=4, noise=0.5, law="normal", last_only=False)
    task, seen, _, _ = played(stream)
    known = np.asarray(stream.known_tasks())
    assert known.shape == (4, 4)
    assert {tuple(row) for row in task} == {tuple(row) for row in known}
    residual = seen[:, 1:, 8] - np.einsum("bd,btd->bt", task, seen[:, :-1, :4])
    assert residual.std() == pytest.approx(0.5, abs=0.02)
    assert seen[..., :4].std() == pytest.approx(1, abs=0.03)
    assert stream.counted == tuple(range(8))
    assert stream.shifts()["fresh"].tasks == 0


def test_a_linear_system_turns_by_an_orthogonal_matrix():
    task, seen, given, signals = played(LinearSystems())
    np.testing.assert_allclose(task @ task.transpose(0, 2, 1), np.tile(np.eye(5), (400, 1, 1)), atol=1e-5)
    noise = seen[:, 1:] - np.einsum("bij,btj->bti", task, seen[:, :-1])
    assert noise.std() == pytest.approx(0.1, abs=0.01)
    np.testing.assert_allclose(signals[:, :-1, 0], -((given[:, :-1] - seen[:, 1:]) ** 2).sum(-1), rtol=1e-4)
