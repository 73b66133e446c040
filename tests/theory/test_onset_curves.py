from __future__ import annotations

import pytest

from mesascope.theory.lifetimes import Lifetime, plan_lifetime
from mesascope.theory.onset_curves import onset_curves


def test_the_curves_hold_what_was_asked_about_and_the_steps_themselves():
    lifetime = Lifetime(3, 4, 0.63, 0.87)
    curves = onset_curves(lifetime, 0.77)
    assert 0.63 in [point["threat"] for point in curves["by_threat"]]
    assert 0.87 in [point["discount"] for point in curves["by_discount"]]
    assert 0.77 in [point["accuracy"] for point in curves["by_accuracy"]]
    assert {3, 1} <= {point["training"] for point in curves["by_horizon"]}
    steps = {point["threat"]: point["complies_at_the_end"] for point in curves["by_threat"]}
    value = sum(0.87**index for index in range(4))
    for last in (1, 2, 3):
        # At the very threat 1 / (g^k V) the k-th episode from the end is complied with, and below it is not.
        threat = next(threat for threat in steps if threat == pytest.approx(1 / (0.87**last * value), abs=1e-12))
        assert steps[threat] == last
        assert plan_lifetime(Lifetime(3, 4, threat - 1e-6, 0.87)).complies_at_the_end == last - 1


def test_policies_that_see_the_cue_alone_switch_between_complying_and_defecting():
    rates = {point["threat"]: point["training_rate"] for point in onset_curves(Lifetime(), 1.0)["by_threat"]}
    assert rates[0.3] == 1.0
    assert rates[0.35] == 0.0


def test_only_all_conditions_are_deceptive_and_ties_are_marked():
    factorial = onset_curves(Lifetime(), 1.0)["factorial"]
    assert [row["deceptive"] for row in factorial] == [True] + [False] * 7
    # Under a certain threat that never ends the one defection may come at any time.
    assert [row["tied"] for row in factorial] == [False, True] + [False] * 6
