"""Doubles where exactness is promised, and singles everywhere else again."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.precision import as_double, in_double_precision


@in_double_precision
@jax.jit
def third(x):
    return {"third": x / 3, "count": jnp.arange(3)}


def test_results_are_numpy_doubles():
    result = third(jnp.float32(1))["third"]
    assert isinstance(result, np.ndarray)
    assert result.dtype == np.float64
    assert float(result) == 1 / 3


def test_jax_is_single_again_afterwards():
    third(1.0)
    assert jnp.ones(2).dtype == jnp.float32
    assert (jnp.float32(1) / 3 * third(1.0)["third"]).dtype == jnp.float32
    assert jax.jit(lambda x: x * 2)(third(1.0)["third"]).dtype == jnp.float32


def test_jax_is_single_again_after_an_error():
    @in_double_precision
    def fails(x):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fails(1.0)
    assert jnp.ones(2).dtype == jnp.float32


def test_a_network_fed_with_the_results_stays_single():
    network = MLPSpec((4,)).build((3,), 2, key=jax.random.key(0))
    seen = third(np.ones(3))["third"]
    assert seen.dtype == np.float64
    logits, value, _ = network(jnp.asarray(seen), None)
    assert logits.dtype == value.dtype == jnp.float32
    assert all(leaf.dtype != jnp.float64 for leaf in jax.tree.leaves(network) if hasattr(leaf, "dtype"))


def test_whole_numbers_and_truth_values_stay_what_they_are():
    tree = as_double({"float": jnp.ones(2), "int": jnp.arange(2), "bool": jnp.array([True])})
    assert {name: str(leaf.dtype) for name, leaf in tree.items()} == {
        "float": "float64",
        "int": "int32",
        "bool": "bool",
    }
    assert all(isinstance(leaf, np.ndarray) for leaf in tree.values())
