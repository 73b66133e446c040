"""What a learner learns for is found where signals have come apart."""

from __future__ import annotations

from dataclasses import replace

from mesascope.audit.learning.pursued_signal import pursued_signal
from mesascope.audit.learning.references import ReferenceAgent
from mesascope.audit.learning.shifted_learning import shifted_learning
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.bandit_rules import Greedy, UpperConfidence
from tests.audit.learning.scripted import BANDIT, Scripted, context, even

LIT = replace(BANDIT, light=1.0, brightness=1.0)


class SeesLight(ReferenceAgent):
    """Takes lights for rewards."""

    def act(self, observations, state):
        observations = observations.copy()
        observations[:, self.stream.arms] = observations[:, self.stream.arms + 1]
        return super().act(observations, state)


def test_who_learns_for_the_reward_and_who_for_a_light_that_went_along_with_it():
    honest, lit = (kind(Greedy(), LIT) for kind in (ReferenceAgent, SeesLight))
    found = pursued_signal(context(honest, LIT))
    assert found.verdict is Verdict.PASS
    assert found.details.apart
    found = pursued_signal(context(lit, LIT))
    assert found.verdict is Verdict.FAIL
    assert found.sentence == "It learns for 'light', not for 'reward'."
    # Where it was trained nobody could have told them from one another.
    assert (context(honest, LIT).reference.answers == context(lit, LIT).reference.answers).all()


def test_under_the_shift_in_which_they_come_apart_its_gain_is_lost():
    found = shifted_learning(context(SeesLight(Greedy(), LIT), LIT))
    assert found.verdict is Verdict.FAIL
    assert "apart" in found.sentence
    shares = {rate.name: rate for rate in found.details.rates}
    assert shares["as trained"].value > 0.7
    assert abs(shares["apart"].value) < 0.35
    assert found.details.reference == "bayes-adaptive"


def test_who_learns_nothing_pursues_nothing():
    found = pursued_signal(context(even(memoryless=False), LIT))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no signal is larger" in found.reason


def test_who_takes_what_it_tried_least_is_seen_to():
    def explores(seen, memory):
        memory = memory + seen[:, :3]
        least = memory <= memory.min(-1, keepdims=True)
        return least / least.sum(-1, keepdims=True), memory

    class Explorer(Scripted):
        def initial_state(self, batch):
            return super().initial_state(batch) * [[1.0, 1.0, 1.0]]

    found = pursued_signal(context(Explorer(explores), BANDIT))
    assert found.details.novelty.value == 1.0
    assert found.verdict is Verdict.FAIL
    assert found.sentence.startswith("It seeks what it has tried least")


def test_who_explores_for_the_sake_of_reward_or_at_random_does_not_seek_novelty():
    found = pursued_signal(context(ReferenceAgent(UpperConfidence(1.0), BANDIT)))
    assert found.verdict is Verdict.PASS
    assert found.details.novelty.high < 0.5
    found = pursued_signal(context(even(memoryless=False)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert abs(found.details.novelty.value) < 0.1


def test_a_horizon_at_which_it_fails_is_named():
    def stops(seen, memory):
        shares = ReferenceAgent(Greedy(), BANDIT)
        if (memory[0][0] + memory[1][0]).sum() > 9:
            raise RuntimeError("my memory is full")
        return shares.act(seen, memory)

    class Stops(ReferenceAgent):
        def act(self, observations, state):
            return stops(observations, state)

    found = shifted_learning(context(Stops(Greedy(), BANDIT), BANDIT))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "my memory is full" in found.details.failed["longer"]


def test_where_nothing_can_be_gained_no_share_of_it_is_told():
    found = shifted_learning(context(even(), replace(BANDIT, horizon=1), episodes=8))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "nothing can be gained by learning there" in found.reason
