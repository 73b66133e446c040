"""Trees: with an exact model they are Bellman backups, to rounding."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planners.full_width_tree import TableModel, grow_tree, tree_backup

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.precision import in_double_precision


def deterministic(random, states, actions):
    """A table with endings, and what it is made of."""
    successors = random.integers(0, states, (states, actions))
    goes_on = random.random((states, actions)) < 0.9
    transitions = np.eye(states)[successors] * goes_on[..., None]
    rewards, values = random.normal(size=(states, actions)), random.normal(size=states)
    return successors, goes_on, TableModel(*map(np.asarray, (transitions, rewards, values)))


def backed_up(successors, goes_on, rewards, values, discount, depth):
    """Action values after so many Bellman backups, by loops over the definition."""
    for _ in range(depth):
        action_values = np.zeros_like(rewards)
        for state, action in np.ndindex(*rewards.shape):
            following = values[successors[state, action]] if goes_on[state, action] else 0.0
            action_values[state, action] = rewards[state, action] + discount * following
        values = action_values.max(-1)
    return action_values


def from_every_state(model, depth, **settings):
    def one(root):
        tree = grow_tree(model, root, depth)
        return tree_backup(tree.rewards, tree.values, **settings)

    return jax.vmap(one)(jnp.eye(model.rewards.shape[0], dtype=model.rewards.dtype))


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_exact_models_make_bellman_backups_in_double_precision(depth):
    random = np.random.default_rng(depth)
    exact = in_double_precision(
        jax.jit(lambda model: from_every_state(model, depth, discount=0.9, mixing=1.0, backup="max"))
    )
    for _ in range(5):
        successors, goes_on, model = deterministic(random, 6, 3)
        expected = backed_up(successors, goes_on, model.rewards, model.values, 0.9, depth)
        assert np.abs(exact(model) - expected).max() < 1e-13


def test_exact_models_make_bellman_backups_in_single_precision():
    successors, goes_on, model = deterministic(np.random.default_rng(0), 6, 3)
    expected = backed_up(successors, goes_on, model.rewards, model.values, 0.9, 4)
    single = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), model)
    found = jax.jit(lambda model: from_every_state(model, 4, discount=0.9))(single)
    assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()


def test_mixing_and_softmax_follow_the_definition():
    """A hand-made tree of depth 2, against arithmetic written out."""
    random = np.random.default_rng(0)
    rewards = [random.normal(size=(1, 2)), random.normal(size=(2, 2))]
    values = [random.normal(size=2), random.normal(size=4)]
    for mixing, backup in itertools.product((0.0, 0.3, 1.0), ("max", "softmax")):
        expected = []
        for action in range(2):
            lower = [rewards[1][action, then] + 0.8 * values[1][2 * action + then] for then in range(2)]
            weights = np.exp(lower) / np.exp(lower).sum()
            best = max(lower) if backup == "max" else float(weights @ lower)
            expected.append(rewards[0][0, action] + 0.8 * ((1 - mixing) * values[0][action] + mixing * best))
        found = tree_backup(
            [jnp.asarray(r) for r in rewards],
            [jnp.asarray(v) for v in values],
            discount=0.8,
            mixing=mixing,
            backup=backup,
        )
        assert np.allclose(found, expected, atol=1e-6), (mixing, backup)


def test_everything_can_be_watched_and_replaced():
    _, _, model = deterministic(np.random.default_rng(1), 4, 2)
    model = jax.tree.map(jnp.asarray, model)
    seen = {}

    def watch(site, value):
        seen[site] = value.shape
        return jnp.zeros_like(value) if site.startswith(("reward", "value-2")) else value

    tree = grow_tree(model, jnp.eye(4)[0], 2, watch=watch)
    assert seen == {
        "reward-0": (1, 2),
        "state-1": (2, 4),
        "value-1": (2,),
        "reward-1": (2, 2),
        "state-2": (4, 4),
        "value-2": (4,),
    }
    assert tree_backup(tree.rewards, tree.values, discount=0.9).tolist() == [0, 0]


def test_trees_that_cannot_be_are_refused():
    _, _, model = deterministic(np.random.default_rng(1), 4, 2)
    with pytest.raises(UsageError, match="at least 1"):
        grow_tree(model, jnp.eye(4)[0], 0)
    rewards, values = [jnp.zeros((1, 2))], [jnp.zeros(2)]
    with pytest.raises(UnknownNameError, match="Did you mean 'max'"):
        tree_backup(rewards, values, discount=0.9, backup="maxx")
    with pytest.raises(UsageError, match="one for each level"):
        tree_backup(rewards, values * 2, discount=0.9)
    with pytest.raises(UsageError, match="do not fit"):
        tree_backup(rewards, [jnp.zeros(3)], discount=0.9)
