"""Huang's lattice on networks small enough to be looked through by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.network_agent import NetworkAgent, network_agent
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.wrapped_agent import WrappedAgent
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.lattice import lattice, lattices
from mesascope.proof.property import AlwaysActions
from mesascope.proof.state_set import observations_set
from mesascope.proof.verdict import Status

HERE = np.array([0.5, 0.5], np.float32)
FIRST = np.array([True, False])


def agent(bias: float, *, first=((1.0, 0.0), (0.0, 1.0)), offsets=(0.0, 0.0)) -> NetworkAgent:
    """Two rectifiers, `first` of what is seen; the logits are their sum and `bias`: the first action above it."""
    spec = MLPSpec(widths=(2,), activation="relu")
    network = spec.build((2,), 2, key=jax.random.key(0))
    layer, head = network.hidden[0], network.heads.policy
    for place, weight, offset in ((layer, first, offsets), (head, ((1.0, 0.0), (1.0, 0.0)), (0.0, bias))):
        object.__setattr__(place, "weight", jnp.asarray(weight))
        object.__setattr__(place, "bias", jnp.asarray(offset))
    return network_agent("two rectifiers", network, spec, (2,), 2)


def test_a_region_that_no_edit_leaves_is_proved_between_the_points_too():
    # The sum is 1 here, and at least 0.6 within 0.2 of it in both units.
    found = lattice(agent(0.5), FIRST, HERE, site="hidden-0", span=0.1, radius=0.2)
    assert found.status is Status.PROVED
    assert found.checked == 5**2
    assert found.how.startswith(
        "all 25 points of a lattice of span 0.1 in 2 units at 'hidden-0' evaluated, and by bounds"
    )
    assert not found.exact


def test_a_point_that_changes_the_action_is_realised():
    found = lattice(agent(0.7), FIRST, HERE, site="hidden-0", span=0.1, radius=0.2)
    assert found.status is Status.REFUTED
    assert found.counterexample is not None
    inputs = np.array(found.counterexample.inputs)
    assert np.abs(inputs - HERE).max() <= 0.2 + 1e-6
    assert inputs.sum() <= 0.7 + 1e-6
    assert found.counterexample.outputs[1] >= 0.5 - 1e-6


def test_a_point_that_no_input_has_is_said_to_be_so():
    # Both units see the first input, the second one upside down: where one falls the other rises, their sum is 1.
    mirrored = agent(0.7, first=((1.0, -1.0), (0.0, 0.0)), offsets=(0.0, 1.0))
    found = lattice(mirrored, FIRST, HERE, site="hidden-0", span=0.1, radius=0.2)
    assert found.status is Status.UNKNOWN
    # Of 25 points those in which the units fall by 0.3 or more together: 1 + 2, 2 + 1 and 2 + 2 steps.
    assert found.reason.startswith("3 points change the action; no input was found that has any of the 3 nearest")


def test_between_the_points_of_a_coarse_lattice_nothing_is_proved():
    # Within 0.29 the units fall by 0.58 together, a lattice with steps of 0.2 sees only 0.4: open or not, as they say.
    found = lattice(agent(0.5), FIRST, HERE, site="hidden-0", span=0.2, radius=0.29)
    assert found.status is Status.PROVED
    assert found.how.startswith("all 9 points")
    # An agent that can be opened, but whose network nobody reads.
    found = lattice(WrappedAgent(agent(0.5), ()), FIRST, HERE, site="hidden-0", span=0.2, radius=0.29)
    assert (found.status, found.reason) == (Status.UNKNOWN, "proved on the lattice (span 0.2) only")


def test_what_cannot_be():
    one = agent(0.5)
    with pytest.raises(UnknownNameError, match="site in agent"):
        lattice(one, FIRST, HERE, site="hidden-9", span=0.1, radius=0.2)
    with pytest.raises(UsageError, match="0 < span <= radius"):
        lattice(one, FIRST, HERE, site="hidden-0", span=0.3, radius=0.2)
    with pytest.raises(UsageError, match="choose a larger span"):
        lattice(one, FIRST, HERE, site="hidden-0", span=1e-6, radius=0.5)
    found = lattice(one, np.array([True, True]), HERE, site="hidden-0", span=0.1, radius=0.2)
    assert (found.status, found.reason) == (Status.UNKNOWN, "every action is allowed")


def test_lattices_around_all_states_of_a_set():
    some = observations_set("three", np.array([[0.5, 0.5], [0.7, 0.5], [0.6, 0.6]], np.float32))
    wanted = AlwaysActions(("a", "b"), ("a",))
    found = lattices(agent(0.5), wanted, some, span=0.1, radius=0.2, site="hidden-0")
    assert (found.status, found.checked) == (Status.PROVED, 3)
    assert "75 points" in found.how
    assert lattices(agent(0.75), wanted, some, span=0.1, radius=0.2, site="hidden-0").status is Status.REFUTED
    found = lattices(WrappedAgent(agent(0.5), ()), wanted, some, span=0.2, radius=0.29, site="hidden-0")
    assert found.reason == "in 3 states: proved on the lattice (span 0.2) only"
