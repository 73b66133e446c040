"""Networks of ours, read for bounds, say what they say when they are run."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.gru import GRUSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.sites import opened
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.box import Box
from mesascope.proof.network_reading import of_network

CASES = [
    (MLPSpec((8, 8), "tanh"), (5,), "hidden-0"),
    (MLPSpec((), "relu"), (2, 3), None),
    (ConvNetSpec(4, 3, True, 16), (5, 5, 2), "image-1"),
    (CentredMLPSpec((16, 16)), (6, 6, 3), "hidden-0"),
]


def made(spec, shape):
    """Returns a network and a box in which half of the inputs vary, and where the agent stands does not."""
    random = np.random.default_rng(0)
    low = random.random(shape)
    high = low + (np.arange(low.size).reshape(shape) % 2)
    if isinstance(spec, CentredMLPSpec):
        low[..., -1] = 0
        low[2, 3, -1] = 1
        high[..., -1] = low[..., -1]
    return spec.build(shape, 4, key=jax.random.key(0)), Box(low, high)


@pytest.mark.parametrize(("spec", "shape", "site"), CASES, ids=lambda value: getattr(value, "architecture", None))
def test_what_is_read_is_the_network(spec, shape, site):
    network, box = made(spec, shape)
    inputs = np.random.default_rng(1).uniform(box.low, box.high, (10, *shape))
    said = np.asarray(jax.vmap(network)(inputs.astype(np.float32), None)[0])
    read = of_network(network, box)
    assert len(read.free) == box.free < box.low.size
    np.testing.assert_allclose(read(inputs.reshape(10, -1)), said, atol=1e-6)
    np.testing.assert_allclose(of_network(network, Box(inputs[0], inputs[0])).outputs.bias, said[0], atol=1e-6)
    if site is None:
        return
    _, seen = opened(lambda: network(jax.numpy.asarray(inputs[0], np.float32), None), {})
    held = np.asarray(seen[site], np.float64)
    behind = of_network(network, Box(held - 0.1, held + 0.1), site, inputs[0])
    np.testing.assert_allclose(behind(held.reshape(1, -1))[0], said[0], atol=1e-6)


def test_what_has_no_bounds_says_why():
    network, box = made(*CASES[3][:2])
    with pytest.raises(UsageError, match="argmax"):
        of_network(network, Box(box.low, box.low + 1))
    with pytest.raises(UnknownNameError, match="hidden-0"):
        of_network(network, box, "hidden-9", box.low)
    with pytest.raises(UsageError, match="belong together"):
        of_network(network, box, "hidden-0")
    with pytest.raises(UsageError, match="memory"):
        of_network(GRUSpec().build((3,), 2, key=jax.random.key(0)), Box(np.zeros(3), np.ones(3)))
