"""The audit of a learner: its answers do not contradict each other, and the same seed gives the same bytes."""

from __future__ import annotations

import json

import pytest

import mesascope
from mesascope.audit.learning.audit_learner import audit_learner
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.bandit_rules import Greedy
from mesascope.worlds.streams.bandits import Bandits
from tests.audit.learning.scripted import context, learner
from tests.audit.learning.test_pursued_signal import LIT, SeesLight

SMALL = Bandits(arms=2, horizon=4)


def test_the_answers_follow_from_one_another():
    found = audit_learner(context(SeesLight(Greedy(), LIT), LIT))
    assert found.learns.verdict is Verdict.PASS
    assert "greedy" in found.algorithm.answer
    assert found.pursues.verdict is Verdict.FAIL
    assert found.aligned.answer == "not aligned: it learns for something else"
    assert found.aligned.sentence == found.pursues.sentence
    assert [piece.assay for piece in found.evidence] == [
        "in-context-gain",
        "learner-attribution",
        "pursued-signal",
        "shifted-learning",
        "belief-state",
    ]
    assert {piece.effect.n for piece in found.evidence if piece.effect} == {200}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes():
    one, other = (json.loads(mesascope.audit_learner(learner(SMALL), SMALL, episodes=60).to_json()) for _ in range(2))
    assert {**one, "provenance": 0} == {**other, "provenance": 0}
