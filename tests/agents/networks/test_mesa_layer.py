"""A mesa layer with weights set by hand answers as ridge regression does, at every step."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.mesa_layer import MesaLayerSpec
from mesascope.core.errors import UsageError
from mesascope.planning.learners.regression import ridge
from tests.agents.networks.small import answers

WIDTH, STEPS, PENALTY = 3, 9, 0.25


def test_is_ridge_regression_at_every_step():
    drawn = np.random.default_rng(0)
    states = drawn.normal(size=(STEPS, WIDTH))
    network = MesaLayerSpec(width=WIDTH, penalty=PENALTY).build((WIDTH,), WIDTH, key=jax.random.key(0))
    older, newer = np.eye(2 * WIDTH, dtype=np.float32)[:, :WIDTH], np.eye(2 * WIDTH, dtype=np.float32)[:, WIDTH:]
    network = eqx.tree_at(lambda net: (net.key, net.value, net.query), network, (older, newer, newer))
    found, _ = answers(network, jnp.asarray(states, jnp.float32))
    # Each entry of the next state is a regression of its own.
    following = np.concatenate([states[1:], np.zeros((1, WIDTH))])
    wanted = np.stack([ridge(states[None], following[None, :, one], penalty=PENALTY)[0] for one in range(WIDTH)], 1)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_penalty_of_nothing_is_refused():
    with pytest.raises(UsageError, match="penalty=0"):
        MesaLayerSpec(penalty=0.0)
