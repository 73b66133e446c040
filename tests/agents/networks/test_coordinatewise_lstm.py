"""A learned optimizer treats all coordinates alike, and problems of any size."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.coordinatewise_lstm import CoordinatewiseLSTMSpec, preprocessed
from mesascope.agents.networks.network import transplant
from mesascope.core.errors import UsageError
from tests.agents.networks.small import answers

SPEC = CoordinatewiseLSTMSpec(width=3)


def test_gradients_are_read_over_many_orders_of_magnitude():
    read = preprocessed(jnp.array([1.0, -np.exp(-5.0), np.exp(-11.0), 0.0]), 10.0)
    np.testing.assert_allclose(read, [[0, 1], [-0.5, -1], [-1, np.exp(-1)], [-1, 0]], rtol=1e-5)


def test_coordinates_are_alike_and_there_may_be_more_of_them():
    network = SPEC.build((4,), 3, key=jax.random.key(0))
    gradients = jax.random.normal(jax.random.key(1), (5, 4))
    found, _ = answers(network, gradients)
    order = jnp.array([2, 0, 1])
    turned, _ = answers(network, jnp.concatenate([gradients[:, order], gradients[:, 3:]], 1))
    np.testing.assert_allclose(turned, found[:, order], atol=1e-6)
    wider = transplant(network, SPEC, (7,), 6)
    doubled, _ = answers(wider, jnp.concatenate([gradients[:, :3], gradients[:, :3], gradients[:, 3:]], 1))
    np.testing.assert_allclose(doubled, jnp.concatenate([found, found], 1), atol=1e-6)


def test_more_updates_than_gradients_are_refused():
    with pytest.raises(UsageError, match="'lstm'"):
        SPEC.build((2,), 3, key=jax.random.key(0))
