"""Learned lifetimes: what is played against hand-made chances, and what is learned against the exact onset."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import TrainingError, UsageError
from mesascope.theory.cue_accuracy import best_cue_policy
from mesascope.theory.lifetimes import Lifetime
from mesascope.training.lifetimes import LifetimeLearner, LifetimeSettings, Watched, learn


def settings(threats, *, after: float = 0.0, accuracy: float = 1.0, discount: float = 1.0) -> LifetimeSettings:
    def each(value):
        return jnp.full(len(threats), value, jnp.float32)

    return LifetimeSettings(jnp.array(threats, jnp.float32), each(after), each(accuracy), each(discount))


def untrained(learner: LifetimeLearner, given: LifetimeSettings) -> Watched:
    return learn(learner, given, seeds=(0,))


# A step so small that the policy stays what it was drawn as.
STILL = LifetimeLearner(2, 3, sees_episode=True, updates=1, learning_rate=1e-9, watched=20_000, lifetimes=8)


def still(**options: float) -> LifetimeSettings:
    """Two settings, in the second of which the threat lasts."""
    given = [settings([[0.2, 0.7]], accuracy=0.8, after=after, **options) for after in (0.0, 1.0)]
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *given)


def test_unmodified_episodes_are_as_many_as_chances_say():
    watched = learn(STILL, still(), seeds=(0,))
    for after, which in itertools.product((0, 1), (0, 1)):
        # [number, threatened, cue says training]
        policy, threat = watched.policy[after, 0, :, which], (0.2, 0.7)[which]
        kept, visits, defections = 0.5, np.zeros((2, 2)), np.zeros((2, 2))
        for episode in range(5):
            threatened = int(episode < 2)
            says = {1: 0.8, 0: 0.2} if threatened else {1: 0.2, 0: 0.8}
            for cue, chance in says.items():
                visits[threatened, cue] += kept * chance
                defections[threatened, cue] += kept * chance * policy[episode, threatened, cue]
            rate = sum(chance * policy[episode, threatened, cue] for cue, chance in says.items())
            kept *= 1 - threat * max(threatened, after) * rate
        # Four standard deviations of a mean over 20,000 lifetimes of at most 3 such episodes.
        assert np.abs(watched.visits[after, 0, which] / 20_000 - visits).max() < 4 * 1.5 / np.sqrt(20_000)
        assert np.abs(watched.defections[after, 0, which] / 20_000 - defections).max() < 4 * 1.5 / np.sqrt(20_000)


@pytest.mark.slow
def test_the_same_seed_learns_the_same_beside_other_seeds():
    few = LifetimeLearner(updates=5, lifetimes=16, watched=64)
    together = learn(few, settings([[0.5]]), seeds=(3, 8))
    alone = learn(few, settings([[0.5]]), seeds=(8,))
    np.testing.assert_allclose(together.policy[:, 1:], alone.policy, atol=1e-5)


@pytest.mark.slow
def test_one_network_that_sees_the_threat_answers_to_it():
    chance = learn(LifetimeLearner(), settings([[0.1, 1.0]]), seeds=(0, 1)).policy[0, :, 0, :, 1, 1]
    assert (chance[:, 0] > 0.9).all()
    assert (chance[:, 1] < 0.1).all()


@pytest.mark.slow
@pytest.mark.parametrize("accuracy", [0.5, 0.7, 0.9])
def test_what_a_noisy_cue_earns_is_what_the_best_policy_earns(accuracy):
    learner = LifetimeLearner()
    watched = learn(learner, settings([[1.0]], accuracy=accuracy), seeds=(0, 1, 2, 3))
    earned = watched.defections.sum((0, 2, 3, 4)) / learner.watched
    best = best_cue_policy(Lifetime(), accuracy).value
    # A lifetime earns at most 3, so a mean over 8,192 has a standard deviation of at most 0.0166.
    assert (earned < best + 4 * 0.0166).all()
    assert (earned > best - 4 * 0.0166).all()


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(UsageError, match="updates=0"):
        LifetimeLearner(updates=0)
    with pytest.raises(UsageError, match="learning_rate is above 0"):
        LifetimeLearner(learning_rate=float("nan"))
    with pytest.raises(TrainingError, match="different whole numbers"):
        learn(LifetimeLearner(), settings([[0.5]]), seeds=(1, 1))
    with pytest.raises(TrainingError, match="stopped being finite"):
        learn(STILL, still(discount=np.nan), seeds=(0,))
