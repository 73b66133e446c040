"""CROWN: linear bounds of a network's outputs over many boxes at once, every hidden layer bounded in the same way.

Zhang et al. 2018 (arXiv 1811.00866). A linear function of the outputs is bounded from below by a linear function of the
inputs: going backwards, each unit is replaced by a line below it where its coefficient is positive, and by one above it
where that is negative.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.proof.piecewise import Activation, Affine, PiecewiseNetwork

SLACK: float = 1e-12
"""By which lines around a hyperbolic tangent are moved apart: more than its rounding."""
HALVINGS: int = 20
"""Steps towards the point at which a line through one end touches a hyperbolic tangent."""

Parameters = tuple[tuple[dict[int, Any], Any], ...]
"""Of the hidden layers and the outputs: weights by layer and biases."""


class Lines(NamedTuple):
    """Lines below and above units, as functions of their sums, `[B, width]` each."""

    low_slope: Array
    low_height: Array
    high_slope: Array
    high_height: Array


class Bounds(NamedTuple):
    """What is known of a batch of boxes.

    **Arguments:**

    - `rows`: lower bounds of the rows, `[B, R]`.
    - `slopes`: of the linear functions of the free inputs below the rows, `[B, R, F]`.
    - `low`, `high`: bounds of the sums of each hidden layer, `[B, width]`.
    """

    rows: Array
    slopes: Array
    low: tuple[Array, ...]
    high: tuple[Array, ...]


def parameters_of(network: PiecewiseNetwork) -> Parameters:
    """Returns the numbers of a network as arguments of compiled functions, so that one serves all of its shape."""
    return tuple((layer.weights, layer.bias) for layer in (*network.layers, network.outputs))


def relu_lines(low: Float[Array, "*B"], high: Float[Array, "*B"]) -> Lines:
    """Returns lines around rectifiers of sums between two ends; below, of slope 1 or 0, whichever leaves out less."""
    spread = jnp.where((low < 0) & (high > 0), high - low, 1.0)
    high_slope = jnp.where(low >= 0, 1.0, jnp.where(high <= 0, 0.0, high / spread))
    high_height = jnp.where((low < 0) & (high > 0), -high_slope * low, 0.0)
    low_slope = jnp.where(low >= 0, 1.0, jnp.where((high > 0) & (high > -low), 1.0, 0.0))
    return Lines(low_slope, jnp.zeros_like(low), high_slope, high_height)


def tanh_lines(low: Float[Array, "*B"], high: Float[Array, "*B"]) -> Lines:
    """Returns lines around hyperbolic tangents of sums between two ends: by its curvature secants or tangents."""
    high_slope, high_height = _above_tanh(low, high)
    # It is odd: what lies below it is what lies above it, turned.
    low_slope, turned = _above_tanh(-high, -low)
    return Lines(low_slope, -turned - SLACK, high_slope, high_height + SLACK)


def _derivative(point: Array) -> Array:
    return 1 - jnp.tanh(point) ** 2


def _above_tanh(low: Array, high: Array) -> tuple[Array, Array]:
    """Returns slopes and heights of lines above the hyperbolic tangent."""

    def over_low_end(point):
        # Whether the tangent at a point is above the curve's low end; to the right of 0 it is above all of the curve.
        return jnp.tanh(point) + _derivative(point) * (low - point) >= jnp.tanh(low)

    def halve(_, ends):
        left, right = ends
        middle = (left + right) / 2
        good = over_low_end(middle)
        return jnp.where(good, left, middle), jnp.where(good, middle, right)

    _, touching = jax.lax.fori_loop(0, HALVINGS, halve, (jnp.zeros_like(high), high))
    point = jnp.where(low >= 0, (low + high) / 2, touching)
    tangent = _derivative(point)
    tangent_height = jnp.tanh(point) - tangent * point
    width = jnp.where(high - low > 1e-6, high - low, 1.0)
    secant = (jnp.tanh(high) - jnp.tanh(low)) / width
    secant_height = jnp.maximum(jnp.tanh(low) - secant * low, jnp.tanh(high) - secant * high)
    # The least slope between two ends is that of an end: a line of this slope through the high end is above.
    least = jnp.minimum(_derivative(low), _derivative(high))
    least_height = jnp.tanh(high) - least * high
    narrow = high - low <= 1e-6
    by_tangent = (low >= 0) | ((high > 0) & over_low_end(point))
    slope = jnp.where(narrow, least, jnp.where(by_tangent, tangent, secant))
    height = jnp.where(narrow, least_height, jnp.where(by_tangent, tangent_height, secant_height))
    return slope, height


LINES = {"relu": relu_lines, "tanh": tanh_lines}


def _backward(
    parameters: Parameters,
    lines: Sequence[Lines],
    low: Array,
    high: Array,
    coefficients: dict[int, Array],
    heights: Array,
) -> tuple[Array, Array]:
    """Returns lower bounds `[B, R]` and slopes `[B, R, F]` of `heights + sum_j coefficients[j] @ h_j`."""
    for layer in range(len(lines), 0, -1):
        if layer not in coefficients:
            continue
        now = coefficients.pop(layer)
        around = lines[layer - 1]
        positive, negative = jnp.maximum(now, 0), jnp.minimum(now, 0)
        heights = heights + (positive * around.low_height[:, None] + negative * around.high_height[:, None]).sum(-1)
        of_sums = positive * around.low_slope[:, None] + negative * around.high_slope[:, None]
        weights, bias = parameters[layer - 1]
        heights = heights + of_sums @ bias
        for earlier, weight in weights.items():
            coefficients[earlier] = coefficients.get(earlier, 0) + of_sums @ weight
    slopes = coefficients.get(0, jnp.zeros((*heights.shape, low.shape[1])))
    centre, radius = (low + high) / 2, (high - low) / 2
    return heights + (slopes * centre[:, None] - jnp.abs(slopes) * radius[:, None]).sum(-1), slopes


def _start(affine: tuple[dict[int, Any], Any], rows: Array, offsets: Array) -> tuple[dict[int, Array], Array]:
    weights, bias = affine
    return {layer: rows @ weight for layer, weight in weights.items()}, rows @ bias + offsets


@functools.partial(jax.jit, static_argnames="activations")
def bound(
    parameters: Parameters,
    activations: tuple[Activation, ...],
    low: Float[Array, "B F"],
    high: Float[Array, "B F"],
    rows: Float[Array, "B R O"],
    offsets: Float[Array, "B R"],
) -> Bounds:
    """Returns lower bounds of rows of the outputs over boxes, with all hidden layers bounded on the way.

    **Arguments:**

    - `parameters`: of the network.
    - `activations`: of its hidden layers.
    - `low`, `high`: ends of the boxes, in the free inputs.
    - `rows`, `offsets`: what is bounded: `rows @ outputs + offsets`.
    """
    lines: list[Lines] = []
    lows: list[Array] = []
    highs: list[Array] = []
    for index, activation in enumerate(activations):
        width = len(parameters[index][1])
        both = jnp.concatenate([jnp.eye(width), -jnp.eye(width)])
        coefficients, heights = _start(parameters[index], both, jnp.zeros(2 * width))
        spread = {layer: jnp.broadcast_to(part, (len(low), *part.shape)) for layer, part in coefficients.items()}
        ends, _ = _backward(parameters, lines, low, high, spread, jnp.broadcast_to(heights, (len(low), 2 * width)))
        least, most = ends[:, :width], -ends[:, width:]
        lows.append(jnp.minimum(least, most))
        highs.append(jnp.maximum(least, most))
        lines.append(LINES[activation](lows[-1], highs[-1]))
    found, slopes = _backward(parameters, lines, low, high, *_start(parameters[-1], rows, offsets))
    return Bounds(found, slopes, tuple(lows), tuple(highs))


def magnitude(affine: Affine, units: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the largest that the terms of sums can add up to, for how far rounding can go."""
    return np.abs(affine.bias) + sum(np.abs(weight) @ units[layer] for layer, weight in affine.weights.items())
