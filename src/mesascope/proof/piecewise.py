"""Networks as affine maps with rectifiers or hyperbolic tangents between them: the form that bounds are computed of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from mesascope.core.errors import UsageError

MAXIMUM_COEFFICIENTS: int = 2**26
"""Numbers that one value may need to say how it depends on units before it: 512 MiB."""

Activation = Literal["relu", "tanh"]
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"relu": lambda sums: np.maximum(sums, 0), "tanh": np.tanh}


@dataclass(frozen=True, eq=False)
class Affine:
    """`bias + sum_j weights[j] @ h_j`, where `h_0` are the free inputs and `h_j` the units of hidden layer j.

    **Arguments:**

    - `weights`: by layer, `[width, width of layer j]`; layers on which it does not depend are left out.
    - `bias`: `[width]`.
    """

    weights: dict[int, Float[np.ndarray, "_ _"]]
    bias: Float[np.ndarray, " _"]

    def __call__(self, units: Sequence[Float[np.ndarray, "B _"]]) -> Float[np.ndarray, "B _"]:
        constant = np.tile(self.bias, (len(units[0]), 1))
        return constant + sum(units[layer] @ weight.T for layer, weight in self.weights.items())


@dataclass(frozen=True, eq=False)
class PiecewiseNetwork:
    """A network whose hidden layers are activations of affine maps of the inputs and of all layers before them.

    **Arguments:**

    - `inputs`: one vector of all inputs, flattened; those that are not free have these values.
    - `free`: indices of the inputs that may vary.
    - `layers`: the sums of each hidden layer.
    - `activations`: of each hidden layer.
    - `outputs`: what the network says.
    - `shape`: of the inputs before they were flattened.
    """

    inputs: Float[np.ndarray, " D"]
    free: Int[np.ndarray, " F"]
    layers: tuple[Affine, ...]
    activations: tuple[Activation, ...]
    outputs: Affine
    shape: tuple[int, ...]

    def __post_init__(self):
        for affine in (*self.layers, self.outputs):
            if not all(np.isfinite(numbers).all() for numbers in (affine.bias, *affine.weights.values())):
                raise UsageError("The network holds a number that is not finite (NaN or infinity): it has no bounds.")

    @property
    def widths(self) -> tuple[int, ...]:
        """Units in each hidden layer."""
        return tuple(len(layer.bias) for layer in self.layers)

    def hidden(self, inputs: Float[np.ndarray, "B D"]) -> list[np.ndarray]:
        """Returns the free inputs and the units of every hidden layer, `[B, width]` each.

        **Raises:** `UsageError` if an input differs that the network takes for fixed.
        """
        inputs = np.asarray(inputs, np.float64)
        fixed = np.setdiff1d(np.arange(len(self.inputs)), self.free)
        for place in fixed[np.any(inputs[:, fixed] != self.inputs[fixed], axis=0)][:1]:
            raise UsageError(
                f"Input {place} is fixed at {self.inputs[place]} in this network, which was made for a box in which it "
                "does not vary. Make the network with a box in which it does."
            )
        units = [inputs[:, self.free]]
        for layer, activation in zip(self.layers, self.activations, strict=True):
            units.append(ACTIVATIONS[activation](layer(units)))
        return units

    def __call__(self, inputs: Float[np.ndarray, "B D"]) -> Float[np.ndarray, "B O"]:
        """Returns the outputs in double precision.

        **Arguments:**

        - `inputs`: all of them, flattened in C order.

        **Raises:** as `hidden`.
        """
        return self.outputs(self.hidden(inputs))


@dataclass(frozen=True, eq=False)
class Value:
    """An array while a network is read: `constant + sum_j tensordot(h_j, coefficients[j], 1)`."""

    constant: np.ndarray
    coefficients: dict[int, np.ndarray]

    @property
    def varying(self) -> np.ndarray:
        """Which elements depend on anything, in the shape of the array."""
        parts = [np.any(part != 0, axis=0) for part in self.coefficients.values()]
        return np.any(parts, axis=0) if parts else np.zeros(self.constant.shape, bool)


def value_of(constant: Any, coefficients: dict[int, np.ndarray]) -> Value | np.ndarray:
    """Returns a value without what is zero; an array where nothing varies."""
    kept = {layer: part for layer, part in coefficients.items() if part.any()}
    return Value(np.asarray(constant), kept) if kept else np.asarray(constant)


@dataclass
class Reading:
    """A network while it is read, operation by operation.

    **Arguments:**

    - `inputs`: all of them; those that are not free have these values.
    - `varies`: which are free, in the same shape.
    """

    inputs: np.ndarray
    varies: np.ndarray
    layers: list[Affine] = field(default_factory=list)
    activations: list[Activation] = field(default_factory=list)

    def start(self) -> Value | np.ndarray:
        """Returns the inputs."""
        return value_of(np.where(self.varies, 0.0, self.inputs), {0: self._unit(self.varies)})

    def linear(self, function: Callable[..., Any], *operands: Value | np.ndarray) -> Value | np.ndarray:
        """Returns what a function makes of operands in which it is affine together, as far as they vary.

        To be called while JAX computes in double precision.
        """
        indices = [index for index, operand in enumerate(operands) if isinstance(operand, Value)]
        constants = [operand.constant if isinstance(operand, Value) else operand for operand in operands]

        def of_varying(*varying):
            given = dict(zip(indices, varying, strict=True))
            return function(*(given.get(index, constant) for index, constant in enumerate(constants)))

        points = tuple(jnp.asarray(constants[index]) for index in indices)
        values: list[Value] = [operand for operand in operands if isinstance(operand, Value)]
        coefficients = {}
        for layer in sorted({layer for value in values for layer in value.coefficients}):
            width = next(len(value.coefficients[layer]) for value in values if layer in value.coefficients)
            # An affine function's derivative is its linear part, without the rounding of a difference.
            tangents = tuple(
                value.coefficients[layer] if layer in value.coefficients else np.zeros((width, *value.constant.shape))
                for value in values
            )
            shape = jax.eval_shape(of_varying, *points).shape
            check_size(width, shape)
            derivative = jax.vmap(lambda *tangent: jax.jvp(of_varying, points, tangent)[1])
            coefficients[layer] = np.asarray(derivative(*tangents))
        return value_of(of_varying(*points), coefficients)

    def activate(self, activation: Activation, value: Value | np.ndarray) -> Value | np.ndarray:
        """Returns an activation of a value, whose elements that vary become a hidden layer."""
        if not isinstance(value, Value):
            return ACTIVATIONS[activation](np.asarray(value))
        varying = value.varying
        self.layers.append(_affine(value, varying))
        self.activations.append(activation)
        constant = np.where(varying, 0.0, ACTIVATIONS[activation](value.constant))
        return value_of(constant, {len(self.layers): self._unit(varying)})

    def network(self, outputs: Value | np.ndarray) -> PiecewiseNetwork:
        """Returns the network that has been read."""
        if not isinstance(outputs, Value):
            outputs = Value(np.asarray(outputs), {})
        return PiecewiseNetwork(
            inputs=self.inputs.reshape(-1).astype(np.float64),
            free=np.flatnonzero(self.varies),
            layers=tuple(self.layers),
            activations=tuple(self.activations),
            outputs=_affine(outputs, np.ones(outputs.constant.shape, bool)),
            shape=self.inputs.shape,
        )

    @staticmethod
    def _unit(varying: np.ndarray) -> np.ndarray:
        count = int(varying.sum())
        check_size(count, varying.shape)
        unit = np.zeros((count, varying.size))
        unit[np.arange(count), np.flatnonzero(varying)] = 1.0
        return unit.reshape(count, *varying.shape)


def _affine(value: Value, kept: np.ndarray) -> Affine:
    weights = {layer: part[:, kept].T.astype(np.float64) for layer, part in value.coefficients.items()}
    return Affine(weights, value.constant[kept].astype(np.float64))


def check_size(width: int, shape: tuple[int, ...]) -> None:
    """Raises `UsageError` if a value of a shape cannot be written as a matrix of as many units."""
    if width * math.prod(shape) > MAXIMUM_COEFFICIENTS:
        raise UsageError(
            f"An array of shape {list(shape)} that depends on {width:,} units is too large for bounds: at most "
            f"{MAXIMUM_COEFFICIENTS:,} coefficients are kept. Let fewer inputs vary, or enumerate."
        )
