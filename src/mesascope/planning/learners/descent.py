"""Optimizers that people wrote, as rules that turn a gradient into an update: references for learned ones."""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import numpy as np
from jaxtyping import Float

Vectors = Float[np.ndarray, "B P"]
RATES: tuple[float, ...] = tuple(np.geomspace(3e-4, 1, 15).tolist())
"""That are tried where a rule is tuned."""
Tuned = TypeVar("Tuned", bound="DescentRule")


@dataclass(frozen=True)
class DescentRule(abc.ABC):
    """A rule with a rate of learning; what it remembers is two vectors and the number of steps."""

    rate: float
    family: ClassVar[str]

    def begin(self, like: Vectors) -> tuple[Vectors, Vectors, Float[np.ndarray, "B 1"]]:
        """Returns the memory before the first step."""
        return np.zeros_like(like), np.zeros_like(like), np.zeros((len(like), 1))

    @abc.abstractmethod
    def update(self, gradients: Vectors, memory: tuple) -> tuple[Vectors, tuple]:
        """Returns what to add to the parameters of each of B problems, and the memory after it."""


@dataclass(frozen=True)
class Momentum(DescentRule):
    """Gradient descent with momentum; without any for `decay=0`.

    **Arguments:**

    - `decay`: share of the last update that is kept.
    - `nesterov`: whether the gradient counts as where momentum leads (Nesterov 1983).
    """

    decay: float = 0.9
    nesterov: bool = False

    family = "momentum"

    def update(self, gradients: Vectors, memory: tuple) -> tuple[Vectors, tuple]:
        trace = gradients + self.decay * memory[0]
        towards = gradients + self.decay * trace if self.nesterov else trace
        return -self.rate * towards, (trace, *memory[1:])


@dataclass(frozen=True)
class RMSprop(DescentRule):
    """Gradients divided by the root of their squares' moving average (Tieleman and Hinton 2012)."""

    family = "RMSprop"

    def update(self, gradients: Vectors, memory: tuple) -> tuple[Vectors, tuple]:
        squares = 0.9 * memory[1] + 0.1 * gradients**2
        return -self.rate * gradients / np.sqrt(squares + 1e-8), (memory[0], squares, memory[2])


@dataclass(frozen=True)
class Adam(DescentRule):
    """Moving averages of gradients and of their squares, both corrected for having begun at 0 (Kingma and Ba 2014)."""

    family = "Adam"

    def update(self, gradients: Vectors, memory: tuple) -> tuple[Vectors, tuple]:
        mean, squares, done = memory
        mean, squares, done = 0.9 * mean + 0.1 * gradients, 0.999 * squares + 0.001 * gradients**2, done + 1
        corrected = mean / (1 - 0.9**done), squares / (1 - 0.999**done)
        return -self.rate * corrected[0] / (np.sqrt(corrected[1]) + 1e-8), (mean, squares, done)


@dataclass(frozen=True)
class Quadratics:
    """Problems `|matrix x - target|^2`, each from a start.

    **Arguments:**

    - `matrices`: `[B, M, P]`.
    - `targets`: `[B, M]`.
    - `starts`: `[B, P]`.
    """

    matrices: Float[np.ndarray, "B M P"]
    targets: Float[np.ndarray, "B M"]
    starts: Float[np.ndarray, "B P"]

    def residuals(self, points: Vectors) -> Float[np.ndarray, "B M"]:
        """Returns what is squared."""
        return np.einsum("bmp,bp->bm", self.matrices, points) - self.targets

    def gradients(self, points: Vectors) -> Vectors:
        """Returns the gradient of each problem at a point."""
        return 2 * np.einsum("bmp,bm->bp", self.matrices, self.residuals(points))

    def losses(self, rule: DescentRule, steps: int) -> Float[np.ndarray, "B T"]:
        """Returns the loss after each step of a rule; a rule that runs away has infinite ones."""
        points, memory, found = self.starts, rule.begin(self.starts), []
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(steps):
                update, memory = rule.update(self.gradients(points), memory)
                points = points + update
                found.append(np.square(self.residuals(points)).sum(-1))
        return np.nan_to_num(np.stack(found, 1), nan=np.inf)

    def conjugate_gradients(self, steps: int) -> Float[np.ndarray, "B T"]:
        """Returns the loss after each step of conjugate gradients on the normal equations (Hestenes and Stiefel 1952).

        A reference, not a bound: a learned optimizer knows which problems there are.
        """
        points, found = self.starts, []
        downhill = direction = -self.gradients(points) / 2
        for _ in range(steps):
            image = np.einsum("bmp,bp->bm", self.matrices, direction)
            squared = np.square(downhill).sum(-1, keepdims=True)
            length = squared / np.maximum(np.square(image).sum(-1, keepdims=True), 1e-300)
            points = points + length * direction
            downhill = downhill - length * np.einsum("bmp,bm->bp", self.matrices, image)
            direction = downhill + np.square(downhill).sum(-1, keepdims=True) / np.maximum(squared, 1e-300) * direction
            found.append(np.square(self.residuals(points)).sum(-1))
        return np.stack(found, 1)

    def tuned(self, rule: Tuned, steps: int, rates: tuple[float, ...] = RATES) -> Tuned:
        """Returns a rule at the rate that leaves the lowest mean loss after so many steps."""
        with np.errstate(over="ignore"):
            ends = [self.losses(replace(rule, rate=rate), steps)[:, -1].mean() for rate in rates]
        return replace(rule, rate=rates[int(np.argmin(ends))])
