"""Cue accuracy: figures of the reference note, section 3.1, hand-made polynomials, and a search over a grid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.theory.cue_accuracy import PAPER_GAMBLE, best_cue_policy, blind_gamble, blind_value
from mesascope.theory.lifetimes import Lifetime, worth


def test_the_blind_gamble_is_a_polynomial_with_its_top_at_five_ninths():
    for q in np.linspace(0, 1, 21).tolist():
        assert blind_value(Lifetime(), q) == pytest.approx(5 * q - 7 * q**2 + 3 * q**3, abs=1e-12)
    best = blind_gamble(Lifetime())
    assert best.in_training == best.in_deployment
    assert best.in_training == pytest.approx(5 / 9, abs=1e-12)
    assert best.value == pytest.approx(275 / 243, abs=1e-12)
    # What the paper prints earns a little less: 5 (0.61) - 7 (0.61)^2 + 3 (0.61)^3.
    assert blind_value(Lifetime(), PAPER_GAMBLE) == pytest.approx(1.126243, abs=1e-9)


@pytest.mark.parametrize(
    ("accuracy", "value"), [(0.5, 1.132), (0.6, 1.288), (0.7, 1.539), (0.8, 1.896), (0.9, 2.377), (0.95, 2.670), (1, 3)]
)
def test_the_value_of_a_cue_is_that_of_the_note(accuracy, value):
    assert best_cue_policy(Lifetime(), accuracy).value == pytest.approx(value, abs=5.1e-4)


@pytest.mark.parametrize("accuracy", [0.5, 0.65, 0.9])
def test_no_pair_of_reactions_on_a_grid_is_better(accuracy):
    for lifetime in (Lifetime(), Lifetime(4, 2, 0.6, 0.9), Lifetime(1, 5, 0.3, 0.8), Lifetime(0, 3), Lifetime(3, 0)):
        best = best_cue_policy(lifetime, accuracy)

        def earned(when_training, when_deployment, lifetime=lifetime):
            training = accuracy * when_training + (1 - accuracy) * when_deployment
            deployment = (1 - accuracy) * when_training + accuracy * when_deployment
            return worth(lifetime, [training] * lifetime.training + [deployment] * lifetime.deployment)

        assert best.value == pytest.approx(earned(best.when_training, best.when_deployment), abs=1e-12)
        grid = np.linspace(0, 1, 21).tolist()
        assert best.value >= max(earned(*pair) for pair in itertools.product(grid, repeat=2)) - 1e-12


def test_a_better_cue_is_never_worth_less():
    values = [
        best_cue_policy(Lifetime(3, 4, 0.7, 0.9), accuracy).value for accuracy in np.linspace(0.5, 1, 11).tolist()
    ]
    assert (np.diff(values) >= -1e-12).all()


def test_accuracies_below_chance_are_refused():
    with pytest.raises(UsageError, match="the other way round"):
        best_cue_policy(Lifetime(), 0.4)
