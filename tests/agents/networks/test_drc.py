"""The DRC against an independent implementation in numpy, and what its readouts and ticks promise."""

from __future__ import annotations

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.network import transplant
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key

SHAPE, ACTIONS = (5, 6, 3), 4
SPEC = DRCSpec(channels=3, layers=2, ticks=2, hidden=5)
AT_AGENT = replace(SPEC, readout="agent")


def build(spec: DRCSpec, shape=SHAPE):
    """A network whose parameters are all random, biases included."""
    network = eqx.filter_eval_shape(spec.build, shape, ACTIONS, key=root_key(0))
    random = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(random.normal(size=leaf.shape) / 2, jnp.float32), network)


@eqx.filter_jit
def stepped(network, observation, memory):
    return network(observation, memory)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def convolved(image, layer):
    height, width, _ = image.shape
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    kernel = np.asarray(layer.kernel)
    result = sum(padded[i : i + height, j : j + width] @ kernel[i, j] for i in range(kernel.shape[0]) for j in range(3))
    return result + np.asarray(layer.bias)


def by_hand(network, observation, memory, ticks: int):
    """Equations of Shi et al. (2015) without peepholes, in the order of Guez et al. (2019, figure 2)."""
    encoded = np.maximum(convolved(observation, network.encoder), 0)
    cells, hiddens = ([np.asarray(part[place]) for part in memory] for place in (0, 1))
    for _ in range(ticks):
        below = hiddens[-1]
        for index, layer in enumerate(network.layers):
            summary = np.concatenate([hiddens[index].mean((0, 1)), hiddens[index].max((0, 1))])
            gates = convolved(encoded, layer.inputs)
            gates = gates + convolved(np.concatenate([below, hiddens[index]], -1), layer.recurrent)
            gates = gates + summary @ np.asarray(layer.pooled.weight) + np.asarray(layer.pooled.bias)
            enter, forget, proposal, leave = np.split(gates, 4, -1)
            cells[index] = sigmoid(forget + 1) * cells[index] + sigmoid(enter) * np.tanh(proposal)
            hiddens[index] = below = sigmoid(leave) * np.tanh(cells[index])
    features = np.concatenate([encoded, hiddens[-1]], -1).reshape(-1)
    dense = np.maximum(features @ np.asarray(network.dense.weight) + np.asarray(network.dense.bias), 0)
    logits = dense @ np.asarray(network.heads.policy.weight) + np.asarray(network.heads.policy.bias)
    return logits, cells, hiddens


def test_two_steps_are_those_of_the_equations():
    network = build(SPEC)
    first, second = np.random.default_rng(1).normal(size=(2, *SHAPE)).astype(np.float32)
    memory = network.initial_memory()
    for observation in (first, second):
        expected, cells, hiddens = by_hand(network, observation, memory, SPEC.ticks)
        logits, _, memory = stepped(network, observation, memory)
        np.testing.assert_allclose(logits, expected, atol=1e-4)
        for (cell, hidden), own_cell, own_hidden in zip(memory, cells, hiddens, strict=True):
            np.testing.assert_allclose(cell, own_cell, atol=1e-5)
            np.testing.assert_allclose(hidden, own_hidden, atol=1e-5)


def test_read_at_the_agent_the_network_thinks_the_same_wherever_the_agent_stands():
    network = build(AT_AGENT)
    observation = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    here, there = (np.array(observation) for _ in range(2))
    here[..., -1], there[..., -1] = 0, 0
    here[1, 2, -1] = there[3, 4, -1] = 1
    answers = [stepped(network, seen, network.initial_memory()) for seen in (here, there)]
    jax.tree.map(np.testing.assert_array_equal, answers[0][2], answers[1][2])
    assert not np.allclose(answers[0][0], answers[1][0], atol=1e-3)
    here, there = jnp.asarray(here), jnp.asarray(there)
    chosen = eqx.filter_jit(lambda network: network.choose(network.think(here, network.initial_memory())[0], there)[0])
    np.testing.assert_allclose(chosen(network), answers[1][0], atol=1e-5)


def test_one_step_of_many_ticks_is_many_steps_of_one_tick():
    once, often = replace(SPEC, ticks=1), replace(SPEC, ticks=2)
    network = build(once)
    other = transplant(network, often, SHAPE, ACTIONS)
    observation = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    memory = network.initial_memory()
    for _ in range(2):
        logits, _, memory = stepped(network, observation, memory)
    np.testing.assert_allclose(stepped(other, observation, other.initial_memory())[0], logits, atol=1e-4)


def test_parameters_fit_levels_of_other_sizes_only_if_read_at_the_agent():
    larger = (9, 7, 3)
    network = transplant(build(AT_AGENT), AT_AGENT, larger, ACTIONS)
    logits, _, memory = stepped(network, jnp.ones(larger), network.initial_memory())
    assert logits.shape == (ACTIONS,)
    assert memory[0][0].shape == (9, 7, SPEC.channels)
    with pytest.raises(UsageError, match="do not fit"):
        transplant(build(SPEC), SPEC, larger, ACTIONS)


def test_sites_name_layer_and_tick_and_a_patch_there_acts():
    spec = replace(SPEC, layers=1, ticks=3)
    agent = NetworkAgent("drc", build(spec), spec, SHAPE, ACTIONS)
    assert {f"tick-{tick}/layer-0/{part}" for tick in range(3) for part in ("cell", "hidden")} <= set(agent.sites())
    observations = np.random.default_rng(0).normal(size=(6, *SHAPE)).astype(np.float32)
    found = agent.step(observations, agent.initial_state(6))
    for part, place in (("cell", 0), ("hidden", 1)):
        np.testing.assert_allclose(found.activations[f"tick-2/layer-0/{part}"], found.memory[0][place], atol=1e-6)
    patch = {"tick-1/layer-0/cell": np.zeros_like(found.activations["tick-1/layer-0/cell"])}
    assert not np.allclose(agent.step(observations, agent.initial_state(6), patch).probabilities, found.probabilities)
