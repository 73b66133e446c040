"""Sampling the posterior: a posterior known by quadrature, and planners and slips told apart where they differ."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mesascope.audit.objective.recovery.fit.bayesian import sample_objective
from mesascope.audit.objective.recovery.fit.chain import LITTLE, MATTER, SCALES
from mesascope.audit.objective.recovery.fit.choice_problem import OPTIMAL, SOFT, chosen_policy
from mesascope.core.errors import UsageError
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.worlds.transitions import level_from_matrix
from tests.levels import random_level, stack

ONE = dataclasses.replace(
    level_from_matrix(np.ones((1, 2, 1)), discount=0.9), attributes=np.eye(2)[None, :, None, :]
).batch()
TWO = AttributeRewards(("first", "second"))
NINE_OF_TEN = np.array([[[1.0, 9.0]]])
NAMES = ("a", "b", "c", "d")
SPACE = AttributeRewards(NAMES)


def exactly() -> tuple[float, float]:
    """The middle of the difference of two weights after nine of ten choices, and the chance that it is above 0."""
    difference, density = np.sinh(np.linspace(-22, 22, 200_001)), 0.0
    # Differences of two Cauchy weights are Cauchy, of the sum of their scales.
    for scale in SCALES:
        for share, size in (
            (MATTER**2, 2.0),
            (2 * MATTER * (1 - MATTER), 1 + LITTLE),
            ((1 - MATTER) ** 2, 2 * LITTLE),
        ):
            density = density + share / (scale * size * (1 + (difference / (scale * size)) ** 2))
    chosen = -9 * np.logaddexp(0, -difference) - np.logaddexp(0, difference)
    mass = density * np.exp(chosen) * np.gradient(difference)
    below = np.cumsum(mass) / mass.sum()
    return float(difference[(below < 0.5).sum()]), float(1 - below[(difference < 0).sum()])


@pytest.mark.parametrize("planner", [SOFT, OPTIMAL])
def test_nine_of_ten_choices(planner):
    """Some 200 effective draws: the middle is within .4 and the chance within .05 with probability above .99."""
    found = sample_objective(ONE, NINE_OF_TEN, TWO, seed=0, planners=(planner,), slips=(0.0,), steps=3000)
    draws = found.posterior.samples(1500)
    middle, positive = exactly()
    assert np.median(draws[:, 1] - draws[:, 0]) == pytest.approx(middle, abs=0.4)
    assert (draws[:, 1] > draws[:, 0]).mean() == pytest.approx(positive, abs=0.05)
    # The data say nothing about the sum, which is as wide as beforehand.
    assert np.std(np.sign(draws.sum(1))) > 0.8
    assert found.planners == {planner: 1.0}
    assert np.array_equal(draws, found.posterior.samples(1500))


def planted(parameter, *, planner: str, slips: float, count: int = 60, seed: int = 0):
    random = np.random.default_rng(seed)
    levels = stack([random_level(random, discount=0.8) for _ in range(4)])
    policy = chosen_policy(levels, SPACE, np.array(parameter), planner=planner, slips=slips)
    active = np.asarray(levels.reachable & ~levels.terminal)
    counts = np.stack([[random.multinomial(count, row / row.sum()) for row in table] for table in policy])
    return levels, counts * active[..., None]


def test_slips_are_told_from_softness():
    levels, counts = planted([30.0, -60.0, 0.0, 90.0], planner=OPTIMAL, slips=0.3)
    found = sample_objective(levels, counts.astype(float), SPACE, seed=1, steps=200)
    assert found.slips == pytest.approx(0.3, abs=0.06)
    direction = found.posterior.mean / np.linalg.norm(found.posterior.mean)
    assert direction @ np.array([1.0, -2.0, 0.0, 3.0]) / np.sqrt(14) > 0.9


def test_planners_are_told_apart():
    for planner in (SOFT, OPTIMAL):
        levels, counts = planted([1.0, -2.0, 0.0, 3.0], planner=planner, slips=0.0, count=400)
        found = sample_objective(levels, counts.astype(float), SPACE, seed=2, steps=100)
        assert found.planners[planner] > 0.9


def test_draws_vary_along_what_is_open():
    """Two attributes that always happen together: only their sum is known."""
    levels, counts = planted([1.0, -2.0, 0.0, 3.0], planner=SOFT, slips=0.0)
    attributes = np.asarray(levels.attributes).copy()
    attributes[..., 2] = attributes[..., 0]
    found = sample_objective(
        dataclasses.replace(levels, attributes=attributes), counts.astype(float), SPACE, seed=3, steps=400
    )
    draws = found.posterior.samples(200)
    apart, together = draws[:, 0] - draws[:, 2], draws[:, 0] + draws[:, 2]
    spread = [np.subtract(*np.quantile(one, [0.75, 0.25])) for one in (apart, together)]
    assert spread[0] > 4 * spread[1]


def test_counts_that_are_none_are_refused():
    for counts, message in ((np.zeros((1, 1, 2)), "all zero"), (np.ones((1, 2, 2)), "do not fit")):
        with pytest.raises(UsageError, match=message):
            sample_objective(ONE, counts, TWO, seed=0)
