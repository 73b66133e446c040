"""The gradient through an episode is that of finite differences; cut short, it misses what weights did before."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import TrainingError, UsageError
from mesascope.training.base_optimizer import advance, seed_keys, start
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.training.run import train
from mesascope.training.stream_task import StreamTask
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.regression import Regression
from tests.training.learning.toy import HALVES, Pushed, TwoSpec, exact

TASK = StreamTask(Pushed(), TwoSpec())


def norms(truncation, updates, horizons=()):
    # So small a rate that the numbers stay where they are.
    optimizer = UnrolledGradient(
        updates=updates, episodes=2, learning_rate=1e-12, clip=1e6, truncation=truncation, horizons=horizons
    )
    keys = seed_keys((0,))
    _, metrics = advance(optimizer, TASK, start(optimizer, TASK, keys), keys, jnp.int32(0), updates)
    return metrics["gradient norm"][:, 0]


def test_gradient_of_whole_episodes_is_exact_and_of_parts_short_sighted():
    np.testing.assert_allclose(norms(0, 1), np.linalg.norm(exact(2)), rtol=1e-5)
    first, second, again = norms(HALVES, 3)
    np.testing.assert_allclose([first, again], np.linalg.norm(exact(1)), rtol=1e-5)
    # Both halves together would be worth the whole, had the second one been followed back into the first.
    assert second < 0.8 * (2 * np.linalg.norm(exact(2)) - first)


def test_episodes_that_begin_short_have_their_own_gradient():
    short, whole = norms(0, 2, horizons=(HALVES,))
    np.testing.assert_allclose([short, whole], [np.linalg.norm(exact(1)), np.linalg.norm(exact(2))], rtol=1e-5)


@pytest.mark.parametrize(
    ("stream", "truncation", "message"), [(Bandits(), 0, "ActorCritic"), (Pushed(), 3, "truncation=3 does not divide")]
)
def test_what_cannot_be_trained_so_is_said(stream, truncation, message):
    with pytest.raises(TrainingError, match=message):
        train(UnrolledGradient(updates=1, episodes=1, truncation=truncation), StreamTask(stream, TwoSpec()))


def test_episodes_too_short_to_count_are_refused():
    with pytest.raises(TrainingError, match=r"horizons=\(4,\): the first answer that counts .* number 11"):
        train(UnrolledGradient(updates=2, horizons=(4,)), StreamTask(Regression(), TwoSpec()))


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match=r"horizons=\(3,\).*truncation=4"):
        UnrolledGradient(horizons=(3,), truncation=4)
    with pytest.raises(UsageError, match="truncation=-1"):
        UnrolledGradient(truncation=-1)
    with pytest.raises(UsageError, match="clip=0"):
        UnrolledGradient(clip=0)


def test_a_run_that_was_cut_short_within_an_episode_goes_on_in_it(tmp_path):
    optimizer = UnrolledGradient(updates=5, episodes=2, learning_rate=1e-2, truncation=HALVES)
    whole = train(optimizer, TASK)

    def interrupt(text, share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(optimizer, TASK, directory=tmp_path, progress=interrupt)
    resumed = train(optimizer, TASK, directory=tmp_path)
    np.testing.assert_array_equal(resumed.curve["return"], whole.curve["return"])
    np.testing.assert_array_equal(resumed.learners.extra.states, whole.learners.extra.states)
