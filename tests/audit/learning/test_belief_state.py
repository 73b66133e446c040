"""Beliefs are read where they are held, and not where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mesascope.agents.activations import Captured
from mesascope.audit.learning.belief_state import BELIEF_STATE, belief_state
from mesascope.audit.learning.references import ReferenceAgent
from mesascope.audit.run import run_assay
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_rules import Greedy, posterior_means
from mesascope.worlds.streams.regression import Regression
from tests.audit.learning.scripted import BANDIT, Scripted, context, learner


class Open(ReferenceAgent):
    """Chooses by its beliefs, which stand open; or by others, and shows those."""

    holds = True

    def sites(self):
        return ("belief",)

    def step(self, observations, state, patches=None):
        _, memory = self.act(observations, state)
        history = BanditHistory(*memory[:2], np.zeros(memory[0].shape[:2], int) - 1, np.zeros(memory[0].shape[:2]), 9)
        beliefs = posterior_means(history, 1.0, 1.0)[:, 0]
        shown = beliefs if self.holds else np.random.default_rng(0).random(beliefs.shape)
        shown = shown if patches is None else np.asarray(patches["belief"], float)
        weights = np.exp(8 * (shown if self.holds else beliefs))
        return Captured(weights / weights.sum(-1, keepdims=True), memory, {"belief": shown})


def test_beliefs_are_read_and_written():
    found = belief_state(context(Open(Greedy(), BANDIT)))
    assert found.verdict is Verdict.PASS
    assert found.sentence == "Its activations hold what each arm is expected to pay, and it chooses by that."
    own, seen = found.details.lines
    assert min(value for value in own.values[1:]) > 0.99
    assert seen.values[-1] < 0.7
    assert found.details.raised.low > 0.1
    assert abs(found.details.random.value) < 0.05


def test_who_does_not_hold_them_is_not_said_to():
    agent = Open(Greedy(), BANDIT)
    agent.holds = False
    found = belief_state(context(agent))
    assert found.verdict is Verdict.FAIL


def test_without_activations_nothing_is_read():
    found = run_assay(BELIEF_STATE, context(learner()))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "shows no activations" in found.reason


def test_beliefs_are_about_the_signal_that_is_shown():
    lit = replace(BANDIT, reward_seen=0.0, light=1.0, brightness=1.0)

    class SeesLight(Open):
        def act(self, observations, state):
            # The light stands where the reward would.
            return super().act(np.roll(observations, -1, axis=1), state)

    found = belief_state(context(SeesLight(Greedy(), BANDIT), lit))
    assert found.verdict is Verdict.PASS
    assert found.sentence.startswith("Its activations hold how often each arm brings 'light'")
    dark = belief_state(context(SeesLight(Greedy(), BANDIT), replace(lit, brightness=0.0)))
    assert dark.verdict is Verdict.INCONCLUSIVE
    assert "shown no signal" in dark.reason


def test_where_there_are_no_arms_nothing_is_asked():
    stream = Regression(dimensions=2, examples=3)
    asked = context(Scripted(lambda seen, memory: (seen[:, :1], memory)), stream, episodes=8)
    assert run_assay(BELIEF_STATE, asked) is None
