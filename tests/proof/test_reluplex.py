"""The teaching Reluplex: the paper's example, and random networks against many samples."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.proof.box import Box
from mesascope.proof.piecewise import Affine, PiecewiseNetwork
from mesascope.proof.reluplex import reluplex


def network(*layers: tuple[np.ndarray, np.ndarray], activation="relu") -> PiecewiseNetwork:
    affine = [Affine({place: weights}, bias) for place, (weights, bias) in enumerate(layers)]
    inputs = layers[0][0].shape[1]
    activations = (activation,) * (len(layers) - 1)
    return PiecewiseNetwork(np.zeros(inputs), np.arange(inputs), tuple(affine[:-1]), activations, affine[-1], (inputs,))


ABSOLUTE = network((np.array([[1.0], [-1.0]]), np.zeros(2)), (np.array([[1.0, 1.0]]), np.zeros(1)))
"""The network of Katz et al. (2017), figure 2: the sum of two rectifiers, which is the absolute value of its input."""


def test_the_papers_example_has_a_solution_between_a_half_and_one():
    found = reluplex(ABSOLUTE, Box(np.zeros(1), np.ones(1)), np.array([[-1.0], [1.0]]), np.array([0.5, -1.0]))
    assert Fraction(1, 2) <= found.inputs[0] <= 1


@pytest.mark.parametrize(("least", "inside"), [(1.0, True), (1.0 + 2**-40, False)])
def test_nothing_is_rounded_at_the_end_of_a_box(least, inside):
    found = reluplex(ABSOLUTE, Box(-np.ones(1), np.ones(1)), np.array([[-1.0]]), np.array([least]))
    assert (found.inputs is not None) == inside


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_are_decided_as_samples_say(seed):
    random = np.random.default_rng(seed)
    sizes = (2 + seed % 2, 4, *(3,) * (seed % 3 == 0), 2)
    net = network(*((random.normal(size=(b, a)), random.normal(size=b)) for a, b in itertools.pairwise(sizes)))
    box, rows = Box(-np.ones(sizes[0]), np.ones(sizes[0])), np.array([[1.0, -1.0]])
    outputs = net(random.uniform(-1, 1, (50_000, sizes[0]))) @ rows.T
    # A little beyond what samples reach, or short of it: both ways are asked about.
    offset = np.array([-outputs.min() + random.choice([-0.05, 0.3])])
    found = reluplex(net, box, rows, offset)
    if found.inputs is None:
        assert (outputs + offset > 0).all()
    else:
        point = np.array([[float(one) for one in found.inputs]])
        assert (box.low - 1e-12 <= point).all()
        assert (point <= box.high + 1e-12).all()
        assert (net(point) @ rows.T + offset <= 1e-9).all()


def test_what_takes_too_long_is_left_open():
    random = np.random.default_rng(0)
    net = network((random.normal(size=(20, 4)), random.normal(size=20)), (random.normal(size=(1, 20)), np.zeros(1)))
    outputs = net(random.uniform(-1, 1, (10_000, 4)))
    assert reluplex(net, Box(-np.ones(4), np.ones(4)), np.array([[1.0]]), -outputs.min(0) + 0.5, seconds=0.05) is None


def test_networks_beyond_it_are_refused():
    box, row = Box(np.zeros(1), np.ones(1)), (np.ones((1, 1)), np.zeros(1))
    for wrong in (
        network(row, row, activation="tanh"),
        network((np.ones((21, 1)), np.zeros(21)), (np.ones((1, 21)), np.zeros(1))),
    ):
        with pytest.raises(UsageError, match="at most 20 rectifiers"):
            reluplex(wrong, box, *row)
