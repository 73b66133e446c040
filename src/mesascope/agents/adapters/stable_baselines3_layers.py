"""The layers of a Stable-Baselines3 policy from observation to scores of actions, written out in numpy.

Each has the name of the module of Stable-Baselines3 that computes the same, modules that only hold others included:
what a forward hook there sees is what is computed here. Images are held channels last, `[B, H, W, C]`; what is
flattened is in the order of Stable-Baselines3, channel by channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mesascope.agents.adapters.stable_baselines3_description import TRUST, Description
from mesascope.core.errors import UntrustedModelError

STRIDES: tuple[int, ...] = (4, 2, 1)
"""Of the three convolutions of the "Nature CNN" (Mnih et al. 2015)."""

Function = Callable[[np.ndarray], np.ndarray]

_ACTIVATIONS: dict[str, Function] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-np.clip(x, -80, None))),
    "leaky-relu": lambda x: np.where(x > 0, x, np.float32(0.01) * x),
}


@dataclass(frozen=True)
class Layer:
    """One module of a policy; the next takes what it returns.

    **Arguments:**

    - `site`: its name in `policy.named_modules()` of Stable-Baselines3.
    - `compute`: what it does with a batch.
    """

    site: str
    compute: Function


def policy_layers(description: Description, tensors: dict[str, np.ndarray], path: object) -> tuple[Layer, ...]:
    """Returns the layers of a policy in the order in which they run; the last returns scores of the actions.

    **Arguments:**

    - `description`: of the policy.
    - `tensors`: its `state_dict`.
    - `path`: the file it comes from, for messages.

    **Raises:** `UntrustedModelError` if the tensors are not those that the description implies.
    """
    found = _Tensors(tensors, path)
    if description.family == "DQN":
        extractor, trunk, without_effect = "q_net.features_extractor", "q_net.q_net", ("q_net_target.",)
    else:
        extractor, trunk = "features_extractor", "mlp_extractor.policy_net"
        without_effect = ("mlp_extractor.value_net.", "value_net.")
        if description.convolutional:
            without_effect += ("pi_features_extractor.", "vf_features_extractor.")
    if description.convolutional:
        layers, width = _convolutions(description, found, extractor)
    else:
        layers, width = [Layer(f"{extractor}.flatten", _flattened), Layer(extractor, _unchanged)], description.inputs
    activation = _ACTIVATIONS[description.activation]
    numbers = sorted(
        int(text)
        for name in tensors
        if name.startswith(f"{trunk}.") and (text := name.removeprefix(f"{trunk}.").removesuffix(".weight")).isdecimal()
    )
    if numbers != list(range(0, 2 * len(numbers), 2)):
        reason = f"its layers '{trunk}' are not dense ones with activations between them. {TRUST}"
        raise UntrustedModelError(reason, path=path, field="policy.pth")
    for number in numbers:
        last = description.family == "DQN" and number == numbers[-1]
        weight, bias = found.affine(f"{trunk}.{number}", width, description.actions if last else None)
        layers.append(Layer(f"{trunk}.{number}", _dense(weight, bias)))
        if not last:
            layers.append(Layer(f"{trunk}.{number + 1}", activation))
        width = len(bias)
    layers.append(Layer(trunk, _unchanged))
    if description.family != "DQN":
        layers.append(Layer("action_net", _dense(*found.affine("action_net", width, description.actions))))
    elif numbers:
        layers.append(Layer("q_net", _unchanged))
    else:
        raise UntrustedModelError(f"it has no layers '{trunk}'. {TRUST}", path=path, field="policy.pth")
    found.check_rest(without_effect)
    return tuple(layers)


def _convolutions(description: Description, found: _Tensors, extractor: str) -> tuple[list[Layer], int]:
    """Returns the layers of the "Nature CNN", and how many features it has."""
    layers: list[Layer] = []
    channels, *size = description.shape
    for index, (outputs, kernel, stride) in enumerate(zip((32, 64, 64), (8, 4, 3), STRIDES, strict=True)):
        name = f"{extractor}.cnn.{2 * index}"
        weight = found.take(f"{name}.weight", (outputs, channels, kernel, kernel))
        layers.append(Layer(name, _convolution(weight, found.take(f"{name}.bias", (outputs,)), stride)))
        layers.append(Layer(f"{extractor}.cnn.{2 * index + 1}", _ACTIVATIONS["relu"]))
        channels, size = outputs, [(length - kernel) // stride + 1 for length in size]
        if min(size) < 1:
            reason = f"its images {list(description.shape)} are too small for its convolutions."
            raise UntrustedModelError(reason, path=found.path, field="observation_space")
    weight, bias = found.affine(f"{extractor}.linear.0", channels * math.prod(size))
    layers += [
        Layer(f"{extractor}.cnn.6", lambda images: _flattened(images.transpose(0, 3, 1, 2))),
        Layer(f"{extractor}.cnn", _unchanged),
        Layer(f"{extractor}.linear.0", _dense(weight, bias)),
        Layer(f"{extractor}.linear.1", _ACTIVATIONS["relu"]),
        Layer(f"{extractor}.linear", _unchanged),
        Layer(extractor, _unchanged),
    ]
    return layers, len(bias)


def _unchanged(values: np.ndarray) -> np.ndarray:
    return values


def _flattened(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), math.prod(values.shape[1:]))


def _dense(weight: np.ndarray, bias: np.ndarray) -> Function:
    return lambda values: values @ weight.T + bias


def _convolution(weight: np.ndarray, bias: np.ndarray, stride: int) -> Function:
    def compute(images: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(images, weight.shape[2:], axis=(1, 2))
        return np.tensordot(windows[:, ::stride, ::stride], weight, axes=((3, 4, 5), (1, 2, 3))) + bias

    return compute


class _Tensors:
    """The tensors of a policy, taken one by one with the shapes they must have."""

    def __init__(self, tensors: dict[str, np.ndarray], path: object):
        self.left, self.path = dict(tensors), path
        for name, tensor in tensors.items():
            if not np.isfinite(tensor).all():
                reason = "this tensor has numbers that are not finite."
                raise UntrustedModelError(reason, path=path, field=f"policy.pth > {name[:100]}")

    def take(self, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
        tensor = self.left.pop(name, None)
        field = f"policy.pth > {name}"
        if tensor is None:
            raise UntrustedModelError(f"this tensor is missing. {TRUST}", path=self.path, field=field)
        fits = len(tensor.shape) == len(shape) and all(
            wanted in (None, size) for size, wanted in zip(tensor.shape, shape, strict=True)
        )
        if not fits:
            wanted = ["any" if size is None else size for size in shape]
            reason = f"this tensor has the shape {list(tensor.shape)}; the description of the policy implies {wanted}."
            raise UntrustedModelError(reason, path=self.path, field=field)
        return np.ascontiguousarray(tensor, np.float32)

    def affine(self, name: str, inputs: int, outputs: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        weight = self.take(f"{name}.weight", (outputs, inputs))
        return weight, self.take(f"{name}.bias", (len(weight),))

    def check_rest(self, without_effect: tuple[str, ...]) -> None:
        for name in self.left:
            if not name.startswith(without_effect):
                reason = f"a tensor {name[:100]!r} is not part of the policy classes that are read. {TRUST}"
                raise UntrustedModelError(reason, path=self.path, field="policy.pth")
