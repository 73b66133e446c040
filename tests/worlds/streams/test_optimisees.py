import jax
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.planning.learners.descent import Quadratics
from mesascope.worlds.streams.optimisees import DigitsNetwork, QuadraticProblems
from tests.worlds.streams.playing import played


def test_quadratics_show_their_gradient_and_count_the_loss_after_an_update():
    task, seen, given, signals = played(QuadraticProblems())
    matrix, target = task.data
    quadratics = Quadratics(*(np.asarray(one, np.float64) for one in (matrix, target, task.start)))
    np.testing.assert_allclose(seen[:, 0, :10], quadratics.gradients(quadratics.starts), rtol=1e-3, atol=1e-3)
    after = quadratics.starts + given[:, 0]
    np.testing.assert_allclose(-signals[:, 0, 0], np.square(quadratics.residuals(after)).sum(-1), rtol=1e-3)
    np.testing.assert_allclose(seen[:, 1, 10], -signals[:, 0, 0], rtol=1e-5)
    # |y|^2 + |W x|^2 of standard normal entries: 10 + 100.
    spread = float(seen[:, 0, 10].std()) / 400**0.5
    assert seen[:, 0, 10].mean() == pytest.approx(110, abs=4 * spread)


def runs_away(stream, key, time, seen):
    return -1e3 * seen[:-1]


def test_the_loss_of_who_runs_away_is_still_a_number():
    _, seen, _, signals = played(QuadraticProblems(horizon=20), answer=runs_away)
    assert np.isfinite(seen).all()
    assert np.isfinite(signals).all()
    assert (signals[:, -1] < -1e4).all()


def test_digits_are_learned_and_their_gradient_is_that_of_the_loss():
    pytest.importorskip("sklearn")
    stream, key = DigitsNetwork(hidden=3, batch=16), jax.random.key(1)

    @jax.jit
    def small_step(key):
        task = stream.sample(key=key)
        _, seen = stream.begin(task, key=key)
        return task.start, seen, stream.step(task, task.start, -1e-2 * seen[:-1], key=key)[2]

    start, seen, signals = jax.tree.map(np.asarray, small_step(key))
    assert start.shape == (stream.outputs,) == (3 * 75 + 10,)
    # As good as guessing at the start, and a small step against the gradient helps as much as it says.
    assert seen[-1] == pytest.approx(np.log(10), abs=0.1)
    assert seen[-1] + signals[0] == pytest.approx(1e-2 * np.square(seen[:-1]).sum(), rel=0.05)
    assert stream.shifts()["relu"].activation == "relu"
    with pytest.raises(WorldError, match="activation='tanh' must be one of sigmoid, relu"):
        DigitsNetwork(activation="tanh")
