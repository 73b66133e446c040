import functools

import equinox as eqx
import jax
import numpy as np
import pytest

from mesascope.agents import network_agent
from mesascope.agents.agent import Untrained
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.gru import GRUSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import AgentError

SHAPE, ACTIONS = (5,), 3


@functools.cache
def built(spec):
    return eqx.filter_jit(lambda key: spec.build(SHAPE, ACTIONS, key=key))(jax.random.key(0))


def agent_of(spec, scale=1.0):
    network = jax.tree.map(lambda leaf: np.asarray(leaf) * np.float32(scale), built(spec))
    return NetworkAgent("agent", network, spec, SHAPE, ACTIONS)


@pytest.fixture
def observations():
    return np.random.default_rng(0).normal(size=(20, *SHAPE)).astype(np.float32)


def test_probabilities_equal_the_network_and_sum_to_one(observations):
    agent = agent_of(MLPSpec(widths=(6,)), scale=3.0)
    probabilities, memory = agent.act(observations, agent.initial_state(20))
    expected = jax.nn.softmax(jax.jit(jax.vmap(lambda one: agent.network(one, None)[0]))(observations))
    assert memory is None
    assert probabilities.dtype == np.float64
    assert np.allclose(probabilities, expected, atol=1e-6)
    assert np.abs(probabilities.sum(-1) - 1).max() < 1e-14
    assert np.ptp(probabilities, axis=0).max() > 0.01


@pytest.mark.parametrize("spec", [MLPSpec(widths=(6,)), GRUSpec(embedding=6, width=5)], ids=str)
def test_batches_of_any_size_give_the_same_in_few_compiled_shapes(spec, observations, monkeypatch):
    monkeypatch.setattr(network_agent.NetworkAgent, "rows_at_once", 8)
    agent = agent_of(spec, scale=3.0)
    whole, memory = agent.act(observations, agent.initial_state(20))
    whole, _ = agent.act(observations, memory)
    shapes = set()
    compiled = network_agent._act

    def recording(network, observations, memory):
        shapes.add(observations.shape)
        return compiled(network, observations, memory)

    monkeypatch.setattr(network_agent, "_act", recording)
    for rows in (1, 3, 9, 16):
        _, some = agent.act(observations[:rows], agent.initial_state(rows))
        assert np.allclose(agent.act(observations[:rows], some)[0], whole[:rows], atol=1e-6)
    assert {shape[0] for shape in shapes} == {1, 4, 8}
    assert agent.act(observations[:0], agent.initial_state(0))[0].shape == (0, ACTIONS)


def test_memory_begins_afresh_with_each_episode(observations):
    agent = agent_of(GRUSpec(embedding=6, width=5), scale=5.0)
    assert not agent.memoryless
    start = agent.initial_state(20)
    first, memory = agent.act(observations, start)
    later, _ = agent.act(observations, memory)
    assert not np.allclose(first, later, atol=1e-4)
    assert np.array_equal(agent.act(observations, agent.initial_state(20))[0], first)
    assert np.array_equal(start, np.zeros((20, 5)))
    swapped, _ = agent.act(observations[::-1].copy(), memory[::-1])
    assert np.allclose(swapped[::-1], later, atol=1e-6)


def test_the_untrained_agent_has_other_weights_of_the_same_shapes(observations):
    agent = agent_of(MLPSpec(widths=(6,)))
    assert isinstance(agent, Untrained)
    fresh = agent.untrained(key=jax.random.key(1))
    assert isinstance(fresh, NetworkAgent)
    assert jax.tree.map(np.shape, fresh.network) == jax.tree.map(np.shape, agent.network)
    assert not np.allclose(fresh.act(observations, None)[0], agent.act(observations, None)[0])


def test_observations_of_another_shape_are_refused():
    with pytest.raises(AgentError, match=r"\[5\]; it was shown \[6\]"):
        agent_of(MLPSpec(widths=(6,))).act(np.zeros((2, 6), np.float32), None)
