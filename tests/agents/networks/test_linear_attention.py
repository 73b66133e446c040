"""Layers of linear attention with weights set by hand are steps of gradient descent, as many as there are layers."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.linear_attention import LinearAttentionSpec
from mesascope.core.errors import UsageError
from mesascope.planning.learners.regression import gradient_steps
from tests.agents.networks.small import answers

WIDTH, EXAMPLES, RATE = 3, 5, 0.7


@pytest.mark.parametrize("layers", [1, 3])
def test_layers_are_steps_of_gradient_descent(layers):
    drawn = np.random.default_rng(0)
    xs, ys = drawn.normal(size=(1, EXAMPLES + 1, WIDTH)), drawn.normal(size=(1, EXAMPLES + 1))
    network = LinearAttentionSpec(layers=layers, context=EXAMPLES).build((2 * WIDTH + 1,), 1, key=jax.random.key(0))
    product, mapped = np.zeros((2, WIDTH + 1, WIDTH + 1), np.float32)
    product[:WIDTH, :WIDTH], mapped[-1, -1] = np.eye(WIDTH), -RATE
    by_hand = jnp.broadcast_to(product, network.products.shape), jnp.broadcast_to(mapped, network.maps.shape)
    network = eqx.tree_at(lambda net: (net.products, net.maps), network, by_hand)
    last = np.concatenate([np.zeros((1, WIDTH + 1)), np.concatenate([xs[0], ys[0, :, None]], 1)[:-1]])
    found, _ = answers(network, jnp.asarray(np.concatenate([xs[0], last], 1), jnp.float32))
    wanted = gradient_steps(xs, ys, steps=layers, rate=RATE, examples=EXAMPLES)
    np.testing.assert_allclose(found[:, 0], wanted[0], atol=1e-5)


def test_what_is_no_input_with_the_last_example_is_refused():
    with pytest.raises(UsageError, match="small-gpt"):
        LinearAttentionSpec().build((6,), 1, key=jax.random.key(0))
