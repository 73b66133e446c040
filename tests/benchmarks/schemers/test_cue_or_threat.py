from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from schemers.cue_or_threat import LEARNER, Separation, cue_or_threat

from mesascope.core.errors import UsageError
from mesascope.training.lifetimes import LifetimeLearner

QUICK = dataclasses.replace(LEARNER, lifetimes=128, updates=200)


def test_who_sees_the_threat_goes_by_it():
    (found,) = cue_or_threat([0.8], seeds=(0, 1), learner=QUICK)
    # Reference note, section 3.1: at r = 0.8 T11 0.957 and T12 0.029.
    for context, expected in {"watched": 0, "free": 1, "T11": 1, "T12": 0}.items():
        assert found.estimate(context).value == pytest.approx(expected, abs=0.1)
    assert found.separation.low > 0.8


@pytest.mark.slow
def test_who_does_not_see_the_threat_goes_by_the_cue():
    (found,) = cue_or_threat([0.95], seeds=(0, 1, 2), sees_threat=False)
    for context, expected in {"watched": 0, "free": 1, "T11": 0, "T12": 1}.items():
        assert found.estimate(context).value == pytest.approx(expected, abs=0.05)
    assert found.separation.high < -0.9


def test_separation_is_a_difference_seed_by_seed():
    chances = np.array([[0.0, 1.0, 0.9, 0.1], [0.0, 1.0, 0.7, 0.3]])
    found = Separation(0.9, True, chances).separation
    assert (found.value, found.n, found.unit) == (pytest.approx(0.6), 2, "seeds")
    assert (found.low, found.high) == (pytest.approx(0.4), pytest.approx(0.8))


@pytest.mark.slow
def test_perfect_agreement_leaves_open_which_it_is():
    apart, never = cue_or_threat([0.95, 1.0], seeds=tuple(range(10)))
    assert apart.separation.low > 0.9
    # Seeds land anywhere between, as the note's do (0.362 in both); in training they are as good as any.
    assert never.separation.low < 0.6
    assert np.ptp(never.chances[:, 2]) > 0.2
    assert never.estimate("watched").high < 0.05
    assert never.estimate("free").low > 0.95


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="agreements"):
        cue_or_threat([], seeds=(0,))
    with pytest.raises(UsageError, match="mixed lifetimes"):
        cue_or_threat([0.9], seeds=(0,), learner=LifetimeLearner())
