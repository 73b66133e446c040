"""CROWN: bounds of a network's hidden layers over many boxes at once, every layer bounded with all before it.

Zhang et al. 2018 (arXiv 1811.00866). A linear function of units is bounded from below by one of the inputs: going
backwards, each unit is replaced by a line below it where its coefficient is positive, and by one above it where that is
negative. Only units whose rectifier may bend need bounds, and which those are differs from box to box: numpy gathers
their rows, and needs half the time of compiled code that bounds all of them.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from mesascope.proof.piecewise import Activation, Affine, PiecewiseNetwork

SLACK: float = 1e-12
"""By which lines around a hyperbolic tangent are moved apart: more than its rounding."""
NARROW: float = 1e-6
"""Between ends closer than this a secant is mostly rounding."""
HALVINGS: int = 20
"""Steps towards the point at which a line through one end touches a hyperbolic tangent."""
CHUNK: int = 2**23
"""Numbers of one matrix on the way backwards: 64 MiB."""

Ends = Float[np.ndarray, "..."]


class Lines(NamedTuple):
    """Lines below and above units, as functions of their sums, `[B, width]` each."""

    low_slope: np.ndarray
    low_height: np.ndarray
    high_slope: np.ndarray
    high_height: np.ndarray


def relu_lines(low: Ends, high: Ends) -> Lines:
    """Returns lines around rectifiers of sums between two ends; below, of slope 1 or 0, whichever leaves out less."""
    bends = (low < 0) & (high > 0)
    high_slope = np.where(low >= 0, 1.0, np.where(bends, high / np.where(bends, high - low, 1.0), 0.0))
    high_height = np.where(bends, -high_slope * low, 0.0)
    low_slope = np.where((low >= 0) | (bends & (high > -low)), 1.0, 0.0)
    return Lines(low_slope, np.zeros_like(low), high_slope, high_height)


def tanh_lines(low: Ends, high: Ends) -> Lines:
    """Returns lines around hyperbolic tangents of sums between two ends: secants or tangents, by how it curves."""
    high_slope, high_height = _above_tanh(low, high)
    # It is odd: what lies below it is what lies above it, turned.
    low_slope, turned = _above_tanh(-high, -low)
    return Lines(low_slope, -turned - SLACK, high_slope, high_height + SLACK)


def _derivative(point: Ends) -> Ends:
    return 1 - np.tanh(point) ** 2


def _above_tanh(low: Ends, high: Ends) -> tuple[Ends, Ends]:
    """Returns slopes and heights of lines above the hyperbolic tangent."""

    def over_low_end(point):
        # To the right of 0 the tangent at a point is above all of the curve if it is above its low end.
        return np.tanh(point) + _derivative(point) * (low - point) >= np.tanh(low)

    left, touching = np.zeros_like(high), np.maximum(high, 0.0)
    for _ in range(HALVINGS):
        middle = (left + touching) / 2
        over = over_low_end(middle)
        left, touching = np.where(over, left, middle), np.where(over, middle, touching)
    point = np.where(low >= 0, (low + high) / 2, touching)
    by_tangent = (low >= 0) | ((high > 0) & over_low_end(point))
    narrow = high - low <= NARROW
    secant = (np.tanh(high) - np.tanh(low)) / np.where(narrow, 1.0, high - low)
    # The least slope between two ends is that of an end: a line of this slope through the high end is above.
    least = np.minimum(_derivative(low), _derivative(high))
    slope = np.where(narrow, least, np.where(by_tangent, _derivative(point), secant))
    through = np.where(by_tangent & ~narrow, point, high)
    return slope, np.tanh(through) - slope * through


LINES = {"relu": relu_lines, "tanh": tanh_lines}


def bends(activation: Activation, low: Ends, high: Ends) -> Bool[np.ndarray, "..."]:
    """Returns which units no line says all of, so that better bounds of their sums would help."""
    return (low < 0) & (high > 0) if activation == "relu" else low < high


def slices(network: PiecewiseNetwork) -> list[slice]:
    """Returns where the units of each hidden layer stand in one vector of all of them."""
    ends = [0, *itertools.accumulate(network.widths)]
    return [slice(*pair) for pair in itertools.pairwise(ends)]


def bound_layers(
    network: PiecewiseNetwork,
    low: Float[np.ndarray, "B F"],
    high: Float[np.ndarray, "B F"],
    sums_low: Float[np.ndarray, "B H"],
    sums_high: Float[np.ndarray, "B H"],
) -> tuple[Bool[np.ndarray, " B"], Lines]:
    """Tightens what is known of the sums of all hidden units, layer by layer, in place.

    **Arguments:**

    - `network`: whose units they are.
    - `low`, `high`: ends of the boxes, in the free inputs.
    - `sums_low`, `sums_high`: ends of the sums as far as they are known; infinite where nothing is.

    **Returns:** which boxes hold anything at all (where rectifiers are split, some do not), and lines `[B, H]` around
    all units.
    """
    centre, radius = (low + high) / 2, (high - low) / 2
    possible = np.ones(len(low), bool)
    lines: list[Lines] = []
    for part, layer, activation in zip(slices(network), network.layers, network.activations, strict=True):
        least, most = sums_low[:, part], sums_high[:, part]
        boxes, units = np.nonzero(bends(activation, least, most))
        at_once = max(1, CHUNK // max(1, *network.widths, len(network.free)) // 2)
        for start in range(0, len(boxes), at_once):
            box, unit = boxes[start : start + at_once], units[start : start + at_once]
            rows = np.concatenate([np.eye(1), -np.eye(1)]).repeat(len(box), axis=0)
            twice = np.concatenate([unit, unit])
            coefficients = {earlier: rows * weight[twice] for earlier, weight in layer.weights.items()}
            both = np.concatenate([box, box])
            ends = _backward(network, lines, coefficients, rows[:, 0] * layer.bias[twice], both, centre, radius)
            least[box, unit] = np.maximum(least[box, unit], ends[: len(box)])
            most[box, unit] = np.minimum(most[box, unit], -ends[len(box) :])
        # What rounding alone has turned around is no sign that a box is empty.
        possible &= ~np.any(least > most + 1e-9 * (1 + np.abs(least)), axis=1)
        least[:], most[:] = np.minimum(least, most), np.maximum(least, most)
        lines.append(LINES[activation](least, most))
    together = [np.concatenate(parts, axis=1) for parts in zip(*lines, strict=True)]
    return possible, Lines(*together) if lines else Lines(*[np.zeros((len(low), 0))] * 4)


def _backward(
    network: PiecewiseNetwork,
    lines: list[Lines],
    coefficients: dict[int, np.ndarray],
    heights: np.ndarray,
    box: np.ndarray,
    centre: np.ndarray,
    radius: np.ndarray,
) -> np.ndarray:
    """Returns lower bounds of rows `heights + sum_j coefficients[j] @ h_j`, each in the box of its index."""
    for layer in range(len(lines), 0, -1):
        if layer not in coefficients:
            continue
        positive, around, affine = coefficients.pop(layer), lines[layer - 1], network.layers[layer - 1]
        negative = np.minimum(positive, 0)
        positive -= negative
        heights = heights + np.einsum("rn,rn->r", negative, around.high_height[box])
        if network.activations[layer - 1] == "tanh":
            heights += np.einsum("rn,rn->r", positive, around.low_height[box])
        positive *= around.low_slope[box]
        negative *= around.high_slope[box]
        positive += negative
        heights += positive @ affine.bias
        for earlier, weight in affine.weights.items():
            product = positive @ weight
            coefficients[earlier] = coefficients[earlier] + product if earlier in coefficients else product
    if 0 not in coefficients:
        return heights
    slopes = coefficients[0]
    heights = heights + np.einsum("rn,rn->r", slopes, centre[box])
    return heights - np.einsum("rn,rn->r", np.abs(slopes), radius[box])


def magnitude(affine: Affine, units: list[np.ndarray]) -> np.ndarray:
    """Returns the largest that the terms of sums can add up to, for how far rounding can go."""
    return np.abs(affine.bias) + sum(np.abs(weight) @ units[layer] for layer, weight in affine.weights.items())
