"""Perturbations estimate the gradient of whole episodes, and on parts of them do so only where they add up."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.training.base_optimizer import Learner
from mesascope.training.learning.perturbation import Perturbation
from mesascope.training.stream_task import StreamTask
from tests.training.learning.toy import HALVES, Pushed, TwoSpec, exact

TASK = StreamTask(Pushed(), TwoSpec())
PAIRS = 40_000


@eqx.filter_jit
def estimated(optimizer, key):
    """The estimates of both halves of an episode, `[2, 2]`, with weights that stay as they are."""
    key_begin, *keys = jax.random.split(key, 3)
    learner, slopes = optimizer.begin(TASK, key=key_begin), []
    for index, one in enumerate(keys):
        particles, slope, _ = optimizer.estimate(TASK, learner, jnp.int32(index), key=one)
        learner = Learner(learner.parameters, learner.optimizer, particles)
        slopes.append(slope.numbers)
    return jnp.stack(slopes)


def test_perturbations_that_add_up_are_unbiased_and_others_are_not():
    # What is smoothed is a quadratic, so that smoothing leaves its gradient as it is.
    optimizer = Perturbation(pairs=PAIRS, episodes=1, spread=0.1, truncation=HALVES)
    whole, first = np.array(exact(2)), np.array(exact(1))
    both = estimated(optimizer, jax.random.key(0))
    np.testing.assert_allclose(both[0], first, rtol=0.03)
    np.testing.assert_allclose(both.mean(0), whole, rtol=0.05)
    short = estimated(
        Perturbation(pairs=PAIRS, episodes=1, spread=0.1, truncation=HALVES, persistent=False), jax.random.key(0)
    )
    assert np.abs(short.mean(0) - whole).max() > 1


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="pairs=1"):
        Perturbation(pairs=1)
    with pytest.raises(UsageError, match="spread=0"):
        Perturbation(spread=0.0)
