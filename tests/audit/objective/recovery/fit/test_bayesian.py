"""The posterior of choices: one known by quadrature, weights drawn from the prior, planners and slips told apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mesascope.audit.objective.recovery.fit.bayesian import sample_objective
from mesascope.audit.objective.recovery.fit.choice_problem import OPTIMAL, SOFT, choice_problem, chosen_policy
from mesascope.audit.objective.recovery.fit.rays import SPAN, reaches
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
    difference = np.linspace(-40, 40, 200_001)
    # Each weight is paid for ever: of an attribute ten times a unit can be had at discount .9.
    density = np.exp(-0.25 * (difference / (SPAN / 10)) ** 2)
    mass = density * np.exp(-9 * np.logaddexp(0, -difference) - np.logaddexp(0, difference))
    below = np.cumsum(mass) / mass.sum()
    return float(difference[(below < 0.5).sum()]), float(1 - below[(difference < 0).sum()])


@pytest.mark.parametrize("planner", [SOFT, OPTIMAL])
def test_nine_of_ten_choices(planner):
    """160 draws: the middle is within .5 and the chance within .06 with probability above .99."""
    found = sample_objective(ONE, NINE_OF_TEN, TWO, seed=0, planners=(planner,), slips=(0.0,), doubt=1.0)
    draws = found.posterior.samples(160)
    middle, positive = exactly()
    assert np.median(draws[:, 1] - draws[:, 0]) == pytest.approx(middle, abs=0.5)
    assert (draws[:, 1] > draws[:, 0]).mean() == pytest.approx(positive, abs=0.06)
    # The data say nothing about the sum, which is as wide as beforehand.
    assert draws.sum(1).std() == pytest.approx(np.sqrt(2) * SPAN / 10, rel=0.25)
    assert found.planners == {planner: 1.0}
    assert np.array_equal(draws, found.posterior.samples(160))


def test_intervals_cover_what_is_drawn_beforehand():
    """Simulation-based calibration (Talts et al. 2018): 48 intervals of 90 %, drawn four at a time."""
    held = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        levels = stack([random_level(random, discount=0.8) for _ in range(2)])
        active = np.asarray(levels.reachable & ~levels.terminal)[..., None]
        problem = choice_problem(levels, active * np.ones(levels.successors.shape[:3]), SPACE)
        weights = random.normal(size=4) * SPAN / reaches(problem) / problem.unit
        policy = chosen_policy(levels, SPACE, weights)
        counts = np.stack([[random.multinomial(10, row / row.sum()) for row in table] for table in policy]) * active
        found = sample_objective(levels, counts.astype(float), SPACE, seed=seed, planners=(SOFT,), slips=(0.0,))
        low, high = np.quantile(found.posterior.samples(160), [0.05, 0.95], axis=0)
        held += ((low <= weights) & (weights <= high)).tolist()
    assert 0.75 <= np.mean(held) <= 0.99


def test_the_nearest_reward_that_is_not_ruled_out():
    """Of two weights only the difference is known: a reward that agrees with it is reached, its opposite is not."""
    found = sample_objective(ONE, NINE_OF_TEN, TWO, seed=0, planners=(OPTIMAL,), slips=(0.0,), doubt=1.0)
    towards, away = found.ends(np.array([0.0, 1.0]))
    assert towards[1] > 20 * abs(towards[0])
    # Of nine in ten the likelihood falls by 1.35 nats at 5.45 in ten, below which is nothing but the prior's side.
    assert 0 < away[1] - away[0] < 1.2


def planted(parameter, *, planner: str, slips: float, count: int = 60, seed: int = 0):
    random = np.random.default_rng(seed)
    levels = stack([random_level(random, discount=0.8) for _ in range(4)])
    policy = chosen_policy(levels, SPACE, np.array(parameter), planner=planner, slips=slips)
    active = np.asarray(levels.reachable & ~levels.terminal)
    counts = np.stack([[random.multinomial(count, row / row.sum()) for row in table] for table in policy])
    return levels, counts * active[..., None]


def test_slips_are_told_from_softness():
    levels, counts = planted([30.0, -60.0, 0.0, 90.0], planner=OPTIMAL, slips=0.3)
    found = sample_objective(levels, counts.astype(float), SPACE, seed=1)
    assert found.slips == pytest.approx(0.3, abs=0.06)
    direction = found.posterior.mean / np.linalg.norm(found.posterior.mean)
    assert direction @ np.array([1.0, -2.0, 0.0, 3.0]) / np.sqrt(14) > 0.9


def test_planners_are_told_apart():
    for planner in (SOFT, OPTIMAL):
        levels, counts = planted([1.0, -2.0, 0.0, 3.0], planner=planner, slips=0.0, count=400)
        found = sample_objective(levels, counts.astype(float), SPACE, seed=2)
        assert found.planners[planner] > 0.9


def test_draws_vary_along_what_is_open():
    """Two attributes that always happen together: only their sum is known."""
    levels, counts = planted([1.0, -2.0, 0.0, 3.0], planner=SOFT, slips=0.0)
    attributes = np.asarray(levels.attributes).copy()
    attributes[..., 2] = attributes[..., 0]
    found = sample_objective(dataclasses.replace(levels, attributes=attributes), counts.astype(float), SPACE, seed=3)
    draws = found.posterior.samples(160)
    apart, together = draws[:, 0] - draws[:, 2], draws[:, 0] + draws[:, 2]
    spread = [np.subtract(*np.quantile(one, [0.75, 0.25])) for one in (apart, together)]
    assert spread[0] > 4 * spread[1]


def test_few_weights_that_explain_the_choices_are_the_point():
    """One attribute of four is pursued: the others weigh nothing in the point, and 0 is inside all their intervals."""
    levels, counts = planted([0.0, 0.0, 0.0, 3.0], planner=SOFT, slips=0.0)
    found = sample_objective(levels, counts.astype(float), SPACE, seed=4)
    assert np.flatnonzero(found.posterior.mean).tolist() == [3]
    assert found.posterior.mean[3] == pytest.approx(3.0, rel=0.1)
    low, high = np.quantile(found.posterior.samples(160), [0.05, 0.95], axis=0)
    assert low[:3].max() <= 0 <= high[:3].min()
    assert low[3] < 3.0 < high[3]


def test_doubt_widens_by_its_square_root():
    """Where the posterior is nearly normal; of all four weights, which none of these choices leaves out."""
    levels, counts = planted([1.0, -2.0, 1.5, 3.0], planner=SOFT, slips=0.0, count=400)
    spread = [
        sample_objective(levels, counts.astype(float), SPACE, seed=5, planners=(SOFT,), slips=(0.0,), doubt=doubt)
        .posterior.samples(160)
        .std(0)
        for doubt in (1.0, 4.0)
    ]
    assert spread[1] / spread[0] == pytest.approx(np.full(4, 2.0), rel=0.25)


def test_counts_that_are_none_are_refused():
    for counts, message in ((np.zeros((1, 1, 2)), "all zero"), (np.ones((1, 2, 2)), "do not fit")):
        with pytest.raises(UsageError, match=message):
            sample_objective(ONE, counts, TWO, seed=0)
