"""Opening an agent: what is read is what it computes, and what is put in its place is what it goes on with."""

from __future__ import annotations

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.agents.activations import Inspectable, donated, moved, pushed
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks import NETWORKS
from mesascope.agents.sites import at_site, opened
from mesascope.core.errors import AgentError, UnknownNameError
from mesascope.core.random import root_key

SHAPE, ACTIONS = (5, 5, 4), 5
MENUS = {"deliberator", "option-scorer"}
"""Architectures that read nothing but menus, which `tests/agents/networks/test_menu_networks.py` opens."""
OPENED = sorted(set(NETWORKS) - MENUS)


def agent(architecture: str) -> NetworkAgent:
    spec = NETWORKS[architecture]()
    return NetworkAgent(architecture, spec.build(SHAPE, ACTIONS, key=root_key(0)), spec, SHAPE, ACTIONS)


def shown(count: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize("architecture", OPENED)
def test_looking_changes_nothing(architecture):
    one, observations = agent(architecture), shown()
    assert isinstance(one, Inspectable)
    state = one.initial_state(len(observations))
    probabilities, memory = one.act(observations, state)
    found = one.step(observations, state)
    assert np.allclose(found.probabilities, probabilities, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), found.memory, memory)
    assert set(found.activations) == set(one.sites())
    assert all(len(value) == len(observations) for value in found.activations.values())


@pytest.mark.parametrize("architecture", OPENED)
def test_a_site_patched_with_its_own_value_changes_nothing(architecture):
    one, observations = agent(architecture), shown()
    state = one.initial_state(len(observations))
    found = one.step(observations, state)
    for site in one.sites():
        again = one.step(observations, state, {site: found.activations[site]})
        assert np.allclose(again.probabilities, found.probabilities, atol=1e-6), site
    again = one.step(observations, state, found.activations)
    assert np.allclose(again.probabilities, found.probabilities, atol=1e-6)


# A planner goes on from its last site with the map that it sees.
@pytest.mark.parametrize("architecture", sorted(set(OPENED) - {"planner"}))
def test_all_of_a_donor_at_the_last_site_makes_its_choice(architecture):
    one, observations, others = agent(architecture), shown(), shown(seed=1)
    state = one.initial_state(len(observations))
    donor, own = one.step(others, state), one.step(observations, state)
    last = one.sites()[-1]
    patched = one.step(observations, state, {last: donor.activations[last]})
    assert np.allclose(patched.probabilities, donor.probabilities, atol=1e-6)
    assert not np.allclose(patched.probabilities, own.probabilities, atol=1e-3)
    # What fires before the patch is the agent's own.
    first = one.sites()[0]
    if first != last:
        assert np.array_equal(patched.activations[first], own.activations[first])


def test_memory_is_read_and_replaced():
    one, observations = agent("gru"), shown()
    state = one.initial_state(len(observations))
    before = one.step(observations, state)
    assert np.allclose(before.activations["memory"], before.memory, atol=1e-6)
    after = one.step(observations, before.memory)
    assert np.allclose(after.activations["memory-before"], before.memory, atol=1e-6)
    # As if it had begun with that memory.
    replaced = one.step(observations, state, {"memory-before": before.memory})
    assert np.allclose(replaced.probabilities, after.probabilities, atol=1e-6)


@pytest.mark.parametrize(
    ("patch", "error", "message"),
    [
        ({"hidden-9": np.zeros((6, 3))}, UnknownNameError, "site in agent 'mlp' named 'hidden-9'"),
        ({"hidden-0": np.zeros((5, 64))}, AgentError, "site 'hidden-0' of agent 'mlp' must be finite and have one row"),
        ({"hidden-0": np.zeros((6, 3))}, AgentError, r"shape \[3\] does not fit site 'hidden-0'"),
        ({"hidden-0": np.full((6, 64), np.nan)}, AgentError, "must be finite"),
    ],
)
def test_patches_that_do_not_fit_name_agent_and_site(patch, error, message):
    one = agent("mlp")
    with pytest.raises(error, match=message):
        one.step(shown(), None, patch)


def test_a_site_that_fires_twice_is_an_error():
    def step():
        return at_site("here", jnp.ones(2)) + at_site("here", jnp.ones(2))

    assert step().tolist() == [2, 2]
    with pytest.raises(AgentError, match="Site 'here' fires twice"):
        opened(step, {})
    # Sites are closed again after an error.
    assert step().tolist() == [2, 2]


def test_many_observations_go_through_in_parts(monkeypatch):
    from mesascope.agents import network_agent

    one, observations = agent("mlp"), shown(7)
    whole = one.step(observations, None)
    monkeypatch.setattr(network_agent.NetworkAgent, "rows_at_once", 3)
    parts = one.step(observations, None, {"hidden-0": whole.activations["hidden-0"]})
    assert np.allclose(parts.probabilities, whole.probabilities, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(-3, 3))
def test_pushes_are_minimal(seed, target):
    random = np.random.default_rng(seed)
    activation, direction = random.normal(size=(4, 2, 3)), random.normal(size=3) + 0.1
    found = pushed(activation, direction, target)
    assert (found @ direction >= target - 1e-9).all()
    enough = activation @ direction >= target
    assert np.array_equal(found[enough], activation[enough])
    # The way there is along the direction, and ends at the target.
    step = found - activation
    across = step - (step @ direction)[..., None] * direction / (direction @ direction)
    assert np.abs(across).max() < 1e-9
    assert np.allclose((found @ direction)[~enough], target)


def test_directions_and_donors():
    activation = np.zeros((2, 3, 3, 4))
    assert moved(activation, np.ones(4), 2.0).tolist() == np.full((2, 3, 3, 4), 2.0).tolist()
    where = np.zeros((3, 3), bool)
    where[1, 2] = True
    mixed = donated(activation, np.ones_like(activation), where)
    assert mixed[:, 1, 2].min() == 1
    assert mixed.sum() == 8
    with pytest.raises(AgentError, match="pushes nowhere"):
        pushed(activation, np.zeros(4), 1.0)
    with pytest.raises(AgentError, match="does not fit"):
        donated(activation, np.ones((2, 3, 3, 5)), where)
    with pytest.raises(AgentError, match=r"direction of shape \[3\] does not fit activations \[3, 3, 4\]"):
        moved(activation, np.ones(3), 1.0)
    with pytest.raises(AgentError, match=r"direction of shape \[3\] does not fit 4 channels"):
        # Without the checks of shapes that only the tests have.
        inspect.unwrap(pushed)(activation, np.ones(3), 1.0)
    with pytest.raises(AgentError, match=r"mask of shape \[4, 3\] does not fit"):
        donated(activation, activation, np.zeros((4, 3), bool))
