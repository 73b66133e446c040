"""Problems of optimization as streams: one sees a gradient and answers an update (Andrychowicz et al. 2016).

What trains something else is an agent here, whether people wrote it or training found it: a base optimizer that is
applied to one of these streams is a meta-optimizer, with no further code.
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from mesascope.core.errors import MissingExtraError, WorldError
from mesascope.core.random import RandomKey
from mesascope.core.text import quoted
from mesascope.worlds.streams.stream import Stream

ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}
CLASSES: int = 10
FARTHEST: float = 1e3
"""Parameters stay within it: the loss of who runs away is very large, and still a number."""


class Optimisation(NamedTuple):
    """What is to be optimized, and where that begins."""

    data: PyTree
    start: Float[Array, " P"]


@dataclass(frozen=True)
class Optimisee(Stream):
    """A problem of optimization; a subclass says how it is drawn, and its loss.

    **Arguments:**

    - `horizon`: updates in an episode.
    """

    horizon: int = 100

    signals, loss_name = ("negative loss",), "loss"

    def __post_init__(self):
        if self.horizon < 1:
            raise WorldError(f"horizon={self.horizon} must be 1 or more.")

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """P, the number of parameters."""

    @abc.abstractmethod
    def loss(self, data: PyTree, parameters: Float[Array, " P"], *, key: RandomKey) -> Float[Array, ""]:
        """Returns what is to be made small; with the key it may look at some of the data alone."""

    @property
    def observed(self) -> tuple[str, ...]:
        return (*(f"gradient {index + 1}" for index in range(self.outputs)), "loss")

    @property
    def feedback(self) -> Mapping[str, tuple[int, ...]]:
        return {"negative loss": tuple(range(self.outputs + 1))}

    @property
    def steps(self) -> int:
        return self.horizon

    def begin(self, task: Optimisation, *, key: RandomKey) -> tuple[Array, Float[Array, " D"]]:
        return task.start, self._seen(task, task.start, key)[0]

    def _seen(self, task: Optimisation, parameters: Array, key: RandomKey) -> tuple[Array, Array]:
        loss, gradient = jax.value_and_grad(lambda one: self.loss(task.data, one, key=key))(parameters)
        # Who learns to optimize does so without second derivatives (there, §2.1).
        return jax.lax.stop_gradient(jnp.append(gradient, loss)), loss

    def step(
        self, task: Optimisation, state: Array, answer: Float[Array, " P"], *, key: RandomKey
    ) -> tuple[Array, Float[Array, " D"], Float[Array, " N"]]:
        parameters = jnp.clip(state + answer, -FARTHEST, FARTHEST)
        seen, loss = self._seen(task, parameters, key)
        return parameters, seen, -loss[None]

    def shifts(self) -> Mapping[str, Stream]:
        return {"longer": replace(self, horizon=2 * self.horizon)}


@dataclass(frozen=True)
class QuadraticProblems(Optimisee):
    """`|matrix x - target|^2` (there, §3.1): matrix, target and start are standard normal.

    **Arguments:**

    - `dimensions`: P, and the rows of the matrix.
    - `scale`: of the matrix.
    """

    dimensions: int = 10
    scale: float = 1.0

    name = "quadratics"
    summary = "Random quadratic problems; one sees a gradient and answers an update."

    @property
    def outputs(self) -> int:
        return self.dimensions

    def sample(self, *, key: RandomKey) -> Optimisation:
        drawn = jax.random.normal(key, (self.dimensions + 2, self.dimensions))
        return Optimisation((self.scale * drawn[2:], drawn[0]), drawn[1])

    def loss(self, data: PyTree, parameters: Float[Array, " P"], *, key: RandomKey) -> Float[Array, ""]:
        matrix, target = data
        return jnp.square(matrix @ parameters - target).sum()

    def shifts(self) -> Mapping[str, Stream]:
        return {**super().shifts(), "steeper": replace(self, scale=2 * self.scale)}


@dataclass(frozen=True)
class DigitsNetwork(Optimisee):
    """A network that learns to read handwritten digits, 8 x 8, of scikit-learn (there, §3.2, MNIST).

    Each gradient is that of the cross-entropy of some digits, drawn anew.

    **Arguments:**

    - `hidden`: units of its one hidden layer.
    - `activation`: of those, one of `ACTIVATIONS`.
    - `batch`: digits of a gradient.
    """

    hidden: int = 20
    activation: str = "sigmoid"
    batch: int = 128

    name = "digits"
    summary = "A small network that learns to read digits; one sees a gradient and answers an update."

    def __post_init__(self):
        super().__post_init__()
        if self.activation not in ACTIVATIONS or self.hidden < 1 or self.batch < 1:
            raise WorldError(
                f"activation={quoted(self.activation)} must be one of {', '.join(ACTIVATIONS)}, and "
                f"hidden={self.hidden} and batch={self.batch} 1 or more."
            )

    @property
    def outputs(self) -> int:
        return self.hidden * (64 + 1 + CLASSES) + CLASSES

    def sample(self, *, key: RandomKey) -> Optimisation:
        return Optimisation((), 0.1 * jax.random.normal(key, (self.outputs,)))

    def loss(self, data: PyTree, parameters: Float[Array, " P"], *, key: RandomKey) -> Float[Array, ""]:
        images, labels = _digits()
        rows = jax.random.randint(key, (self.batch,), 0, len(images))
        first, second = jnp.split(parameters, [self.hidden * 65])
        inner = ACTIVATIONS[self.activation](_affine(first, jnp.asarray(images)[rows], self.hidden))
        likely = jax.nn.log_softmax(_affine(second, inner, CLASSES))
        return -jnp.take_along_axis(likely, jnp.asarray(labels)[rows][:, None], axis=1).mean()

    def shifts(self) -> Mapping[str, Stream]:
        others = {name: replace(self, activation=name) for name in ACTIVATIONS if name != self.activation}
        return {**super().shifts(), **others}


def _affine(parameters: Array, inputs: Array, outputs: int) -> Array:
    matrix = parameters.reshape(-1, outputs)
    return inputs @ matrix[:-1] + matrix[-1]


@functools.cache
def _digits() -> tuple[Float[np.ndarray, "N 64"], np.ndarray]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError("Stream 'digits'", "digits", "sklearn") from error
    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels.astype(np.int32)
