"""The transformer that remembers keys and values answers as one that reads the whole episode at once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.small_gpt import SmallGPTSpec
from mesascope.core.errors import UsageError
from tests.agents.networks.small import answers

STEPS, SEEN = 4, 3


def normalised(tokens):
    return (tokens - tokens.mean(-1, keepdims=True)) / np.sqrt(tokens.var(-1, keepdims=True) + 1e-5)


def at_once(network, observations):
    """The same transformer, written apart: every token at once, with a mask of what comes later."""

    def dense(layer, vectors):
        return vectors @ np.asarray(layer.weight) + np.asarray(layer.bias)

    tokens = dense(network.embedding, observations) + np.asarray(network.places)[: len(observations)]
    later = np.triu(np.ones((len(tokens),) * 2, bool), 1)
    for block in network.blocks:
        parts = np.split(dense(block.mixed, normalised(tokens)), 3, -1)
        query, key, value = (part.reshape(len(tokens), network.spec.heads, -1).swapaxes(0, 1) for part in parts)
        likeness = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[-1])
        attention = np.where(later, 0, np.exp(likeness))
        gathered = attention / attention.sum(-1, keepdims=True) @ value
        tokens = tokens + dense(block.gathered, gathered.swapaxes(0, 1).reshape(len(tokens), -1))
        tokens = tokens + dense(block.narrowed, np.asarray(jax.nn.gelu(dense(block.widened, normalised(tokens)))))
    return dense(network.heads.policy, normalised(tokens))


def test_remembering_is_reading_at_once():
    network = SmallGPTSpec(layers=2, width=8, heads=2, context=STEPS).build((SEEN,), 2, key=jax.random.key(0))
    observations = np.random.default_rng(0).normal(size=(STEPS, SEEN)).astype(np.float32)
    found, _ = answers(network, jnp.asarray(observations))
    np.testing.assert_allclose(found, at_once(network, observations), atol=1e-6)
    assert np.abs(found).max() > 1e-3


def test_heads_that_do_not_share_the_width_are_refused():
    with pytest.raises(UsageError, match="heads=3"):
        SmallGPTSpec(width=8, heads=3)
