import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.worlds.streams.spaceship import DRIFT, SOFT, Spaceship
from tests.worlds.streams.playing import played


def test_without_planets_the_best_thrusts_are_known():
    # Speed u for one unit of time each: home costs |x|^2 / (1 + 1 / fuel) at best from a single thrust.
    ship = Spaceship(planets=0, thrusts=1, fuel=0.25)
    seen = jnp.array([1.0, -2.0, 0.0, 0.0, 1.0])
    best = -seen[:2] / 1.25
    after, cost = ship.imagine(seen, best)
    np.testing.assert_allclose(after, [0.2, -0.4, -0.8, 1.6, 0], atol=1e-6)
    assert float(cost) == pytest.approx(5 * 0.25 / 1.25, abs=1e-6)


def test_planets_pull_and_signals_are_costs():
    stream = Spaceship()
    task, seen, given, signals = played(stream)
    np.testing.assert_array_equal(seen[:, 0], task)
    # One part of the drift after another, in double precision and by another formula.
    place, speed = seen[:, 1, :2].astype(float), (seen[:, 1, 2:4] + given[:, 1]).astype(float)
    for _ in range(DRIFT):
        total = np.zeros_like(place)
        for x, y, mass in (seen[:, 1, 4:7].T.astype(float), seen[:, 1, 7:10].T.astype(float)):
            away = np.stack([x, y], -1) - place
            total += (mass / (np.square(away).sum(-1) + SOFT**2) ** 1.5)[:, None] * away
        speed = speed + total / DRIFT
        place = place + speed / DRIFT
    np.testing.assert_allclose(seen[:, 2, :2], place, atol=1e-4)
    np.testing.assert_allclose(seen[:, 2, 10], 1)
    fuel = 0.05 * np.square(given).sum(-1)
    np.testing.assert_allclose(-signals[:, :2, 0], fuel[:, :2], rtol=1e-5)
    assert (-signals[:, 2, 0] > fuel[:, 2]).all()


def test_options_that_cannot_be_are_refused():
    with pytest.raises(WorldError, match="thrusts=0"):
        Spaceship(thrusts=0)
