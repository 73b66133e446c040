"""More ticks: the same parameters, another computation, and the capability is there only where it exists."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from games.variable_compute import VariableCompute

from mesascope.agents.files import load_agent, save_agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks import DRCSpec, GRUSpec
from mesascope.agents.ticking_agent import TickingAgent, network_agent
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key

SHAPE, ACTIONS = (5, 5, 3), 4
SPEC = DRCSpec(channels=3, layers=1, ticks=5, hidden=4)


@pytest.fixture
def agent() -> NetworkAgent:
    network = jax.tree.map(lambda leaf: leaf * 3, SPEC.build(SHAPE, ACTIONS, key=root_key(0)))
    return network_agent("drc", network, SPEC, SHAPE, ACTIONS)


def test_the_budget_is_the_ticks_and_changes_the_computation_alone(agent):
    assert isinstance(agent, VariableCompute)
    assert agent.budget == 5
    assert agent.budgets() == tuple(sorted(agent.budgets()))
    assert 5 in agent.budgets()
    observations = np.random.default_rng(0).normal(size=(6, *SHAPE)).astype(np.float32)
    own = agent.act(observations, agent.initial_state(6))[0]
    less = agent.with_budget(1)
    assert isinstance(less, VariableCompute)
    assert less.budget == 1
    assert len(less.sites()) < len(agent.sites())
    assert not np.allclose(less.act(observations, less.initial_state(6))[0], own, atol=1e-3)
    back = less.with_budget(8)
    assert isinstance(back, TickingAgent)
    jax.tree.map(np.testing.assert_array_equal, jax.tree.leaves(back.network), jax.tree.leaves(agent.network))
    same = agent.with_budget(5)
    assert np.array_equal(same.act(observations, same.initial_state(6))[0], own)


def test_a_budget_that_cannot_be_set_is_refused(agent):
    with pytest.raises(UsageError, match="not 0"):
        agent.with_budget(0)


def test_sites_name_layer_and_tick_and_a_patch_there_acts(agent):
    assert {f"tick-{tick}/layer-0/{part}" for tick in range(5) for part in ("cell", "hidden")} <= set(agent.sites())
    observations = np.random.default_rng(0).normal(size=(6, *SHAPE)).astype(np.float32)
    found = agent.step(observations, agent.initial_state(6))
    for part, place in (("cell", 0), ("hidden", 1)):
        np.testing.assert_allclose(found.activations[f"tick-4/layer-0/{part}"], found.memory[0][place], atol=1e-6)
    patch = {"tick-2/layer-0/cell": np.zeros_like(found.activations["tick-2/layer-0/cell"])}
    assert not np.allclose(agent.step(observations, agent.initial_state(6), patch).probabilities, found.probabilities)


def test_a_loaded_file_keeps_the_capability(agent, tmp_path):
    place = {"world_name": "toy", "observation_shape": SHAPE, "actions": ACTIONS}
    path = save_agent(tmp_path / "drc.safetensors", agent.network, SPEC, **place)
    assert isinstance(load_agent(path), VariableCompute)


def test_other_networks_do_not_have_it():
    spec = GRUSpec(embedding=4, width=4)
    assert not isinstance(network_agent("gru", spec.build(SHAPE, 4, key=root_key(0)), spec, SHAPE, 4), VariableCompute)
