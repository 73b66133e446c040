"""Episodes of anybody's agent: the same chances whatever is made void, and faults that are named."""

from __future__ import annotations

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.audit.learning.episodes import play
from mesascope.audit.learning.references import ReferenceAgent
from mesascope.core.errors import AgentError, WorldError
from mesascope.core.random import root_key
from mesascope.planning.learners.bayes_bandit import BayesAdaptive, bayes_value
from mesascope.worlds.streams.bandits import Bandits
from tests.audit.learning.scripted import BANDIT, EPISODES, Scripted, even, learner


def played(agent, stream=BANDIT, **options):
    return play(agent, stream, episodes=EPISODES, key=root_key(0), **options)


def test_what_is_observed_is_what_was_done_and_got():
    found = played(learner())
    assert found.observations.shape == (EPISODES, 9, 5)
    assert not found.observations[:, 0].any()
    assert (found.observations[:, 1:, :3].argmax(-1) == found.answers[:, :-1]).all()
    np.testing.assert_array_equal(found.observations[:, 1:, 3], found.base[:, :-1])
    assert set(np.unique(found.base)) == {0.0, 1.0}


def test_the_best_learner_earns_what_can_be_earned():
    # Exact: three arms, nine pulls.
    found = played(ReferenceAgent(BayesAdaptive(), BANDIT))
    assert abs(found.base.sum(1).mean() - bayes_value(3, 9)) < 4 * found.base.sum(1).std() / EPISODES**0.5


def test_the_same_key_gives_the_same_tasks_and_chances_whatever_is_void():
    one, again, shuffled, frozen = (
        played(learner()),
        played(learner()),
        played(learner(), feedback="shuffled"),
        played(learner(), memory="frozen"),
    )
    for other in (again, shuffled, frozen):
        np.testing.assert_array_equal(one.tasks.pays, other.tasks.pays)
        # Before anything was seen all of them do the same.
        np.testing.assert_array_equal(one.signals[:, 0], other.signals[:, 0])
    np.testing.assert_array_equal(one.signals, again.signals)
    # A memory that stays empty knows the last pull alone.
    assert (frozen.outputs == played(learner(), memory="frozen").outputs).all()


def test_shuffled_feedback_is_that_of_another_episode_and_only_that():
    found = played(even(), feedback=("reward",))
    np.testing.assert_array_equal(found.observations[:, 1:, 3], np.roll(found.base[:, :-1], 1, axis=0))
    assert (found.observations[:, 1:, :3].argmax(-1) == found.answers[:, :-1]).all()


def test_a_memory_that_holds_nan_and_answers_that_are_none_are_named():
    def rots(seen, memory):
        return np.full((len(seen), 3), 1 / 3), np.where(memory > 1.5, np.nan, memory + 1)

    assert played(Scripted(rots, name="rotten")).nan_from == 3

    def speaks_of_it(seen, memory):
        return np.full((len(seen), 3), 1 / 3) + 0 * memory.mean(), np.where(memory > 1.5, np.nan, memory + 1)

    with pytest.raises(AgentError, match=r"are NaN.*in step 4\. Its memory has held NaN since step 3"):
        played(Scripted(speaks_of_it, name="says so"))
    with pytest.raises(AgentError, match=r"do not sum to one.*in step 1"):
        played(Scripted(lambda seen, memory: (np.ones((len(seen), 3)), memory)))


@dataclasses.dataclass(frozen=True)
class Broken(Bandits):
    """Rewards that are no numbers."""

    horizon: int = 2
    arms: int = 3

    def step(self, task, state, answer, *, key):
        state, seen, signals = super().step(task, state, answer, key=key)
        return state, seen, signals / jnp.zeros(())


def test_rewards_that_are_no_numbers_are_named():
    with pytest.raises(WorldError, match="'bandits' brings signals that are no finite numbers in 200"):
        played(even(), Broken())


@dataclasses.dataclass(frozen=True)
class Misplaced(Bandits):
    """Feedback where nothing is observed."""

    feedback = {"reward": (0, 70)}


def test_feedback_outside_of_what_is_observed_is_named():
    with pytest.raises(WorldError, match=r"entries \[0, 70\] .* feedback of 'reward'"):
        played(even(), Misplaced())
