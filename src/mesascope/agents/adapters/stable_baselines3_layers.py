"""The layers of a Stable-Baselines3 policy from observation to scores of actions, written out in numpy.

Each has the name of the module of Stable-Baselines3 that computes the same, modules that only hold others included:
what a forward hook there sees is what is computed here. Images are held channels last, `[B, H, W, C]`; what is
flattened is in the order of Stable-Baselines3, channel by channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from mesascope.agents.adapters.stable_baselines3_description import COMBINED, IMAGES, Description
from mesascope.agents.adapters.stable_baselines3_lstm import LSTM, read_lstm
from mesascope.agents.adapters.stable_baselines3_spaces import Part
from mesascope.agents.adapters.stable_baselines3_tensors import Tensors
from mesascope.core.errors import UntrustedModelError

STRIDES: tuple[int, ...] = (4, 2, 1)
"""Of the three convolutions of the "Nature CNN" (Mnih et al. 2015)."""

Function = Callable[..., np.ndarray]

_ACTIVATIONS: Mapping[str, Function] = {
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


@dataclass(frozen=True)
class Layer:
    """One module of a policy.

    **Arguments:**

    - `site`: its name in `policy.named_modules()` of Stable-Baselines3; empty for what is no module there.
    - `compute`: what it does with a batch of each of what it takes.
    - `takes`: sites, or names of parts of the observation as `part:NAME`; by default what the layer before returns.
    """

    site: str
    compute: Function
    takes: tuple[str, ...] = ()


def policy_layers(
    description: Description, tensors: dict[str, np.ndarray], *, path: object, advice: str = ""
) -> tuple[Layer | LSTM, ...]:
    """Returns the layers of a policy in the order in which they run; the last returns scores of the actions.

    **Arguments:**

    - `description`: of the policy.
    - `tensors`: its `state_dict`.
    - `path`: the file it comes from, for messages.
    - `advice`: what to do if it is refused, for messages.

    **Raises:** `UntrustedModelError` if the tensors are not those that the description implies.
    """
    family = description.family
    if not family.head and f"{family.trunk}.weight" in tensors:
        # Linear policies of ARS before sb3-contrib 1.4: the layer was not yet the first of a row.
        tensors = {name.replace(f"{family.trunk}.", f"{family.trunk}.0."): tensor for name, tensor in tensors.items()}
    found = Tensors(tensors, path, advice)
    layers, width = _features(description, found)
    if family.recurrent:
        lstm = read_lstm(found, "lstm_actor", width)
        layers.append(lstm)
        width = lstm.units
    activation = _ACTIVATIONS[description.activation]
    # Before version 1.8, layers could be shared by actor and critic.
    shared = f"{family.trunk.rpartition('.')[0]}.shared_net"
    if any(name.startswith(f"{shared}.") for name in tensors):
        width = _dense_layers(layers, found, shared, width, activation)
    last = None if family.head else description.actions
    width = _dense_layers(layers, found, family.trunk, width, activation, multiple_of=last)
    if family.head:
        layers.append(Layer(family.head, _dense(*found.affine(family.head, width, description.actions))))
    elif "." in family.trunk:
        quantiles, owner = width // description.actions, family.trunk.rpartition(".")[0]
        if owner == "q_net" and quantiles > 1:
            raise found.refusal(f"its last layer has {width} outputs; it has {description.actions} actions")
        if owner == "q_net":
            layers.append(Layer(owner, _unchanged))
        else:
            layers.append(Layer(owner, lambda values: values.reshape(len(values), quantiles, -1)))
            layers.append(Layer("", lambda values: values.mean(1)))
    elif width != description.actions:
        raise found.refusal(f"its last layer has {width} outputs; it has {description.actions} actions")
    found.check_rest(family.without_effect)
    return tuple(layers)


def _features(description: Description, found: Tensors) -> tuple[list[Layer | LSTM], int]:
    """The layers that turn an observation into features, and how many features there are."""
    extractor, parts = description.family.extractor, description.space.parts
    if description.extractor == IMAGES:
        layers, width = _convolutions(parts[0], found, extractor)
        return [*layers, Layer(extractor, _unchanged)], width
    if description.extractor != COMBINED:
        flatten = Layer(f"{extractor}.flatten", _flattened, (f"part:{parts[0].name}",))
        return [flatten, Layer(extractor, _unchanged)], parts[0].size
    layers, ends, width = [], [], 0
    for part in parts:
        name = f"{extractor}.extractors.{part.name}"
        ends.append(name)
        if len(part.shape) == 3 and f"{name}.cnn.0.weight" in found:
            convolutions, features = _convolutions(part, found, name)
            layers += [*convolutions, Layer(name, _unchanged)]
            width += features
        else:
            layers.append(Layer(name, _flattened, (f"part:{part.name}",)))
            width += part.size
    layers.append(Layer(extractor, lambda *values: np.concatenate(values, axis=-1), tuple(ends)))
    return layers, width


def _dense_layers(
    layers: list[Layer | LSTM],
    found: Tensors,
    name: str,
    width: int,
    activation: Function,
    *,
    multiple_of: int | None = None,
) -> int:
    """Appends dense layers with activations between them, and returns how many numbers the last returns.

    **Arguments:**

    - `multiple_of`: of what the last layer's outputs are a multiple; it has no activation then.
    """
    numbers = sorted(
        {
            int(text)
            for tensor in found.left
            if tensor.startswith(f"{name}.")
            and (text := tensor.removeprefix(f"{name}.").removesuffix(".weight")).isdecimal()
            and len(text) < 6
        }
    )
    if numbers != list(range(0, 2 * len(numbers), 2)):
        raise found.refusal(
            f"its layers '{name}' are not dense ones with activations between them", advice=found.advice
        )
    if multiple_of is not None and not numbers:
        raise found.refusal(f"it has no layers '{name}'", advice=found.advice)
    for number in numbers:
        layer = f"{name}.{number}"
        weight = found.take(f"{layer}.weight", (None, width))
        # Policies of ARS may have no bias.
        none = number == numbers[-1] and multiple_of is not None and f"{layer}.bias" not in found
        bias = np.zeros(len(weight), np.float32) if none else found.take(f"{layer}.bias", (len(weight),))
        layers.append(Layer(layer, _dense(weight, bias)))
        width = len(weight)
        if multiple_of is None or number != numbers[-1]:
            layers.append(Layer(f"{name}.{number + 1}", activation))
    if multiple_of is not None and (width % multiple_of or not width):
        raise found.refusal(
            f"this tensor has {width} outputs; the description of the policy implies a multiple of {multiple_of}, one "
            "for each action",
            f"{name}.{numbers[-1]}.weight",
        )
    layers.append(Layer(name, _unchanged))
    return width


def _convolutions(part: Part, found: Tensors, extractor: str) -> tuple[list[Layer], int]:
    """The layers of the "Nature CNN", and how many features it has."""
    layers: list[Layer] = []
    channels, *size = part.shape
    for index, (outputs, kernel, stride) in enumerate(zip((32, 64, 64), (8, 4, 3), STRIDES, strict=True)):
        name = f"{extractor}.cnn.{2 * index}"
        weight = found.take(f"{name}.weight", (outputs, channels, kernel, kernel))
        convolve = _convolution(weight, found.take(f"{name}.bias", (outputs,)), stride)
        if index:
            layers.append(Layer(name, convolve))
        else:
            takes = (f"part:{part.name}",)
            layers.append(Layer(name, lambda images, of=convolve: of(images.transpose(0, 2, 3, 1)), takes))
        layers.append(Layer(f"{extractor}.cnn.{2 * index + 1}", _ACTIVATIONS["relu"]))
        channels, size = outputs, [(length - kernel) // stride + 1 for length in size]
        if min(size) < 1:
            reason = f"its images {list(part.shape)} are too small for its convolutions."
            raise UntrustedModelError(reason, path=found.path, field="observation_space")
    weight, bias = found.affine(f"{extractor}.linear.0", channels * math.prod(size))
    layers += [
        Layer(f"{extractor}.cnn.6", lambda images: _flattened(images.transpose(0, 3, 1, 2))),
        Layer(f"{extractor}.cnn", _unchanged),
        Layer(f"{extractor}.linear.0", _dense(weight, bias)),
        Layer(f"{extractor}.linear.1", _ACTIVATIONS["relu"]),
        Layer(f"{extractor}.linear", _unchanged),
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
