"""Goodhart's curves against the closed forms and published numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.theory.goodhart import expected_maximum, regressional

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


def test_usage():
    with pytest.raises(UnknownNameError, match="normal"):
        regressional([10], noise="gauss")
    with pytest.raises(UsageError):
        regressional([0])
