"""The modules of PyTorch that policies are made of, written out in numpy, and the tensors they take from a file.

Images are held channels last, `[B, H, W, C]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import erf

from mesascope.agents.sites import at_site
from mesascope.core.errors import UntrustedModelError
from mesascope.core.text import quoted, shown

MAXIMUM_DEPTH: int = 16
"""Layers of an LSTM."""

State = tuple[np.ndarray, np.ndarray]
"""Hidden and cell states `[B, L, H]` of L layers, episodes first."""
Function = Callable[..., np.ndarray]

ACTIVATIONS: Mapping[str, Function] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-np.clip(x, -80, None))),
    "leaky-relu": lambda x: np.where(x > 0, x, np.float32(0.01) * x),
    "gelu": lambda x: (0.5 * x * (1 + erf(x / np.sqrt(2)))).astype(np.float32),
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
    "softplus": lambda x: np.logaddexp(x, 0).astype(np.float32),
    "mish": lambda x: (x * np.tanh(np.logaddexp(x, 0))).astype(np.float32),
    "selu": lambda x: (1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))).astype(
        np.float32
    ),
    "identity": lambda x: x,
}


class Tensors:
    """What is left of the tensors of a file while layers are made of them.

    **Arguments:**

    - `tensors`: by name, as in the `state_dict` of the policy.
    - `path`: the file, for messages.
    - `advice`: what to do if they are not what they must be; empty if nothing helps.

    **Raises:** `UntrustedModelError` for numbers that are not finite.
    """

    def __init__(self, tensors: dict[str, np.ndarray], path: object, advice: str):
        self.left, self.path, self.advice = dict(tensors), path, advice
        for name, tensor in tensors.items():
            if not np.isfinite(tensor).all():
                raise self.refusal("this tensor has numbers that are not finite", name)

    def __contains__(self, name: str) -> bool:
        return name in self.left

    def refusal(self, reason: str, name: str | None = None, advice: str = "") -> UntrustedModelError:
        """Returns the refusal of the file for a tensor."""
        field = "policy.pth" if name is None else f"policy.pth > {shown(name, limit=100)}"
        return UntrustedModelError(f"{reason}.{advice}", path=self.path, field=field)

    def take(self, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
        """Returns a tensor and marks it as used.

        **Arguments:**

        - `name`: of the tensor.
        - `shape`: that it must have; `None` where any size will do.

        **Raises:** `UntrustedModelError` if it is missing or has another shape.
        """
        tensor = self.left.pop(name, None)
        if tensor is None:
            raise self.refusal("this tensor is missing", name, self.advice)
        fits = len(tensor.shape) == len(shape) and all(
            wanted in (None, size) for size, wanted in zip(tensor.shape, shape, strict=True)
        )
        if not fits:
            wanted = ["any" if size is None else size for size in shape]
            raise self.refusal(
                f"this tensor has the shape {list(tensor.shape)}; the description of the policy implies {wanted}", name
            )
        return np.ascontiguousarray(tensor, np.float32)

    def affine(self, name: str, inputs: int, outputs: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Returns weight `[outputs, inputs]` and bias `[outputs]` of a dense layer."""
        weight = self.take(f"{name}.weight", (outputs, inputs))
        return weight, self.take(f"{name}.bias", (len(weight),))

    def check_rest(self, without_effect: tuple[str, ...]) -> None:
        """Raises `UntrustedModelError` for a tensor that was not used and may have an effect."""
        for name in self.left:
            if not name.startswith(without_effect):
                raise self.refusal(
                    f"a tensor {quoted(name)} is not part of the policy classes that are read", advice=self.advice
                )


@dataclass(frozen=True)
class Layer:
    """One module of a policy.

    **Arguments:**

    - `site`: its name in `policy.named_modules()` of Stable-Baselines3; empty for what is no module there.
    - `compute`: what it does with a batch of each of what it takes; by default nothing.
    - `takes`: sites, or names of parts of the observation as `part:NAME`; by default what the layer before returns.
    """

    site: str
    compute: Function = lambda values: values
    takes: tuple[str, ...] = ()


def dense(weight: np.ndarray, bias: np.ndarray) -> Function:
    """Returns an affine map of vectors `[B, D]`."""
    return lambda values: values @ weight.T + bias


def convolution(weight: np.ndarray, bias: np.ndarray, stride: int) -> Function:
    """Returns a cross-correlation of images `[B, H, W, C]` without padding."""

    def compute(images: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(images, weight.shape[2:], axis=(1, 2))
        return np.tensordot(windows[:, ::stride, ::stride], weight, axes=((3, 4, 5), (1, 2, 3))) + bias

    return compute


@dataclass(frozen=True)
class LSTM:
    """A stack of LSTM layers; the last one's hidden state is what it returns.

    **Arguments:**

    - `site`: its name in `policy.named_modules()`.
    - `weights`: of each layer: input `[4H, D]`, recurrent `[4H, H]`, the sum of both biases `[4H]`.
    """

    site: str
    weights: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]

    @property
    def units(self) -> int:
        """How many numbers it returns."""
        return self.weights[0][1].shape[1]

    def initial_state(self, batch: int) -> State:
        """Returns the memory with which episodes begin: zeros."""
        zeros = np.zeros((batch, len(self.weights), self.units), np.float32)
        return zeros, zeros.copy()

    def step(self, features: Float[np.ndarray, "B D"], state: State) -> tuple[np.ndarray, State]:
        """Returns what it returns for one observation of each episode, `[B, H]`, and its memory.

        What takes the place of its output while somebody looks is remembered.
        """
        hidden, cell = (array.copy() for array in state)
        sigmoid = ACTIVATIONS["sigmoid"]
        values = features
        for layer, (of_input, recurrent, bias) in enumerate(self.weights):
            gates = values @ of_input.T + hidden[:, layer] @ recurrent.T + bias
            come, forget, new, out = np.split(gates, 4, axis=-1)
            cell[:, layer] = sigmoid(forget) * cell[:, layer] + sigmoid(come) * np.tanh(new)
            values = sigmoid(out) * np.tanh(cell[:, layer])
            if layer == len(self.weights) - 1:
                values = at_site(self.site, values)
            hidden[:, layer] = values
        return values, (hidden, cell)


def read_lstm(found: Tensors, name: str, inputs: int) -> LSTM:
    """Returns the LSTM under the name of its module, for so many inputs.

    **Raises:** `UntrustedModelError` if its tensors are missing, or have other shapes.
    """
    layers: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    while not layers or f"{name}.weight_ih_l{len(layers)}" in found:
        if len(layers) == MAXIMUM_DEPTH:
            raise found.refusal(f"its LSTM has more than {MAXIMUM_DEPTH} layers")
        end = f"l{len(layers)}"
        recurrent = found.take(f"{name}.weight_hh_{end}", (None, layers[0][1].shape[1] if layers else None))
        units = recurrent.shape[1]
        if len(recurrent) != 4 * units:
            raise found.refusal(f"this tensor has the shape {list(recurrent.shape)}; an LSTM has [4H, H]", name)
        of_input = found.take(f"{name}.weight_ih_{end}", (4 * units, units if layers else inputs))
        biases = [found.take(f"{name}.bias_{which}_{end}", (4 * units,)) for which in ("ih", "hh")]
        layers.append((of_input, recurrent, biases[0] + biases[1]))
    return LSTM(name, tuple(layers))
