import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks import NETWORKS
from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.gru import GRUSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UsageError
from tests.agents.networks.small import IMAGE, MOVES, SMALL, TRAINED, built

SPECS = [*TRAINED, DRCSpec(channels=4, layers=2, ticks=1, hidden=8)]


def start(network, batch):
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (batch, *leaf.shape)), network.initial_memory())


def test_there_is_a_small_network_of_every_architecture():
    assert SMALL.keys() == NETWORKS.keys()


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_acts_on_a_batch_nearly_uniformly_in_single_precision(spec):
    network = built(spec)
    observations = jax.random.normal(jax.random.key(1), (7, *IMAGE))
    logits, values, memory = eqx.filter_jit(lambda *given: jax.vmap(network)(*given))(observations, start(network, 7))
    assert logits.shape == (7, MOVES)
    assert values.shape == (7,)
    assert {leaf.dtype for leaf in jax.tree.leaves((network, logits, values, memory))} == {jnp.dtype("float32")}
    assert float(jnp.abs(jax.nn.softmax(logits) - 1 / MOVES).max()) < 0.1
    assert spec.memoryless == (memory is None)


def slow_if_long(spec):
    """Compiling the derivatives of what repeats itself inside takes over ten seconds."""
    return pytest.param(spec, marks=pytest.mark.slow) if spec.architecture in ("drc", "gru", "lstm", "vin") else spec


@pytest.mark.parametrize("spec", [slow_if_long(spec) for spec in SPECS], ids=str)
def test_every_parameter_gets_a_finite_gradient_also_over_seeds(spec):
    networks = jax.tree.map(lambda *leaves: jnp.stack(leaves), built(spec), built(spec, 1))
    observations = jax.random.normal(jax.random.key(1), (2, 5, *IMAGE))

    def loss(network, observations):
        memory = start(network, 5)
        # A second step, so that the weights which read the memory matter.
        _, _, memory = jax.vmap(network)(observations[::-1], memory)
        logits, values, _ = jax.vmap(network)(observations, memory)
        return -jax.nn.log_softmax(logits)[:, 0].mean() + (values**2).mean()

    gradients = eqx.filter_jit(eqx.filter_vmap(eqx.filter_grad(loss)))(networks, observations)
    for path, gradient in jax.tree_util.tree_leaves_with_path(gradients):
        assert np.isfinite(gradient).all(), path
        assert (np.abs(gradient).reshape(2, -1).max(1) > 0).all(), path
    single = eqx.filter_jit(eqx.filter_grad(loss))(jax.tree.map(lambda leaf: leaf[1], networks), observations[1])
    for together, alone in zip(jax.tree.leaves(gradients), jax.tree.leaves(single), strict=True):
        assert np.allclose(together[1], alone, atol=1e-4, rtol=1e-3)


def test_the_same_key_builds_the_same_network_and_another_key_another():
    spec = SMALL["mlp"]
    again = eqx.filter_jit(lambda key: spec.build(IMAGE, MOVES, key=key))(jax.random.key(0))
    assert eqx.tree_equal(built(spec), again)
    assert not np.allclose(built(spec).heads.policy.weight, built(spec, 1).heads.policy.weight)


def test_memory_carries_what_was_seen():
    network = built(SMALL["gru"])
    now, one, two = jax.random.normal(jax.random.key(1), (3, *IMAGE))
    after = [network(now, network(past, network.initial_memory())[2])[0] for past in (one, two)]
    assert not np.allclose(after[0], after[1], atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLPSpec(widths=(10**9,)), "between 1 and 4,096"),
        (lambda: MLPSpec(widths=(True,)), "whole number"),
        (lambda: MLPSpec(activation="tanhh"), "Did you mean 'tanh'"),
        (lambda: ConvNetSpec(layers=0), "layers=0"),
        (lambda: GRUSpec(width=-1), "width=-1"),
        (lambda: DRCSpec(ticks=0), "ticks=0"),
        (lambda: DRCSpec(readout="agents"), "Did you mean 'agent'"),
        (lambda: DRCSpec().build((7,), 3, key=jax.random.key(0)), "'gru'"),
        (lambda: DRCSpec(readout="agent", channel=4).build(IMAGE, 3, key=jax.random.key(0)), "channel=4"),
        (lambda: ConvNetSpec().build((7,), 3, key=jax.random.key(0)), "'mlp'"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
