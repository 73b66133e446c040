"""The bound of the outputs, with everything that is free in it chosen by gradient steps.

Free are the slopes of lines below rectifiers (alpha-CROWN, arXiv 2011.13824), the weights of constraints by which
rectifiers are split (beta-CROWN, arXiv 2103.06624), and how rows are mixed: of outputs of which all rows would have to
be at most 0, a mixture of rows that is above 0 says that they are not bad. What is chosen costs tightness only: bounds
hold for all choices. Bounds of hidden layers stay as they are, so that a step costs one row per box.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.proof.bounds import Lines
from mesascope.proof.piecewise import PiecewiseNetwork

STEPS: int = 10
"""Of the gradient."""
RATE: float = 0.2
"""Of the first step; each is 3 % shorter than the one before."""

Parameters = tuple[tuple[dict[int, Any], Any], ...]
"""Of the hidden layers and the outputs: weights by layer and biases."""


class Outputs(NamedTuple):
    """What is known of the outputs over a batch of boxes.

    **Arguments:**

    - `bound`: of the best mixture of rows, from below, `[B]`.
    - `slopes`: of the best mixture, in the free inputs, `[B, F]`.
    - `steepness`: absolute slopes before any step, summed over the rows, `[B, F]`.
    - `units`: coefficients of the hidden units in the best mixture, `[B, H]`.
    """

    bound: Array
    slopes: Array
    steepness: Array
    units: Array


def parameters_of(network: PiecewiseNetwork) -> Parameters:
    """Returns the numbers of a network as arguments of compiled functions, so that one serves all of its shape."""
    return tuple((layer.weights, layer.bias) for layer in (*network.layers, network.outputs))


def _bound(parameters: Parameters, lines: Lines, push: Array, box: Sequence[Array], row: Array, offset: Array):
    """Returns bound, slopes of inputs and coefficients of units for one row in one box."""
    low, high = box
    weights, height = parameters[-1][0], offset + row @ parameters[-1][1]
    coefficients = {layer: row @ weight for layer, weight in weights.items()}
    end, parts = lines.low_slope.shape[0], []
    for layer in range(len(parameters) - 1, 0, -1):
        weights, bias = parameters[layer - 1]
        now = coefficients.get(layer, jnp.zeros(len(bias)))
        part = slice(end - len(bias), end)
        end -= len(bias)
        positive, negative = jnp.maximum(now, 0), jnp.minimum(now, 0)
        height += positive @ lines.low_height[part] + negative @ lines.high_height[part]
        of_sums = positive * lines.low_slope[part] + negative * lines.high_slope[part] - push[part]
        height += of_sums @ bias
        for earlier, weight in weights.items():
            coefficients[earlier] = coefficients.get(earlier, 0) + of_sums @ weight
        parts.append(now)
    slopes = coefficients.get(0, jnp.zeros(len(low)))
    bound = height + slopes @ (low + high) / 2 - jnp.abs(slopes) @ (high - low) / 2
    return bound, slopes, jnp.concatenate([*parts[::-1], jnp.zeros(0)])


def _one(parameters: Parameters, lines: Lines, free: Array, signs: Array, box, rows: Array, offsets: Array) -> Outputs:
    """Returns what is known of one box."""
    at_first = jax.vmap(lambda row, offset: _bound(parameters, lines, jnp.zeros_like(signs), box, row, offset))
    bounds, slopes, units = at_first(rows, offsets)
    best = jnp.argmax(bounds)
    scale = jnp.abs(bounds[best]) + 1e-9
    # A constraint counts in proportion to the coefficients of its layer.
    weight = jnp.concatenate(
        [
            jnp.full(len(bias), jnp.abs(part).mean() + 1e-12)
            for (_, bias), part in zip(parameters[:-1], _by_layer(parameters, jnp.abs(units).mean(0)), strict=True)
        ]
        + [jnp.zeros(0)]
    )

    def value(choice):
        slope, constraint, mixture = choice
        share = jax.nn.softmax(mixture)
        chosen = lines._replace(low_slope=jnp.where(free > 0, slope, lines.low_slope))
        found = _bound(parameters, chosen, signs * constraint * weight, box, share @ rows, share @ offsets)
        return found[0] / scale, found

    def step(index, state):
        choice, first, second, found = state
        gradient, now = jax.grad(value, has_aux=True)(choice)
        found = jax.tree.map(lambda new, old: jnp.where(now[0] > found[0], new, old), now, found)
        first = jax.tree.map(lambda mean, new: 0.9 * mean + 0.1 * new, first, gradient)
        second = jax.tree.map(lambda mean, new: 0.99 * mean + 0.01 * new**2, second, gradient)
        rate, age = RATE * 0.97**index, index + 1.0

        def move(mean, square):
            return rate * (mean / (1 - 0.9**age)) / (jnp.sqrt(square / (1 - 0.99**age)) + 1e-12)

        slope, constraint, mixture = jax.tree.map(move, first, second)
        slope = jnp.clip(choice[0] + slope, 0, 1)
        return (slope, jnp.maximum(choice[1] + constraint, 0), choice[2] + 5 * mixture), first, second, found

    choice = (lines.low_slope, jnp.zeros_like(signs), 10 * (bounds - bounds[best]) / scale)
    still = jax.tree.map(jnp.zeros_like, choice)
    *_, found = jax.lax.fori_loop(0, STEPS, step, (choice, still, still, (bounds[best], slopes[best], units[best])))
    return Outputs(found[0], found[1], jnp.abs(slopes).sum(0), found[2])


def _by_layer(parameters: Parameters, units: Array) -> list[Array]:
    parts, start = [], 0
    for _, bias in parameters[:-1]:
        parts.append(units[start : start + len(bias)])
        start += len(bias)
    return parts


@jax.jit
def bound_outputs(
    parameters: Parameters,
    lines: Lines,
    free: Float[Array, "B H"],
    signs: Float[Array, "B H"],
    low: Float[Array, "B F"],
    high: Float[Array, "B F"],
    rows: Float[Array, "B R O"],
    offsets: Float[Array, "B R"],
) -> Outputs:
    """Returns bounds of the best mixture of rows over boxes; to be called while JAX computes in double precision.

    **Arguments:**

    - `parameters`: of the network.
    - `lines`: around all hidden units.
    - `free`: which lines below units may have any slope in [0, 1].
    - `signs`: 1 for units whose sums are at least 0 here by a split, -1 for at most 0, else 0.
    - `low`, `high`: ends of the boxes.
    - `rows`, `offsets`: what is bounded: `rows @ outputs + offsets`.
    """
    one = functools.partial(_one, parameters)
    return jax.vmap(one)(lines, free, signs, (low, high), rows, offsets)


@functools.cache
def _compiled(structure: Any, shapes: tuple[tuple[int, ...], ...]):
    leaves = [jax.ShapeDtypeStruct(shape, jnp.float64) for shape in shapes]
    with jax.enable_x64(True):
        return bound_outputs.lower(*jax.tree.unflatten(structure, leaves)).compile()


def compiled(*arguments: Any):
    """Returns `bound_outputs`, compiled for the shapes of its arguments; what that costs is paid here, and once."""
    leaves, structure = jax.tree.flatten(arguments)
    return _compiled(structure, tuple(leaf.shape for leaf in leaves))
