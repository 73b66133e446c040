"""Goodhart's curves against the closed forms and published numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.goodhart import adversarial, causal, expected_maximum, extremal, regressional

NUMBERS = [10, 100, 1000, 10_000]


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        ("normal", [1.088, 1.773, 2.292, 2.724]),
        # Published samples gave 0.824, 0.715, 0.331 and 0.087; 160,000 draws of the third give 0.348 with a standard
        # error of 0.003, and large n approach the tail's 4 / proxy.
        ("student-3", [0.8256, 0.7189, 0.3495, 0.1609]),
        ("cauchy", [0.4116, 0.0627, 0.0063, 0.0006]),
    ],
)
def test_the_best_of_n_by_a_noisy_proxy(noise, expected):
    found = regressional(NUMBERS, noise=noise)
    assert np.allclose(found, expected, atol=0.002)


def test_normal_noise_shrinks_the_maximum():
    assert expected_maximum(2) == pytest.approx(1 / np.sqrt(np.pi), abs=1e-9)
    assert regressional([50], scale=2.0)[0] == pytest.approx(expected_maximum(50) / np.sqrt(5), abs=1e-9)


def test_heavy_tails_turn_selection_against_itself():
    normal, heavy = regressional(NUMBERS), regressional(NUMBERS, noise="student-3")
    assert (np.diff(normal) > 0).all()
    assert (np.diff(heavy) < 0).all()


def test_other_variants():
    pressure = np.linspace(0, 4, 9)
    curve = extremal(pressure, threshold=2.0)
    assert curve.turning_point == 2.0
    assert curve.truth[-1] == pytest.approx(0.0)
    selected, set_ = causal(pressure, correlation=0.7)
    assert np.allclose(selected.truth, 0.7 * pressure)
    assert not set_.truth.any()
    honest = adversarial(NUMBERS, share=0.0, gain=5.0)
    assert np.allclose(honest.truth, [expected_maximum(n) for n in NUMBERS], atol=1e-6)
    gamed = adversarial(NUMBERS, share=0.01, gain=5.0)
    assert (gamed.proxy > honest.proxy).all()
    assert gamed.turning_point < NUMBERS[-1] or gamed.truth[-1] < honest.truth[-1]
    everyone = adversarial([100], share=1.0, gain=3.0)
    assert everyone.truth[0] == pytest.approx(expected_maximum(100), abs=1e-4)
    assert everyone.proxy[0] == pytest.approx(expected_maximum(100) + 3, abs=1e-4)


def test_against_sampling():
    random = np.random.default_rng(0)
    values = random.normal(size=(20_000, 100))
    raised = random.random(values.shape) < 0.02
    best = (values + 4.0 * raised).argmax(1)
    truth = np.take_along_axis(values, best[:, None], 1).mean()
    # The standard error is below 0.01: five of them.
    assert adversarial([100], share=0.02, gain=4.0).truth[0] == pytest.approx(truth, abs=0.05)


def test_usage():
    with pytest.raises(UnknownNameError, match="normal"):
        regressional([10], noise="gauss")
    with pytest.raises(UsageError):
        regressional([0])
    with pytest.raises(UsageError):
        causal(np.ones(2), correlation=2.0)
    with pytest.raises(UsageError):
        adversarial([10], share=2.0, gain=1.0)
