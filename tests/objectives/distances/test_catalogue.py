"""Every registered distance: its range, its symmetry, what it ignores; and comparisons over levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.objectives.canonical import rewards_here
from mesascope.objectives.distances.catalogue import DISTANCES, compare
from mesascope.objectives.distances.epic import UndefinedDistance
from tests.levels import random_level, random_objectives, stack

KINDS = DISTANCES.names()
TOP = {"starc": 2.0, "starc-minimal": 2.0}


def pair(seed: int, *, stops: bool = True):
    random = np.random.default_rng(seed)
    level, objectives = random_level(random), random_objectives(random, count=3)
    if not stops:
        objectives = type(objectives)(objectives.specs, objectives.weights, np.zeros_like(objectives.stops))
    return rewards_here(level, objectives)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_ranges_and_symmetry(kind, seed):
    distance = DISTANCES.load(kind)
    first, second, third = pair(seed)
    try:
        one, other = distance(first, second), distance(second, first)
        way = distance(first, third) + distance(third, second)
        own = distance(first, first)
    except UndefinedDistance:
        return
    assert own == pytest.approx(0.0, abs=1e-6)
    assert 0 <= one <= TOP.get(kind, 1.0) + 1e-12
    if kind != "npec":
        assert one == pytest.approx(other, abs=1e-7)
        assert one <= way + 1e-7


@pytest.mark.parametrize("kind", KINDS)
def test_scale_is_ignored(kind):
    random = np.random.default_rng(7)
    level, objectives = random_level(random), random_objectives(random, count=2)
    scaled = type(objectives)(objectives.specs, objectives.weights * [[3.0], [0.2]], objectives.stops)
    distance = DISTANCES.load(kind)
    assert distance(*rewards_here(level, objectives)) == pytest.approx(distance(*rewards_here(level, scaled)), abs=1e-9)


def test_comparisons_over_levels_have_intervals():
    random = np.random.default_rng(8)
    levels, objectives = stack([random_level(random) for _ in range(6)]), random_objectives(random, count=2)
    found = compare(levels, objectives, seed=1)
    assert [one.kind for one in found] == list(KINDS)
    for one in found:
        assert one.estimate is not None
        assert one.estimate.n == 6
        assert one.estimate.low <= one.estimate.value <= one.estimate.high
    assert [one.estimate for one in found] == [one.estimate for one in compare(levels, objectives, seed=1)]


def test_what_has_no_value_says_why():
    random = np.random.default_rng(9)
    levels, objectives = stack([random_level(random) for _ in range(2)]), random_objectives(random, count=2)
    nothing = type(objectives)(objectives.specs, objectives.weights * [[1.0], [0.0]], objectives.stops)
    (found,) = compare(levels, nothing, kinds=["epic"])
    assert found.estimate is None
    assert found.undefined == 2
    assert "constant" in found.reason


def test_usage():
    random = np.random.default_rng(10)
    levels = stack([random_level(random)])
    with pytest.raises(UnknownNameError, match="starc"):
        compare(levels, random_objectives(random, count=2), kinds=["stark"])
    with pytest.raises(UsageError, match="two rewards"):
        compare(levels, random_objectives(random, count=3))
