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
from mesascope.agents.networks import NETWORKS
from mesascope.agents.sites import at_site, opened
from mesascope.core.errors import AgentError, UnknownNameError
from tests.agents.networks.small import seen_by, small_agent


@pytest.mark.parametrize("architecture", sorted(NETWORKS))
def test_looking_and_own_values_change_nothing(architecture):
    one, observations = small_agent(architecture), seen_by(architecture)
    assert isinstance(one, Inspectable)
    state = one.initial_state(len(observations))
    probabilities, memory = one.act(observations, state)
    found = one.step(observations, state)
    assert np.allclose(found.probabilities, probabilities, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), found.memory, memory)
    assert set(found.activations) == set(one.sites())
    assert all(len(value) == len(observations) for value in found.activations.values())
    again = one.step(observations, state, found.activations)
    assert np.allclose(again.probabilities, found.probabilities, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), again.memory, memory)


# A planner goes on from its last site with the map that it sees.
@pytest.mark.parametrize("architecture", sorted(set(NETWORKS) - {"planner"}))
def test_all_of_a_donor_at_the_last_site_makes_its_choice(architecture):
    one, observations, others = small_agent(architecture), seen_by(architecture), seen_by(architecture, seed=1)
    state = one.initial_state(len(observations))
    donor, own = one.step(others, state), one.step(observations, state)
    last = one.sites()[-1]
    patched = one.step(observations, state, {last: donor.activations[last]})
    assert np.allclose(patched.probabilities, donor.probabilities, atol=1e-6)
    # Fresh networks of some kinds choose nearly evenly.
    assert not np.allclose(patched.probabilities, own.probabilities, atol=1e-5)
    # What fires before the patch is the agent's own.
    first = one.sites()[0]
    if first != last:
        assert np.array_equal(patched.activations[first], own.activations[first])


def test_memory_is_read_and_replaced():
    one, observations = small_agent("gru"), seen_by("gru")
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
        ({"hidden-0": np.zeros((5, 8))}, AgentError, "site 'hidden-0' of agent 'mlp' must be finite and have one row"),
        ({"hidden-0": np.zeros((6, 3))}, AgentError, r"shape \[3\] does not fit site 'hidden-0'"),
        ({"hidden-0": np.full((6, 8), np.nan)}, AgentError, "must be finite"),
    ],
)
def test_patches_that_do_not_fit_name_agent_and_site(patch, error, message):
    with pytest.raises(error, match=message):
        small_agent("mlp").step(seen_by("mlp"), None, patch)


def test_a_site_that_fires_twice_is_an_error():
    def step():
        return at_site("here", jnp.ones(2)) + at_site("here", jnp.ones(2))

    assert step().tolist() == [2, 2]
    with pytest.raises(AgentError, match="Site 'here' fires twice"):
        opened(step, {})
    # Sites are closed again after an error.
    assert step().tolist() == [2, 2]


def test_many_observations_go_through_in_parts(monkeypatch):
    one, observations = small_agent("mlp"), seen_by("mlp", 7)
    whole = one.step(observations, None)
    monkeypatch.setattr(one, "rows_at_once", 3)
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
