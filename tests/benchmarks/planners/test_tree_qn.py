"""TreeQN: its equations against numpy, and the exact table of a problem in the place of what it learns."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planners.full_width_tree import TableModel, TreeModel
from planners.tree_qn import TreeQNSpec

from mesascope.agents.network_agent import NetworkAgent
from mesascope.core.errors import UnknownNameError, UsageError


def built(spec, shape=(5,), actions=3):
    return spec.build(shape, actions, key=jax.random.key(0))


def dense(layer, vector):
    return vector @ np.asarray(layer.weight, np.float64) + np.asarray(layer.bias, np.float64)


def by_hand(network, observation, depth):
    """The equations of the paper, recursively, in double precision; `(action values of the root, encoded state)`."""
    spec, model = network.spec, network.model
    shared, action = (np.asarray(leaf, np.float64) for leaf in (model.shared, model.action))
    features = observation.reshape(-1).astype(float)
    for layer in network.hidden:
        features = np.maximum(dense(layer, features), 0)
    encoded = dense(network.encoder, features)
    encoded /= np.linalg.norm(encoded)

    def action_values(state, left):
        rewards = dense(model.reward_out, np.maximum(dense(model.reward_hidden, state), 0))
        after = state + np.tanh(state @ shared)
        found = []
        for choice, reward in enumerate(rewards):
            child = after + np.tanh(after @ action[choice])
            child /= np.linalg.norm(child)
            value = dense(model.value_out, child)[0]
            if left > 1:
                below = action_values(child, left - 1)
                weights = np.exp(below) / np.exp(below).sum()
                best = below.max() if spec.backup == "max" else weights @ below
                value = (1 - spec.mixing) * value + spec.mixing * best
            found.append(reward + spec.discount * value)
        return np.array(found)

    return action_values(encoded, depth), encoded


@pytest.mark.parametrize("backup", ["max", "softmax"])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_network_computes_the_equations_of_the_paper(backup, depth):
    spec = TreeQNSpec(
        encoder=(6,), width=7, reward_width=4, depth=depth, discount=0.9, mixing=0.7, backup=backup, temperature=0.5
    )
    network = built(spec)
    observation = np.random.default_rng(0).normal(size=5).astype(np.float32)
    logits, value, _ = eqx.filter_jit(network)(jnp.asarray(observation), None)
    expected, _ = by_hand(network, observation, depth)
    assert np.allclose(logits, expected / 0.5, atol=1e-5)
    weights = np.exp(expected) / np.exp(expected).sum()
    assert np.allclose(value, expected.max() if backup == "max" else weights @ expected, atol=1e-5)


def test_the_critic_of_an_atreec_is_a_linear_map_of_the_encoded_state():
    network = built(TreeQNSpec(encoder=(6,), width=7, reward_width=4, critic="linear"))
    observation = np.random.default_rng(1).normal(size=5).astype(np.float32)
    _, value, _ = eqx.filter_jit(network)(jnp.asarray(observation), None)
    _, encoded = by_hand(network, observation, 2)
    assert np.allclose(value, dense(network.critic, encoded)[0], atol=1e-5)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_with_an_exact_table_the_whole_network_makes_bellman_backups(depth):
    random, states, actions = np.random.default_rng(depth), 6, 3
    successors = random.integers(0, states, (states, actions))
    rewards, values = random.normal(size=(states, actions)), random.normal(size=states)
    spec = TreeQNSpec(encoder=(), width=states, depth=depth, discount=0.9, mixing=1.0, backup="max")
    table = TableModel(*(jnp.asarray(x, jnp.float32) for x in (np.eye(states)[successors], rewards, values)))
    assert isinstance(table, TreeModel)
    network = eqx.tree_at(
        lambda n: (n.encoder.weight, n.model), built(spec, (states,), actions), (jnp.eye(states), table)
    )
    logits, value, _ = eqx.filter_jit(eqx.filter_vmap(network, in_axes=(0, None)))(jnp.eye(states), None)
    for _ in range(depth):
        action_values = rewards + 0.9 * values[successors]
        values = action_values.max(-1)
    # Single precision, relative to the largest value.
    assert np.abs(logits - action_values).max() < 1e-6 * np.abs(action_values).max()
    assert np.abs(value - values).max() < 1e-6 * np.abs(values).max()


def test_every_level_of_the_tree_can_be_read():
    spec = TreeQNSpec(encoder=(6,), width=7, reward_width=4, depth=2)
    agent = NetworkAgent("tree", built(spec), spec, (5,), 3)
    observations = np.random.default_rng(2).normal(size=(4, 5)).astype(np.float32)
    seen = agent.step(observations, None).activations
    assert {site: value.shape[1:] for site, value in seen.items()} == {
        "encoded": (7,),
        "reward-0": (1, 3),
        "state-1": (3, 7),
        "value-1": (3,),
        "reward-1": (3, 3),
        "state-2": (9, 7),
        "value-2": (9,),
        "action-values": (3,),
    }
    assert np.allclose(np.linalg.norm(seen["state-2"], axis=-1), 1, atol=1e-5)
    # A leaf that is worth a fortune makes its first action the choice.
    fortune = seen["value-2"].copy()
    fortune[:, 4] = 50
    assert (agent.step(observations, None, {"value-2": fortune}).probabilities.argmax(-1) == 1).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: TreeQNSpec(backup="mean"), UnknownNameError, "backup named 'mean'"),
        (lambda: TreeQNSpec(critic="line"), UnknownNameError, "Did you mean 'linear'"),
        (lambda: TreeQNSpec(mixing=1.5), UsageError, "mixing=1.5"),
        (lambda: TreeQNSpec(discount=float("nan")), UsageError, "discount=nan"),
        (lambda: TreeQNSpec(temperature=0.0), UsageError, r"temperature=0\.0"),
        (lambda: TreeQNSpec(depth=0), UsageError, "depth=0"),
        (lambda: built(TreeQNSpec(depth=9)), UsageError, "19,683 leaves"),
    ],
)
def test_sizes_that_cannot_be_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
