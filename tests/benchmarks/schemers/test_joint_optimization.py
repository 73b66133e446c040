from __future__ import annotations

import numpy as np
import pytest
from schemers.joint_optimization import TwoGoals, descend, exact_path

from mesascope.core.errors import UsageError


@pytest.mark.parametrize("start", [TwoGoals(0.5, 1.0), TwoGoals(0.5, 0.4), TwoGoals(0.5, 0.5), TwoGoals(1.0, 1.5)])
def test_gradient_descent_follows_the_closed_form(start):
    followed = descend(start, rate=1e-3, steps=4000)
    exact = exact_path(start, followed.times)
    # Euler's error is of the order of the rate.
    np.testing.assert_allclose(followed.share, exact.share, atol=2e-3)
    np.testing.assert_allclose(followed.distance, exact.distance, atol=2e-3)


def test_the_closed_form_solves_the_flow():
    times = np.linspace(0, 3, 30_001)
    for start in (TwoGoals(0.5, 1.0), TwoGoals(0.7, 0.4), TwoGoals(0.6, 0.6)):
        path = exact_path(start, times)
        for value, slope in (
            (path.share, -2 * path.share * path.distance**2),
            (path.distance, -2 * path.share**2 * path.distance),
        ):
            np.testing.assert_allclose(np.gradient(value, times)[1:-1], slope[1:-1], atol=1e-6)
        np.testing.assert_allclose(path.share**2 - path.distance**2, start.share**2 - start.distance**2, atol=1e-12)


def test_pursuing_both_drifts_and_pure_deception_stands_still():
    joint, pure = (descend(TwoGoals(share, 1.0)) for share in (0.5, 0.0))
    assert joint.drift == pytest.approx(1 - np.sqrt(0.75), abs=1e-3)
    # How a length of 1 comes out in its last bit is the processor's affair; that it never changes is not.
    assert pure.drift == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(pure.distance, pure.distance[0], rtol=1e-12)


def test_joint_optimization_ends_in_deception_or_in_internalisation():
    far, near = TwoGoals(0.5, 1.0), TwoGoals(0.5, 0.3)
    assert (far.final_share, far.final_distance) == (0.0, pytest.approx(np.sqrt(0.75)))
    assert (near.final_share, near.final_distance) == (pytest.approx(0.4), 0.0)
    for start in (far, near):
        end = exact_path(start, np.array([0.0, 40.0]))
        assert end.share[-1] == pytest.approx(start.final_share, abs=1e-6)
        assert end.distance[-1] == pytest.approx(start.final_distance, abs=1e-6)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="share=2"):
        TwoGoals(2.0)
    with pytest.raises(UsageError, match="distance=nan"):
        TwoGoals(distance=float("nan"))
    with pytest.raises(UsageError, match="finite"):
        exact_path(TwoGoals(), np.array([np.inf]))
    with pytest.raises(UsageError, match="rate=1"):
        descend(TwoGoals(), rate=1.0)
