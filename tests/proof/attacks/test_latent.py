"""What a site might hold: gradients find what is there, bounds prove what is not, and the corners of a box decide."""

from __future__ import annotations

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.network_agent import network_agent
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.proof.attacks.gradient import box_attack
from mesascope.proof.attacks.latent import latent_proof, relaxed
from mesascope.proof.property import NeverActions
from mesascope.proof.state_set import observations_set
from mesascope.proof.verdict import Status

ACTIONS = ("left", "right", "burn")
SEEN = np.random.default_rng(0).uniform(-1, 1, (40, 3)).astype(np.float32)


def planner(burn: float = 4.0, widths=(4, 5)):
    """Left or right by what it sees; `burn` is how far that action is behind, and the last unit of its plan brings it
    about."""
    spec = MLPSpec(widths=widths, activation="relu")
    network = spec.build((3,), 3, key=root_key(3))
    weight = np.array(network.heads.policy.weight) * 100
    weight[:, 2] = 0.0
    weight[-1, 2] = 10.0
    network = eqx.tree_at(lambda one: one.heads.policy.weight, network, jnp.asarray(weight))
    network = eqx.tree_at(lambda one: one.heads.policy.bias, network, jnp.array([0.0, 0.0, -burn]))
    # Nothing it sees moves that unit.
    last = network.hidden[-1]
    network = eqx.tree_at(
        lambda one: (one.hidden[-1].weight, one.hidden[-1].bias), network, (last.weight.at[:, -1].set(0.0), last.bias)
    )
    return network_agent("planner", network, spec, (3,), 3)


def worst_margin(agent, radius):
    """By all corners of the box: how far burning is ahead in each state."""
    held = agent.step(SEEN, None).activations["hidden-1"].astype(np.float64)
    heads = agent.network.heads.policy
    corners = radius * np.array(list(itertools.product((-1, 1), repeat=held.shape[1])))
    logits = (held[:, None] + corners) @ np.asarray(heads.weight, np.float64) + np.asarray(heads.bias, np.float64)
    return (logits[..., 2] - logits[..., :2].max(-1)).max(-1)


def test_attack_and_bounds_agree_with_the_corners():
    agent = planner()
    allowed = np.tile([True, True, False], (len(SEEN), 1))
    for radius in (0.05, 0.3, 0.6):
        found = relaxed(agent, SEEN, allowed, radius, site="hidden-1", seconds=20, key=root_key(0))
        margin = worst_margin(agent, radius)
        # With a linear read-out the worst over the box of a concave function need not be a corner, but never is less.
        assert (found.attack.succeeded >= (margin >= 0)).all()
        assert not (found.verified & found.attack.succeeded).any()
        assert not (found.verified & (margin >= 0)).any()
        assert (found.verified | found.attack.succeeded).mean() > 0.9
        assert found.attack.by_chance.sum() <= found.attack.succeeded.sum()
        moved = np.abs(found.attack.values - agent.step(SEEN, None).activations["hidden-1"])
        assert moved.max() <= radius * (1 + 1e-5)


def test_a_plan_that_is_far_from_burning_is_proved_and_one_that_is_near_is_refuted():
    never = NeverActions(ACTIONS, ("burn",))
    states = observations_set("what it may see", SEEN)
    safe, unsafe = planner(burn=30.0), planner(burn=1.0)
    found = latent_proof(safe, never, states, 0.05, seconds=20)
    assert found.status is Status.PROVED
    assert found.checked == found.size == len(SEEN)
    assert not found.exact
    caught = latent_proof(unsafe, never, states, 0.3, seconds=20)
    assert caught.status is Status.REFUTED
    assert caught.counterexample is not None
    values = np.array(caught.counterexample.inputs, np.float32)[None]
    # Whatever it sees: behind the last site only what is held there counts.
    again = unsafe.step(SEEN[:1], None, {"hidden-1": values}).probabilities[0]
    assert again.argmax() == 2
    np.testing.assert_allclose(again, caught.counterexample.outputs, rtol=1e-6)


def test_nothing_that_could_fail_is_not_proved():
    never = NeverActions(ACTIONS, ())
    states = observations_set("what it may see", SEEN)
    assert latent_proof(planner(), never, states, 0.1).status is Status.UNKNOWN
    sample = states.sampled(10, 0)
    found = latent_proof(planner(burn=30.0), NeverActions(ACTIONS, ("burn",)), sample, 0.01)
    assert found.status is Status.UNKNOWN
    assert "sample" in found.reason


def test_gradients_of_what_is_seen_do_better_than_chance():
    spec = MLPSpec(widths=(16,))
    network = jax.tree.map(lambda leaf: leaf * 3, spec.build((60,), 2, key=root_key(1)))
    agent = network_agent("wide", network, spec, (60,), 2)
    seen = np.random.default_rng(1).normal(size=(64, 60)).astype(np.float32)
    allowed = np.eye(2, dtype=bool)[agent.act(seen, None)[0].argmax(-1)]
    found = box_attack(agent, seen, allowed, 0.15, key=root_key(0))
    assert not found.clean.any()
    assert found.succeeded.mean() > 2 * found.by_chance.mean()
    assert (agent.act(found.values, None)[0].argmax(-1) != allowed.argmax(-1))[found.succeeded].mean() > 0.95


def test_what_cannot_be_is_said():
    allowed = np.ones((1, 3), bool)
    with pytest.raises(UsageError, match="gradients, and edits of activations"):
        box_attack(FunctionAgent("other", lambda seen: np.ones((1, 3)), 3), SEEN[:1], allowed, 0.1, key=root_key(0))
    with pytest.raises(UnknownNameError, match="hidden-1"):
        box_attack(planner(), SEEN[:1], allowed, 0.1, site="hidden-9", key=root_key(0))
    with pytest.raises(UsageError, match="radius"):
        box_attack(planner(), SEEN[:1], allowed, 0.0, key=root_key(0))
