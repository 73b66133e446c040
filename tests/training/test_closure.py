import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UsageError, WorldError
from mesascope.training.closure import as_agent, as_stream
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.optimisees import QuadraticProblems
from mesascope.worlds.streams.regression import Regression

PROBLEM = Regression(dimensions=2, examples=2, tasks=1)
"""Of one task, so that what has no memory can learn it."""


@functools.cache
def stepper(stream):
    """One step of many episodes, compiled once."""
    return jax.jit(jax.vmap(lambda task, state, answer, one: stream.step(task, state, answer, key=one)))


def losses(agent, stream, *, episodes=4, key):
    """Losses `[T, B]` of an agent that trains, and the parameters that it ends with `[B, P]`."""
    keys = jax.random.split(key, episodes)
    task = jax.vmap(lambda one: stream.sample(key=one))(keys)
    state, seen = jax.vmap(lambda task, one: stream.begin(task, key=one))(task, keys)
    step = stepper(stream)
    memory, found = agent.initial_state(episodes), []
    for _ in range(stream.steps):
        answer, memory = agent.act(np.asarray(seen), memory)
        state, seen, signals = step(task, state, jnp.asarray(answer, jnp.float32), keys)
        found.append(-np.asarray(signals)[:, 0])
    return np.stack(found), np.asarray(state)


def test_training_a_network_is_a_stream_in_which_an_optimizer_acts():
    stream = as_stream(PROBLEM, MLPSpec(widths=(4,)), horizon=30, episodes=64)
    # The examples are the same ones at every step here, so that the loss of an optimizer that works goes down.
    key = jax.random.key(0)
    found, _ = losses(as_agent(optax.adam(0.03), stream), stream, key=key)
    still, _ = losses(as_agent(optax.sgd(0.0), stream), stream, key=key)
    assert found.shape == (30, 4)
    assert (found[-1] < 0.8 * still[-1]).all()
    np.testing.assert_allclose(still, np.broadcast_to(still[0], still.shape), rtol=1e-5)


def test_an_optimizer_as_an_agent_makes_the_updates_that_it_makes_elsewhere():
    stream, key = QuadraticProblems(dimensions=3, horizon=5), jax.random.key(1)
    transformation = optax.sgd(0.01, momentum=0.9)
    _, ends = losses(as_agent(transformation, stream), stream, key=key)
    for row, one in enumerate(jax.random.split(key, 4)):
        task = stream.sample(key=one)
        (matrix, target), parameters = task.data, task.start
        memory = transformation.init(parameters)
        for _ in range(5):
            gradient = 2 * matrix.T @ (matrix @ parameters - target)
            update, memory = transformation.update(gradient, memory)
            parameters = parameters + jnp.asarray(ravel_pytree(update)[0])
        np.testing.assert_allclose(ends[row], parameters, rtol=2e-4, atol=2e-5)


def test_what_has_no_gradient_is_refused():
    with pytest.raises(WorldError, match="answered with actions"):
        as_stream(Bandits(), MLPSpec())
    with pytest.raises(UsageError, match="'bandits' shows no gradient"):
        as_agent(optax.sgd(0.1), Bandits())
