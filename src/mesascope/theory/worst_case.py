"""Worst-case guarantees for tiny networks: interval bounds, certificates by splitting, and the exact worst case.

Adversarial training looks for inputs that are bad; a certificate says that there are none (RFLO §3.3; Christiano 2018,
"Techniques for optimizing worst-case performance"). What is certified is a share of the domain, never "probably safe".
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float

from mesascope.core.errors import UsageError

Box = tuple[tuple[float, float], ...]
"""For each input its least and largest value."""


@dataclass(frozen=True)
class Network:
    """One layer of rectified units and a linear output.

    **Arguments:** numbers as tuples, so that a network is data.

    - `weights`: of each unit, one number an input.
    - `biases`: of each unit.
    - `outgoing`: weight of each unit in the output.
    - `constant`: added to the output.
    """

    weights: tuple[tuple[float, ...], ...]
    biases: tuple[float, ...]
    outgoing: tuple[float, ...]
    constant: float = 0.0

    def value(self, points: Float[np.ndarray, "points inputs"]) -> Float[np.ndarray, " points"]:
        """Returns the output at each point."""
        units = np.maximum(points @ np.array(self.weights).T + np.array(self.biases), 0.0)
        return units @ np.array(self.outgoing) + self.constant

    def upper_bound(self, box: Box) -> float:
        """Returns a number that the output does not exceed in a box, by interval arithmetic."""
        low, high = np.array(box).T
        weights, outgoing = np.array(self.weights), np.array(self.outgoing)
        positive, negative = np.maximum(weights, 0), np.minimum(weights, 0)
        least = np.maximum(positive @ low + negative @ high + np.array(self.biases), 0.0)
        most = np.maximum(positive @ high + negative @ low + np.array(self.biases), 0.0)
        return float(np.maximum(outgoing, 0) @ most + np.minimum(outgoing, 0) @ least + self.constant)


@dataclass(frozen=True)
class Certificate:
    """What is known of a threshold after a number of splits.

    **Arguments:**

    - `certified`: share of the box in which the output is proved not to exceed the threshold.
    - `refuted`: whether a point was found where it does.
    """

    certified: float
    refuted: bool


def certify(network: Network, box: Box, threshold: float, splits: int) -> Certificate:
    """Returns what interval bounds prove about a threshold, halving the worst box that is left again and again.

    **Arguments:**

    - `network`: any.
    - `box`: the domain.
    - `threshold`: that the output must not exceed.
    - `splits`: how many halvings are allowed, 0 or more.
    """
    left, refuted = [(network.upper_bound(box), box)], False
    for _ in range(splits):
        left.sort(key=lambda entry: entry[0])
        if left[-1][0] <= threshold:
            break
        _, worst = left.pop()
        axis = int(np.argmax([high - low for low, high in worst]))
        low, high = worst[axis]
        for part in ((low, (low + high) / 2), ((low + high) / 2, high)):
            half = (*worst[:axis], part, *worst[axis + 1 :])
            left.append((network.upper_bound(half), half))
    for bound, part in left:
        if bound > threshold:
            corners = np.array(list(itertools.product(*part)), np.float64)
            refuted = refuted or bool((network.value(corners) > threshold).any())
    proved = [_volume(part) for bound, part in left if bound <= threshold]
    return Certificate(sum(proved) / _volume(box), refuted)


def exact_maximum(network: Network, box: Box) -> float:
    """Returns the largest output in a box: a linear program for each pattern of active units.

    **Arguments:**

    - `network`: of at most 12 units.
    - `box`: the domain.

    **Raises:** `UsageError` for a larger network.
    """
    weights, biases, outgoing = np.array(network.weights), np.array(network.biases), np.array(network.outgoing)
    if len(biases) > 12:
        raise UsageError(f"{len(biases)} units have too many patterns to try them all: give at most 12.")
    best = -np.inf
    for pattern in itertools.product((0.0, 1.0), repeat=len(biases)):
        active = np.array(pattern)
        side = 1 - 2 * active
        found = scipy.optimize.linprog(
            -(outgoing * active) @ weights, A_ub=side[:, None] * weights, b_ub=-side * biases, bounds=box
        )
        if found.status == 0:
            best = max(best, float((outgoing * active) @ biases - found.fun))
    return best + network.constant


def exhaustive_maximum(network: Network, box: Box) -> float:
    """Returns the same by trying every corner where units switch or sides meet; the output is linear between those.

    **Arguments:**

    - `network`: of one or two inputs.
    - `box`: the domain.

    **Raises:** `UsageError` for more inputs.
    """
    inputs = len(box)
    if inputs > 2:
        raise UsageError(f"Corners of {inputs} inputs are not enumerated: give a network of one or two.")
    sides = [(np.eye(inputs)[axis], -edge) for axis, edges in enumerate(box) for edge in edges]
    planes = [*sides, *((np.array(row), bias) for row, bias in zip(network.weights, network.biases, strict=True))]
    corners = []
    for chosen in itertools.combinations(planes, inputs):
        normal = np.stack([row for row, _ in chosen])
        if abs(np.linalg.det(normal)) > 1e-12:
            corners.append(np.linalg.solve(normal, -np.array([bias for _, bias in chosen])))
    low, high = np.array(box).T
    points = np.array(corners)
    inside = ((points >= low - 1e-9) & (points <= high + 1e-9)).all(1)
    return float(network.value(points[inside]).max())


def largest_gap(networks: int, *, units: int = 4, seed: int = 0) -> float:
    """Returns the largest difference between the two exact maxima over random networks of two inputs.

    **Arguments:**

    - `networks`: how many.
    - `units`: of each.
    - `seed`: of their weights.
    """
    random, box, gap = np.random.default_rng(seed), ((-1.0, 1.0), (-1.0, 1.0)), 0.0
    for _ in range(networks):
        rows = tuple(tuple(row) for row in random.normal(size=(units, 2)).tolist())
        network = Network(rows, tuple(random.normal(size=units).tolist()), tuple(random.normal(size=units).tolist()))
        gap = max(gap, abs(exact_maximum(network, box) - exhaustive_maximum(network, box)))
    return gap


LINE: Box = ((-1.0, 1.0),)
ABSOLUTE = Network(((1.0,), (-1.0,)), (0.0, 0.0), (1.0, 1.0))
IDENTITY = Network(((1.0,), (-1.0,)), (0.0, 0.0), (1.0, -1.0))
"""|x| and x, of two units each."""


def _volume(box: Box) -> float:
    return float(np.prod([high - low for low, high in box]))
