"""Small random networks with connections past layers, and the oracle by which bounds of them are checked: samples."""

from __future__ import annotations

import jax
import numpy as np

from mesascope.proof.bounds import Lines, slices
from mesascope.proof.piecewise import Affine, PiecewiseNetwork


def random_network(seed: int, sizes=(3, 8, 8, 2), activation="relu", skips: bool = True) -> PiecewiseNetwork:
    random = np.random.default_rng(seed)

    def affine(place: int) -> Affine:
        earlier = range(place) if skips else (place - 1,)
        weights = {one: random.normal(size=(sizes[place], sizes[one])) / np.sqrt(sizes[one]) * 1.4 for one in earlier}
        return Affine(weights, random.normal(size=sizes[place]) * 0.3)

    layers = [affine(place) for place in range(1, len(sizes))]
    activations = (activation,) * (len(sizes) - 2)
    inputs = sizes[0]
    return PiecewiseNetwork(np.zeros(inputs), np.arange(inputs), tuple(layers[:-1]), activations, layers[-1], (inputs,))


def sums_of(network: PiecewiseNetwork, inputs: np.ndarray) -> np.ndarray:
    units = network.hidden(inputs)
    return np.concatenate([np.zeros((len(inputs), 0)), *(layer(units) for layer in network.layers)], axis=1)


def worst_gap(network: PiecewiseNetwork, bounds, optimised, *, boxes: int = 24, samples: int = 400) -> float:
    """Returns the least distance of samples from bounds that should lie beyond them: below 0 the bounds are wrong.

    **Arguments:**

    - `bounds`, `optimised`: the modules that bound hidden layers and outputs.
    """
    random = np.random.default_rng(0)
    inputs, outputs = len(network.free), len(network.outputs.bias)
    centre, radius = random.normal(size=(boxes, inputs)), random.choice([0.01, 0.2, 1.0, 3.0], size=(boxes, inputs))
    low, high = centre - radius, centre + radius
    units = sum(network.widths)
    sums_low, sums_high = np.full((boxes, units), -np.inf), np.full((boxes, units), np.inf)
    possible, lines = bounds.bound_layers(network, low, high, sums_low, sums_high)
    assert possible.all()
    free = np.concatenate(
        [np.zeros((boxes, 0))]
        + [
            bounds.bends(activation, sums_low[:, part], sums_high[:, part]) & (activation == "relu")
            for part, activation in zip(slices(network), network.activations, strict=True)
        ],
        axis=1,
    )
    rows, offsets = random.normal(size=(boxes, 1, outputs)), random.normal(size=(boxes, 1))
    with jax.enable_x64(True):
        found = optimised.bound_outputs(
            optimised.parameters_of(network),
            Lines(*lines),
            free * 1.0,
            np.zeros_like(sums_low),
            low,
            high,
            rows,
            offsets,
        )
        bound = np.asarray(found.bound)
    gaps: list[float] = [np.inf]
    for box in range(boxes):
        # Corners, where bounds are met, and what lies between them.
        ends = random.integers(0, 2, (samples // 2, inputs))
        points = np.concatenate(
            [np.where(ends, high[box], low[box]), random.uniform(low[box], high[box], (samples // 2, inputs))]
        )
        sums = sums_of(network, points)
        gaps += [(sums - sums_low[box]).min(initial=np.inf), (sums_high[box] - sums).min(initial=np.inf)]
        gaps.append((network(points) @ rows[box, 0] + offsets[box, 0]).min() - bound[box])
    return float(min(gaps))


FUNCTIONS = {"relu": lambda sums: np.maximum(sums, 0), "tanh": np.tanh}


def ends() -> tuple[np.ndarray, np.ndarray]:
    """Returns ends of sums of every kind: wide, narrow, on one side, across 0, exactly 0, equal."""
    random = np.random.default_rng(0)
    low = np.concatenate([random.normal(size=400) * 3, [-1.0, 0.0, 0.0, -20.0, -1e-7, 5.0, -1e-300, 18.0]])
    width = 10.0 ** random.uniform(-9, 1.5, 400)
    return low, np.concatenate([low[:400] + width, [0.0, 1.0, 0.0, 20.0, 1e-7, 5.0, 1e-300, 18.5]])


def line_gap(bounds, activation: str) -> float:
    """Returns the least distance of lines from the curve that they should lie beside, relative to its argument."""
    low, high = ends()
    lines, gaps = bounds.LINES[activation](low, high), []
    for share in np.linspace(0, 1, 201):
        sums = np.minimum(low + share * (high - low), high)
        curve = FUNCTIONS[activation](sums)
        below, above = (slope * sums + height for slope, height in (lines[:2], lines[2:]))
        gaps.append(float((np.minimum(curve - below, above - curve) / (1 + np.abs(sums))).min()))
    return min(gaps)
