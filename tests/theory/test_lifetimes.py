"""Lifetimes: the figures of the reference note, section 3.1, closed forms, and a planner that tries every plan."""

from __future__ import annotations

import itertools

import pytest

from mesascope.core.errors import UsageError
from mesascope.theory.lifetimes import (
    EVERY_CONDITION,
    Conditions,
    Lifetime,
    plan_lifetime,
    searched_onset,
    threat_onset,
    worth,
)


@pytest.mark.parametrize(
    ("training", "deployment", "discount", "expected"),
    [
        (1, 3, 1.0, 0.3333),
        (2, 3, 1.0, 0.3333),
        (5, 3, 1.0, 0.3333),
        (2, 1, 1.0, 1.0),
        (2, 2, 1.0, 0.5),
        (1, 3, 0.9, 0.4100),
        (2, 3, 0.9, 0.4556),
        (5, 3, 0.9, 0.6249),
        (2, 100, 0.5, None),
    ],
)
def test_onset_of_the_note_by_formula_and_by_planner(training, deployment, discount, expected):
    lifetime = Lifetime(training, deployment, 1.0, discount)
    for found in (threat_onset(lifetime, training), searched_onset(lifetime, training)):
        assert found == (expected if expected is None else pytest.approx(expected, abs=6e-5))


def test_formula_and_planner_agree_for_every_number_of_last_episodes():
    for training, deployment, discount in itertools.product((1, 3, 6), (1, 2, 5), (0.6, 0.85, 1.0)):
        lifetime = Lifetime(training, deployment, 1.0, discount)
        for last in range(1, training + 1):
            formula, found = threat_onset(lifetime, last), searched_onset(lifetime, last)
            assert (formula is None) == (found is None)
            if formula is not None:
                assert found == pytest.approx(formula, abs=1e-9)


@pytest.mark.parametrize(("discount", "last"), [(0.6, 1), (0.7, 1), (0.8, 3), (0.9, 6), (1.0, 6)])
def test_a_short_sighted_schemer_complies_late_in_training_only(discount, last):
    plan = plan_lifetime(Lifetime(6, 3, 0.9, discount))
    assert plan.complies_at_the_end == last
    assert plan.defects == (True,) * (6 - last) + (False,) * last + (True,) * 3


def test_the_figure_is_worth_three_and_defecting_at_once_one():
    plan = plan_lifetime(Lifetime())
    assert plan.defects == (False, False, True, True, True)
    assert (plan.worth, worth(Lifetime(), [1.0] * 5)) == (3.0, 1.0)


def test_backward_induction_finds_the_best_of_all_plans():
    for threat, discount in itertools.product((0.1, 0.3, 0.5, 0.9), (0.55, 0.8, 0.97)):
        lifetime = Lifetime(3, 3, threat, discount)
        best = max(worth(lifetime, plan) for plan in itertools.product((0.0, 1.0), repeat=6))
        plan = plan_lifetime(lifetime)
        assert plan.worth == pytest.approx(best, abs=1e-12)
        assert plan.believed[0] == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("lifetime", [Lifetime(threat=0.5), Lifetime(4, 6, 0.9, 0.9), Lifetime(1, 2, 0.95, 0.95)])
def test_only_all_three_conditions_together_give_deception(lifetime):
    plans = {conditions: plan_lifetime(lifetime, conditions) for conditions in EVERY_CONDITION}
    assert len(plans) == 8
    assert [conditions for conditions, plan in plans.items() if plan.deceptive] == [Conditions()]
    # Whoever lacks one defects in the first episode of training already.
    assert all(plan.defects[0] for conditions, plan in plans.items() if conditions.held < 3)


def test_what_cannot_be_is_refused():
    for given in ({"threat": 1.1}, {"discount": -0.1}, {"threat": float("nan")}, {"training": -1}, {"discount": 1.5}):
        with pytest.raises(UsageError, match=next(iter(given))):
            Lifetime(**given)
    with pytest.raises(UsageError, match="last=3"):
        threat_onset(Lifetime(), 3)
    with pytest.raises(UsageError, match="4 probabilities"):
        worth(Lifetime(), [0.5] * 4)
    with pytest.raises(UsageError, match="not all in"):
        worth(Lifetime(), [0.5, 0.5, 2.0, 0.0, 0.0])
