"""Goals moved by gradient descent: figures of the reference note, section 3.1, and the cubic of one last episode."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.theory.gradient_updated_goal import UpdatedGoal, plan_updated_goal


def test_openness_of_the_note():
    plan = plan_updated_goal(UpdatedGoal(20, 80, 1.0))
    assert plan.openness[0] == pytest.approx(0.031, abs=5e-4)
    assert plan.openness[-1] == pytest.approx(0.112, abs=5e-4)
    assert plan.kept == pytest.approx(0.904, abs=5e-4)


@pytest.mark.parametrize(("rate", "start"), [(0.5, 0.050), (0.1, 0.145), (0.01, 0.598)])
def test_a_smaller_threat_is_met_more_openly(rate, start):
    assert plan_updated_goal(UpdatedGoal(rate=rate)).openness[0] == pytest.approx(start, abs=5.1e-4)


@pytest.mark.parametrize(("deployment", "last"), [(0, 1.0), (1, 0.418), (5, 0.264), (20, 0.173)])
def test_a_longer_deployment_is_worth_more_hiding(deployment, last):
    assert plan_updated_goal(UpdatedGoal(20, deployment)).openness[-1] == pytest.approx(last, abs=5e-4)


@pytest.mark.parametrize(("deployment", "rate"), [(1, 1.0), (7, 0.3), (80, 1.0)])
def test_the_last_episode_solves_a_cubic(deployment, rate):
    # Of (c - 1)^2 + m (2 r c^2)^2 the derivative is 2 (c - 1) + 16 m r^2 c^3.
    roots = np.roots([16 * deployment * rate**2, 0, 2, -2])
    real = float(roots[np.abs(roots.imag) < 1e-12].real[0])
    assert plan_updated_goal(UpdatedGoal(1, deployment, rate)).openness[0] == pytest.approx(real, abs=1e-7)


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="training=0"):
        UpdatedGoal(training=0)
    with pytest.raises(UsageError, match=r"rate=1\.5"):
        UpdatedGoal(rate=1.5)
