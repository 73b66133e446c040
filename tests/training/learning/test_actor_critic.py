"""Actor-critic on streams: advantages as computed by hand, what is credited, and what cannot be trained so."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.core.errors import TrainingError, UsageError
from mesascope.training.learning.actor_critic import ActorCritic, generalised_advantages
from mesascope.training.run import train
from mesascope.training.stream_task import StreamTask
from mesascope.worlds.streams.bandits import Bandits, BanditTask

NETWORK = LSTMSpec(width=3, input_gain=5.0)


@dataclass(frozen=True)
class Even(Bandits):
    """Bandits whose chances are drawn by a program that is compiled in no time."""

    def sample(self, *, key):
        return BanditTask(*jax.random.uniform(key, (2, self.arms)))


def test_advantages_wait_for_what_came_or_believe_the_next_value():
    rewards, values = jnp.array([[1.0, 0.0, 2.0]]), jnp.array([[0.5, 0.25, 1.0]])
    np.testing.assert_allclose(generalised_advantages(rewards, values, 1.0), [[2.5, 1.75, 1.0]])
    np.testing.assert_allclose(generalised_advantages(rewards, values, 0.0), [[0.75, 0.75, 1.0]])
    # By hand, from the last step back.
    np.testing.assert_allclose(generalised_advantages(rewards, values, 0.5), [[1.375, 1.25, 1.0]])


@pytest.mark.slow
def test_trains_on_short_episodes_first_and_counts_what_whole_ones_earn():
    optimizer = ActorCritic(updates=4, episodes=8, alike=4, expected_credit=True, horizons=(1,))
    trained = train(optimizer, StreamTask(Even(arms=2, horizon=3), NETWORK))
    earned = trained.curve["return"][:, 0]
    assert earned[:2].max() <= 1
    assert earned[2:].max() > 1
    assert all(np.isfinite(values).all() for values in trained.curve.values())


def test_an_update_is_finite_and_moves_weights_also_without_company():
    task = StreamTask(Even(arms=2, horizon=3), NETWORK)
    trained = train(ActorCritic(updates=1, episodes=4, alike=1), task)
    assert all(np.isfinite(values).all() for values in trained.curve.values())
    assert trained.curve["gradient norm"][0, 0] > 0
    assert trained.curve["entropy"][0, 0] == pytest.approx(np.log(2), abs=0.01)


@dataclass(frozen=True)
class Silent(Even):
    """Bandits that do not say what an arm pays on average."""

    def expected(self, task, answer):
        return None


@dataclass(frozen=True)
class Numbers(Even):
    """Bandits without arms."""

    actions = ()


@pytest.mark.parametrize(("stream", "message"), [(Silent(), "expected_credit=False"), (Numbers(), "UnrolledGradient")])
def test_what_cannot_be_trained_so_is_said(stream, message):
    with pytest.raises(TrainingError, match=message):
        train(ActorCritic(updates=1, episodes=2, alike=2, expected_credit=True), StreamTask(stream, NETWORK))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizons": (0,)}, "horizons"),
        ({"episodes": 12, "alike": 8}, "alike=8"),
        ({"trace": 1.5}, "trace=1.5"),
        ({"clip": 0.0}, "clip=0.0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        ActorCritic(**settings)
