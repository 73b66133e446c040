"""Value iteration networks: with weights set by hand they are value iteration, and what their iterations promise."""

from __future__ import annotations

import functools
from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.network import transplant
from mesascope.agents.networks.value_iteration_network import DISCOUNT as NEW_DISCOUNT
from mesascope.agents.networks.value_iteration_network import ValueIterationNetwork, ValueIterationNetworkSpec
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.maze import Maze

SHAPE, ACTIONS = (5, 6, 3), 5
SPEC = ValueIterationNetworkSpec(iterations=4, channels=6, hidden=4)
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))
DISCOUNT = 0.9
FORBIDDING = 100.0
"""What entering a wall costs: more than anything that lies behind it is worth."""


@functools.cache
def build(spec=SPEC, shape=SHAPE):
    return eqx.filter_jit(lambda key: spec.build(shape, ACTIONS, key=key))(root_key(0))


@eqx.filter_jit
def thought(network, observation):
    return network.think(observation, None)[0]


def agent_of(network, spec, shape) -> NetworkAgent:
    return NetworkAgent("vin", network, spec, shape, ACTIONS)


def by_hand(iterations: int, shape):
    """A network that pays 1 for each entry of the goal, forbids walls, and imagines the five moves of the grid."""
    spec = ValueIterationNetworkSpec(iterations=iterations, channels=5, hidden=2)
    kernel, planes = np.zeros((3, 3, 2, 5), np.float32), np.zeros((3, 3, 2, 2), np.float32)
    for channel, (down, right) in enumerate(MOVES):
        kernel[1 + down, 1 + right, :, channel] = 1, DISCOUNT
    planes[1, 1] = np.eye(2)
    network = eqx.tree_at(
        lambda n: (n.reward_hidden.kernel, n.reward_out.weight, n.kernel, n.heads.policy.weight),
        build(spec, shape),
        tuple(jnp.asarray(x) for x in (planes, np.array([[-FORBIDDING], [1]], np.float32), kernel, np.eye(5) * 1.0)),
    )
    return spec, jax.tree.map(lambda leaf: leaf.astype(jnp.float32), network)


def boards_of(count: int, size: int = 7) -> np.ndarray:
    """Walls at random within a border, a goal on one of the places that are left over, and the agent nowhere."""
    random = np.random.default_rng(5)
    boards = np.zeros((count, size, size, 3), np.float32)
    boards[..., 0] = random.random((count, size, size)) < 0.3
    boards[:, [0, -1], :, 0] = boards[:, :, [0, -1], 0] = 1
    for board in boards:
        free = np.argwhere(board[..., 0] == 0)
        board[*random.permutation(free)[0], 1] = 1
    return boards


def test_each_iteration_is_a_bellman_backup():
    boards = boards_of(4)
    height, width = boards.shape[1:3]
    spec, network = by_hand(6, boards.shape[1:])
    sites = agent_of(network, spec, boards.shape[1:]).step(boards, None).activations
    for index, board in enumerate(boards):
        wall, goal = board[..., 0] > 0.5, board[..., 1]
        values = np.zeros((height, width))
        for iteration in range(1, spec.iterations + 1):
            action_values = np.full((height, width, 5), np.nan)
            for place in zip(*np.nonzero(~wall), strict=True):
                for action, (down, right) in enumerate(MOVES):
                    there = place[0] + down, place[1] + right
                    if wall[there]:  # The world's walls leave the agent where it is.
                        there = place
                    action_values[*place, action] = goal[there] + DISCOUNT * values[there]
            values = action_values.max(-1)
            found = sites[f"iteration-{iteration}"][index, ..., 0]
            np.testing.assert_allclose(found[~wall], values[~wall], atol=1e-5)


def test_with_these_weights_and_enough_iterations_every_choice_is_optimal():
    world = Maze(size=7, walls="blocks", density=0.3)
    levels = jax.device_get(jax.jit(lambda: world.sample(key=root_key(3), distribution="deploy", count=6))())
    seen = np.asarray(jax.jit(jax.vmap(world.observe_states))(levels))
    spec, network = by_hand(24, world.observation_shape)
    value = optimal_action_values(levels, compile_objectives(world).select("goal"))[0]
    active = levels.reachable & ~levels.terminal
    chosen = agent_of(network, spec, world.observation_shape).act(seen[active], None)[0].argmax(-1)
    assert optimal_actions(value)[active][np.arange(active.sum()), chosen].all()


def test_every_iteration_can_be_read_and_matters():
    agent = agent_of(build(), SPEC, SHAPE)
    names = ("reward", *(f"iteration-{k}" for k in range(1, 5)), "action-values")
    assert agent.sites() == names
    observations = np.abs(np.random.default_rng(0).normal(size=(3, *SHAPE))).astype(np.float32)
    found = agent.step(observations, None)
    assert {site: found.activations[site].shape[1:] for site in names} == {
        **dict.fromkeys(names[:-1], (5, 6, 1)),
        "action-values": (6,),
    }
    own = found.activations
    assert np.array_equal(agent.step(observations, None, dict(own)).probabilities, found.probabilities)
    for site in ("reward", "iteration-1", "iteration-4"):
        moved = own[site] + 5 * np.arange(own[site][0].size).reshape(own[site].shape[1:])
        patched = agent.step(observations, None, {site: moved.astype(np.float32)})
        assert np.abs(patched.probabilities - found.probabilities).max() > 1e-3, site


def test_values_are_the_same_wherever_the_agent_stands_and_serve_a_whole_level():
    network = build()
    observation = np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)
    here, there = (np.array(observation) for _ in range(2))
    here[..., -1], there[..., -1] = 0, 0
    here[1, 2, -1] = there[3, 4, -1] = 1
    image = thought(network, jnp.asarray(here))
    np.testing.assert_array_equal(image, thought(network, jnp.asarray(there)))
    acting = eqx.filter_jit(lambda network, seen: network(seen, None)[:2])
    for seen, place in ((here, (1, 2)), (there, (3, 4))):
        logits, value = acting(network, jnp.asarray(seen))
        expected = network.heads(image[place])
        np.testing.assert_allclose(logits, expected[0], atol=1e-6)
        np.testing.assert_allclose(value, expected[1], atol=1e-6)


def test_parameters_depend_neither_on_iterations_nor_on_the_size_of_the_board():
    network, longer, larger = build(), replace(SPEC, iterations=6), (8, 7, 3)
    observation = jnp.asarray(np.random.default_rng(1).normal(size=SHAPE), jnp.float32)
    other = transplant(network, longer, SHAPE, ACTIONS)
    assert isinstance(other, ValueIterationNetwork)
    jax.tree.map(np.testing.assert_array_equal, jax.tree.leaves(other), jax.tree.leaves(network))
    assert not np.allclose(thought(other, observation), thought(network, observation), atol=1e-3)
    # The extra iterations come after those that there were.
    assert agent_of(other, longer, SHAPE).sites()[:5] == agent_of(network, SPEC, SHAPE).sites()[:5]
    wider = transplant(network, SPEC, larger, ACTIONS)
    assert eqx.filter_eval_shape(wider, jnp.ones(larger), None)[0].shape == (ACTIONS,)


def test_a_new_network_is_a_contraction_however_long_it_iterates():
    spec = replace(SPEC, iterations=30)
    network = build(spec)
    assert (network.kernel > 0).all()
    np.testing.assert_allclose(network.kernel.sum((0, 1)), [[1.0] * 6, [NEW_DISCOUNT] * 6], rtol=1e-5)
    observation = np.random.default_rng(1).normal(size=(1, *SHAPE)).astype(np.float32)
    sites = agent_of(network, spec, SHAPE).step(observation, None).activations
    early, late = (np.abs(sites[f"iteration-{k}"] - sites[f"iteration-{k - 1}"]).max() for k in (2, 30))
    assert late <= NEW_DISCOUNT**28 * early + 1e-5


def test_a_step_of_gradient_descent_lowers_the_loss():
    network = build()
    observations = jnp.asarray(np.random.default_rng(0).normal(size=(16, *SHAPE)), jnp.float32)

    def loss(network):
        logits, _, _ = jax.vmap(network, (0, None))(observations, None)
        return -jax.nn.log_softmax(logits)[jnp.arange(16), jnp.arange(16) % ACTIONS].mean()

    slope = eqx.filter_jit(jax.value_and_grad(loss))
    before, gradient = slope(network)
    assert slope(jax.tree.map(lambda leaf, change: leaf - 0.01 * change, network, gradient))[0] < before - 1e-5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ValueIterationNetworkSpec(iterations=0), "iterations=0 is not a whole number between 1 and 256"),
        (lambda: ValueIterationNetworkSpec(iterations=257), "iterations=257"),
        (lambda: ValueIterationNetworkSpec(channels=True), "channels=True"),
        (lambda: ValueIterationNetworkSpec(hidden=5000), "hidden=5000"),
        (lambda: build(shape=(7,)), r"\[height, width, channels\], not \[7\].*'mlp'"),
        (lambda: build(shape=(5, 6, 1)), r"\[5, 6, 1\] have one.*'convnet'"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
