"""Generalised advantages equal the sum of discounted temporal differences, written out."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.training.rollout import generalised_advantages


def written_out(reward, value, discount, counted, trace):
    steps, episodes = reward.shape
    advantage = np.zeros_like(reward)
    for episode in range(episodes):
        for start in range(steps):
            factor = 1.0
            for step in range(start, steps):
                difference = reward[step, episode] + discount[step, episode] * value[step + 1, episode]
                advantage[start, episode] += factor * (difference - value[step, episode])
                terminated = discount[step, episode] == 0
                truncated = step + 1 < steps and not counted[step + 1, episode]
                if terminated or truncated:
                    break
                factor *= discount[step, episode] * trace
    return advantage


@pytest.mark.parametrize("trace", [0.0, 0.7, 1.0])
def test_equals_the_sum_written_out(trace):
    generator = np.random.default_rng(0)
    reward, value = generator.normal(size=(40, 6)), generator.normal(size=(41, 6))
    discount = np.where(generator.random((40, 6)) < 0.1, 0.0, generator.uniform(0.8, 1.0, (40, 6)))
    counted = generator.random((40, 6)) > 0.1
    expected = written_out(reward, value, discount, counted, trace)
    arrays = (jnp.asarray(array, jnp.float32) for array in (reward, value, discount))
    advantage = np.asarray(generalised_advantages(*arrays, jnp.asarray(counted), trace=trace))
    assert counted.sum() < 230
    np.testing.assert_allclose(advantage[counted], expected[counted], rtol=1e-4, atol=1e-5)


def test_full_trace_is_the_return_less_the_value():
    reward, value = jnp.array([[0.0], [0.0], [1.0]]), jnp.array([[0.3], [0.2], [0.1], [9.0]])
    discount = jnp.array([[0.9], [0.9], [0.0]])
    advantage = generalised_advantages(reward, value, discount, jnp.ones((3, 1), bool), trace=1.0)
    np.testing.assert_allclose(advantage[:, 0], [0.81 - 0.3, 0.9 - 0.2, 1.0 - 0.1], rtol=1e-6)
