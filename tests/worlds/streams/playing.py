"""Episodes in which answers are given by a rule, for tests of streams."""

import functools

import jax
import jax.numpy as jnp
import numpy as np


def at_random(stream, key, time, seen):
    if stream.actions:
        return jax.random.randint(key, (), 0, len(stream.actions))
    return 0.1 * jax.random.normal(key, (stream.outputs,))


@functools.partial(jax.jit, static_argnames=("stream", "answer", "episodes"))
def _played(stream, answer, episodes, key):
    def one(key):
        key_task, key_begin, key_steps = jax.random.split(key, 3)
        task = stream.sample(key=key_task)
        state, seen = stream.begin(task, key=key_begin)

        def step(carry, now):
            (state, seen), (time, key) = carry, now
            key_answer, key_step = jax.random.split(key)
            given = answer(stream, key_answer, time, seen)
            state, following, signals = stream.step(task, state, given, key=key_step)
            return (state, following), (seen, given, signals)

        steps = jnp.arange(stream.steps), jax.random.split(key_steps, stream.steps)
        return task, jax.lax.scan(step, (state, seen), steps)[1]

    return jax.vmap(one)(jax.random.split(key, episodes))


@functools.cache
def played(stream, *, answer=at_random, episodes=400, seed=0):
    """Returns tasks, observations `[B, T, D]`, answers and signals `[B, T, N]`: compiled once for all tests."""
    # Compiling is nearly all of the time.
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    try:
        task, (seen, given, signals) = _played(stream, answer, episodes, jax.random.key(seed))
    finally:
        jax.config.update("jax_disable_most_optimizations", before)
    return jax.tree.map(np.asarray, (task, seen, given, signals))
