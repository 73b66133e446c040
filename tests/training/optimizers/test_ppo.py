"""PPO follows the gradient it says it follows, learns what can be learned, and remembers where it must."""

from __future__ import annotations

import dataclasses
import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import TrainingError, UsageError
from mesascope.planning.evaluation import policy_values, returns, visits
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.training.base_optimizer import Task, advance, seed_keys, start
from mesascope.training.environment import NOISE, Environment
from mesascope.training.optimizers.ppo import PPO, _part, _shuffled
from mesascope.training.policy_gradient import logits_in_every_state
from mesascope.training.rollout import blank_memory, reconsider, roll_out
from mesascope.worlds.corner import Corner
from tests.training.tiny import Cue, DenseSpec, LinearSpec, RecurrentSpec

CUE = Task(Cue(), Cue.objectives[0], LinearSpec())


def run(optimizer, task, seeds=(0,), updates=None):
    keys = seed_keys(seeds)
    return advance(optimizer, task, start(optimizer, task, keys), keys, jnp.int32(0), updates or optimizer.updates)


@functools.partial(jax.jit, static_argnums=(0, 1))
def first_batch(optimizer, task, parameters, key):
    key_levels, key_first, key_steps = jax.random.split(key, 3)
    network = task.assemble(parameters)
    environment = Environment(task.world, optimizer._pool(task, key=key_levels), optimizer.time_limit)
    positions = environment.begin(jax.random.uniform(key_first, (optimizer.environments, NOISE)))
    memory = blank_memory(network, optimizer.environments)
    _, _, rollout = roll_out(network, environment, positions, memory, steps=optimizer.steps, key=key_steps)
    return environment, optimizer.batch(rollout)


@functools.partial(jax.jit, static_argnums=(0, 1))
def judge(optimizer, task, parameters, environment, batch, choice):
    """Returns loss, parts and gradient of a minibatch."""
    part = _part(batch, choice)
    (loss, parts), gradient = jax.value_and_grad(optimizer.loss, has_aux=True)(parameters, task, environment, part)
    return loss, parts, gradient


@pytest.mark.parametrize("spec", [LinearSpec(), RecurrentSpec()])
def test_before_the_first_step_every_ratio_is_one(spec):
    task = Task(Cue(slip=0.2), Cue.objectives[0], spec)
    optimizer = PPO(environments=8, steps=24, minibatches=2, levels=2, time_limit=2)
    parameters = eqx.filter(task.build(key=jax.random.key(1)), eqx.is_array)
    environment, batch = first_batch(optimizer, task, parameters, jax.random.key(0))
    assert not batch.rollout.transition.counted.all()
    logits, value = jax.jit(reconsider)(task.assemble(parameters), environment, batch.rollout)
    log_policy = np.asarray(jax.nn.log_softmax(logits))
    again = np.take_along_axis(log_policy, np.asarray(batch.rollout.action)[..., None], -1)[..., 0]
    np.testing.assert_allclose(again, batch.rollout.log_probability, atol=1e-6)
    np.testing.assert_allclose(value, batch.rollout.value[:-1], atol=1e-6)
    for choice in (jnp.arange(4), jnp.arange(4, 8)):
        _, parts, _ = judge(optimizer, task, parameters, environment, batch, choice)
        assert abs(parts["divergence"]) < 1e-6
        assert parts["clipped"] == 0


def test_gradient_is_the_policy_gradient():
    """With exact values, the expected gradient is the sum over states of visits times advantage times d log pi."""
    task = Task(Cue(slip=0.2), Cue.objectives[0], LinearSpec())
    world, objectives = task.world, task.objectives
    levels = world.sample(key=jax.random.key(0), distribution="train", count=1)
    network = task.build(key=jax.random.key(3))
    policy = np.array(jax.nn.softmax(jax.vmap(lambda seen: network(seen, None)[0])(world.observe_states(levels[0]))))
    exact = policy_values(levels, policy[None], objectives)[0, 0]
    successors, probabilities = np.asarray(levels.successors[0]), np.asarray(levels.probabilities[0], np.float64)
    paid = (successors == 4) & (np.arange(6) < 4)[:, None, None]
    action_value = (probabilities * (paid + 0.9 * ~paid * exact[successors])).sum(-1)
    advantage = action_value - exact[:, None]
    undiscounted = eqx.tree_at(lambda level: level.discount, levels, jnp.array([1 - 1e-6], jnp.float32))
    weight = visits(undiscounted, policy[None])[0]
    weight[4:] = 0
    weight = weight / weight.sum()
    seen = np.asarray(world.observe_states(levels[0]))
    flow = weight[:, None] * policy * advantage
    expected = seen.T @ (flow - policy * flow.sum(-1, keepdims=True))

    optimizer = PPO(
        environments=512,
        steps=200,
        minibatches=1,
        levels=1,
        time_limit=100,
        trace=1.0,
        normalise_advantages=False,
        entropy_weight=0.0,
        value_weight=0.0,
    )
    # The two corridors look alike, so that a table of values cannot be right in both; zero values keep the estimate
    # unbiased as well, because every episode is paid or not within the roll-out.
    parameters = eqx.filter(network, eqx.is_array)
    environment, batch = first_batch(optimizer, task, parameters, jax.random.key(5))
    _, _, gradient = judge(optimizer, task, parameters, environment, batch, jnp.arange(optimizer.samples))
    measured = -np.asarray(gradient.policy, np.float64)
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(measured, expected, atol=0.05 * np.abs(expected).max())


WHOLE = PPO(environments=32, steps=16, minibatches=1, levels=2, clip=0.1)
"""One minibatch of all steps."""


@pytest.fixture(scope="module")
def begun():
    """A network, and the environment and steps of its first roll-out."""
    parameters = eqx.filter(CUE.build(key=jax.random.key(1)), eqx.is_array)
    return parameters, *first_batch(WHOLE, CUE, parameters, jax.random.key(0))


def test_descends_its_loss(begun):
    parameters, environment, batch = begun
    everything = jnp.arange(WHOLE.samples)
    before, _, gradient = judge(WHOLE, CUE, parameters, environment, batch, everything)
    transformation = WHOLE.transformation()
    change, _ = jax.jit(lambda g, p: transformation.update(g, transformation.init(p), p))(gradient, parameters)
    after, _, _ = judge(WHOLE, CUE, eqx.apply_updates(parameters, change), environment, batch, everything)
    assert after < before


@pytest.mark.parametrize("clip_values", [False, True])
def test_value_loss_is_the_squared_error_and_clipping_bounds_its_gain(begun, clip_values):
    optimizer = dataclasses.replace(WHOLE, clip_values=clip_values)
    parameters, environment, batch = begun
    moved = eqx.tree_at(lambda network: network.value, parameters, jnp.full(3, 0.5))
    _, parts, _ = judge(optimizer, CUE, moved, environment, batch, jnp.arange(optimizer.samples))
    # Values were 0 and are 0.5 now, except where nothing is seen; clipped, they count as 0.1 where that is worse.
    target = np.asarray(batch.target)
    error = (0.5 - target) ** 2
    if clip_values:
        error = np.maximum(error, (0.1 - target) ** 2)
    assert parts["value_loss"] == pytest.approx(0.5 * error.mean(), rel=1e-5)


def test_learns_a_small_corner():
    world = Corner(size=5, walls="open", corner_size=3)
    task = Task(world, world.objectives[0], DenseSpec())
    optimizer = PPO(
        updates=60,
        environments=32,
        steps=32,
        minibatches=4,
        levels=64,
        fresh_levels=False,
        time_limit=32,
        learning_rate=1e-2,
    )
    learners, metrics = run(optimizer, task)
    network = task.assemble(jax.tree.map(lambda leaf: leaf[0], learners.parameters))
    levels = jax.jit(lambda key: world.sample(key=key, distribution="train", count=64))(jax.random.key(77))
    logits = jax.jit(lambda: logits_in_every_state(network, levels, world))()
    policy = np.asarray(jax.nn.softmax(logits))
    reached = returns(levels, policy_values(levels, policy, task.objectives)).mean()
    best = returns(levels, optimal_action_values(levels, task.objectives).max(-1)).mean()
    assert reached > 0.9 * best
    # What it reports while it trains is what the policy is worth.
    assert metrics["return"][-1, 0] == pytest.approx(reached, abs=0.08)
    assert metrics["return"][0, 0] < 0.8 * best


@pytest.mark.slow
def test_memory_is_used_where_it_is_needed():
    optimizer = PPO(updates=60, environments=32, steps=12, minibatches=2, levels=1, time_limit=6, learning_rate=2e-2)
    _, without = run(optimizer, CUE)
    _, remembering = run(optimizer, dataclasses.replace(CUE, network=RecurrentSpec()))
    # Without memory, always taking the action of the more frequent cue is the best that can be done.
    assert without["return"][-5:].mean() == pytest.approx(0.9 * 0.75, abs=0.05)
    assert remembering["return"][-5:].mean() > 0.9 * 0.95


@pytest.mark.slow
def test_a_seed_does_not_depend_on_its_neighbours():
    optimizer = PPO(updates=4, environments=4, steps=8, epochs=2, minibatches=2, levels=2)
    alone, _ = run(optimizer, CUE, seeds=(3,))
    among, _ = run(optimizer, CUE, seeds=(1, 3))
    for one, two in zip(jax.tree.leaves(alone.parameters), jax.tree.leaves(among.parameters), strict=True):
        np.testing.assert_allclose(one[0], two[1], rtol=1e-4, atol=1e-6)
        assert not np.allclose(two[0], two[1])


def test_a_run_in_pieces_is_the_run_in_one():
    optimizer = PPO(updates=4, environments=4, steps=8, epochs=2, minibatches=2, levels=2)
    keys = seed_keys((0,))
    learners = start(optimizer, CUE, keys)
    for first in range(0, 4, 2):
        learners, _ = advance(optimizer, CUE, learners, keys, jnp.int32(first), 2, room=4)
    whole, _ = run(optimizer, CUE)
    for one, two in zip(jax.tree.leaves(learners), jax.tree.leaves(whole), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("fresh", [False, True])
def test_fixed_levels_stay_and_fresh_levels_do_not(fresh):
    task = dataclasses.replace(CUE, world=Cue(slip=0.5, vary=True))
    optimizer = PPO(
        updates=2, environments=4, steps=40, epochs=1, minibatches=2, levels=4, fresh_levels=fresh, time_limit=20
    )
    keys = seed_keys((0,))
    before = start(optimizer, task, keys)
    outcomes = np.asarray(before.extra.pool.outcomes)
    after, _ = advance(optimizer, task, before, keys, jnp.int32(0), 2)
    later = np.asarray(after.extra.pool.outcomes)
    assert outcomes.shape == later.shape
    # Episodes of at most 20 steps: none of those under way at first is under way after 80.
    assert bool((outcomes == later).all()) == (not fresh)


def test_shuffling_is_a_permutation_and_fair():
    order = np.asarray(jax.jit(_shuffled, static_argnums=(0, 1))(3000, 5, key=jax.random.key(0)))
    assert (np.sort(order, axis=-1) == np.arange(5)).all()
    counts = np.stack([(order == number).sum(0) for number in range(5)])
    assert np.abs(counts - 600).max() < 5 * np.sqrt(600)
    assert (np.asarray(_shuffled(1, 1, key=jax.random.key(0))) == 0).all()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"environments": 3, "steps": 5, "minibatches": 4}, "equal size"),
        ({"epochs": 0}, "epochs=0"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"trace": 1.5}, "trace"),
        ({"schedule": "linera"}, "Did you mean 'linear'"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, word):
    with pytest.raises((TrainingError, UsageError), match=word):
        PPO(**settings)


def test_memory_needs_whole_episodes_in_a_minibatch():
    task = dataclasses.replace(CUE, network=RecurrentSpec())
    with pytest.raises(TrainingError, match="whole episodes"):
        start(PPO(environments=3, steps=4, minibatches=4), task, seed_keys((0,)))
