"""Bounds lie beyond every sample, and do not once a sign in them is turned."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import types

import numpy as np
import pytest

from mesascope.proof import bounds, optimised_bounds
from tests.proof.small_networks import line_gap, random_network, sums_of, worst_gap

ROUNDED = -1e-9


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_lines_are_below_and_above_the_curve(activation):
    assert line_gap(bounds, activation) >= -1e-15


def test_lines_around_a_tanh_are_close():
    """A secant and a tangent leave out less than parallel lines do: the area between them is what is lost."""
    low, high = np.array([-1.0, 0.5, -3.0]), np.array([1.0, 1.5, -1.0])
    lines = bounds.tanh_lines(low, high)
    middle = (low + high) / 2
    thickness = (lines.high_slope - lines.low_slope) * middle + lines.high_height - lines.low_height
    least = np.minimum(1 - np.tanh(low) ** 2, 1 - np.tanh(high) ** 2)
    parallel = np.tanh(high) - np.tanh(low) - least * (high - low)
    assert (thickness < 0.75 * parallel).all()


def test_a_rectifier_that_does_not_bend_is_its_own_line():
    lines = bounds.relu_lines(np.array([0.0, 1.0, -2.0, -2.0, 0.0]), np.array([2.0, 2.0, -1.0, 0.0, 0.0]))
    assert lines.low_slope.tolist() == lines.high_slope.tolist() == [1, 1, 0, 0, 1]
    assert not np.any([lines.low_height, lines.high_height])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("seed", range(4))
def test_samples_lie_within_bounds(activation, seed):
    sizes = ((3, 8, 8, 2), (2, 5, 2), (4, 6, 6, 6, 3), (3, 2))[seed]
    assert worst_gap(random_network(seed, sizes, activation), bounds, optimised_bounds) >= ROUNDED


def test_bounds_that_were_known_are_only_tightened():
    network = random_network(1)
    low, high = -np.ones((1, 3)), np.ones((1, 3))
    points = np.random.default_rng(0).uniform(-1, 1, (5000, 3))
    sums = sums_of(network, points)
    free = np.full((1, 16), -np.inf), np.full((1, 16), np.inf)
    bounds.bound_layers(network, low, high, *free)
    known = sums.min(0)[None], sums.max(0)[None]
    before = known[0].copy()
    bounds.bound_layers(network, low, high, *known)
    assert (known[0] >= before).all()
    assert (known[0] >= free[0] - 1e-12).all()
    assert (known[1] <= free[1] + 1e-12).all()


def test_the_sides_of_a_rectifier_that_cannot_be_are_empty():
    network = random_network(0, (2, 4, 2))
    low, high = np.zeros((1, 2)), np.full((1, 2), 1e-3)
    sums = sums_of(network, low)[0]
    unit = int(np.argmax(np.abs(sums)))
    sides = np.full((1, 4), -np.inf), np.full((1, 4), np.inf)
    # The side on which it is not.
    sides[1 if sums[unit] > 0 else 0][0, unit] = 0.0
    possible, _ = bounds.bound_layers(network, low, high, *sides)
    assert possible.tolist() == [True]  # Nothing is known of a unit that does not bend.
    sides = np.full((1, 4), -np.inf), np.full((1, 4), np.inf)
    bounds.bound_layers(network, low, high, *sides)
    sides[1 if sums[unit] > 0 else 0][0, unit] = -1.0 if sums[unit] > 0 else 1.0
    possible, _ = bounds.bound_layers(network, low, high, *sides)
    assert possible.tolist() == [False]


def changed(module: types.ModuleType, old: str, new: str) -> types.ModuleType:
    """Returns a module with one thing in its source changed."""
    source = inspect.getsource(module)
    assert source.count(old) >= 1, old
    specification = importlib.util.spec_from_loader(f"changed_{abs(hash((old, new)))}", loader=None)
    assert specification is not None
    made = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = made
    try:
        exec(compile(source.replace(old, new, 1), "changed", "exec"), made.__dict__)
    finally:
        del sys.modules[specification.name]
    return made


MUTATIONS = [
    ("relu", bounds, "-high_slope * low, 0.0)", "high_slope * low, 0.0)"),
    ("relu", bounds, "high / np.where(bends, high - low, 1.0)", "-low / np.where(bends, high - low, 1.0)"),
    ("relu", bounds, "np.where(low >= 0, 1.0, np.where(bends, high", "np.where(low >= 0, -1.0, np.where(bends, high"),
    ("relu", bounds, "negative *= around.high_slope[box]", "negative *= around.low_slope[box]"),
    ("relu", bounds, "return heights - np.einsum", "return heights + np.einsum"),
    ("relu", bounds, "-ends[len(box) :]", "ends[len(box) :]"),
    ("relu", bounds, "np.minimum(positive, 0)", "np.maximum(positive, 0)"),
    ("tanh", bounds, "return Lines(low_slope, -turned - SLACK", "return Lines(low_slope, turned - SLACK"),
    ("tanh", bounds, "1 - np.tanh(point) ** 2", "1 + np.tanh(point) ** 2"),
    ("tanh", bounds, "np.tanh(through) - slope * through", "np.tanh(through) + slope * through"),
    (
        "tanh",
        bounds,
        "over, left, middle), np.where(over, middle, touching)",
        "over, middle, left), np.where(over, touching, middle)",
    ),
    ("relu", optimised_bounds, "negative * lines.high_slope[part] - push", "negative * lines.low_slope[part] - push"),
    ("relu", optimised_bounds, "negative @ lines.high_height[part]", "-(negative @ lines.high_height[part])"),
    ("relu", optimised_bounds, "/ 2 - jnp.abs(slopes)", "/ 2 + jnp.abs(slopes)"),
    ("relu", optimised_bounds, "jnp.clip(choice[0] + slope, 0, 1)", "choice[0] + slope + 1"),
]


@pytest.mark.parametrize(("activation", "module", "old", "new"), MUTATIONS)
def test_a_sign_that_is_turned_is_noticed(activation, module, old, new):
    """The samples are an oracle worth the name: each of these mistakes puts one of them outside of the bounds."""
    made = changed(module, old, new)
    first, second = (made, optimised_bounds) if module is bounds else (bounds, made)
    with np.errstate(all="ignore"):
        try:
            gaps = (
                [
                    worst_gap(random_network(seed, (1, 3, 2, 1), activation, skips=False), first, second)
                    for seed in range(2)
                ]
                if module is bounds
                else [worst_gap(random_network(2, (3, 8, 8, 2), activation), first, second)]
            )
        except AssertionError:
            return  # Boxes that are not empty were called so.
    assert min(gaps + ([line_gap(made, activation)] if module is bounds else [])) < ROUNDED


def test_the_same_source_unchanged_is_not():
    activation, old = "relu", "jnp.clip(choice[0] + slope, 0, 1)"
    network = random_network(0, (1, 3, 2, 1), activation, skips=False)
    assert worst_gap(network, bounds, changed(optimised_bounds, old, old)) >= ROUNDED
