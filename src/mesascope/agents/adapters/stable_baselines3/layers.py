"""The layers of a Stable-Baselines3 policy from observation to scores of actions, written out in numpy.

Each has the name of the module of Stable-Baselines3 that computes the same, modules that only hold others included:
what a forward hook there sees is what is computed here. Images are held channels last, `[B, H, W, C]`; what is
flattened is in the order of Stable-Baselines3, channel by channel.
"""

from __future__ import annotations

import math

import numpy as np

from mesascope.agents.adapters.stable_baselines3.description import COMBINED, IMAGES, Description
from mesascope.agents.adapters.stable_baselines3.modules import (
    ACTIVATIONS,
    LSTM,
    Function,
    Layer,
    Tensors,
    convolution,
    dense,
    read_lstm,
)
from mesascope.agents.adapters.stable_baselines3.spaces import Part
from mesascope.core.errors import UntrustedModelError

STRIDES: tuple[int, ...] = (4, 2, 1)
"""Of the three convolutions of the "Nature CNN" (Mnih et al. 2015)."""


def policy_layers(
    description: Description, tensors: dict[str, np.ndarray], *, path: object, advice: str = ""
) -> tuple[Layer | LSTM, ...]:
    """Returns the layers of a policy in the order in which they run; the last returns scores of the actions.

    **Arguments:**

    - `description`, `tensors`: of the policy, and its `state_dict`.
    - `path`, `advice`: the file, and what to do if it is refused, for messages.

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
    activation = ACTIVATIONS[description.activation]
    # Before version 1.8, layers could be shared by actor and critic.
    shared = f"{family.trunk.rpartition('.')[0]}.shared_net"
    if any(name.startswith(f"{shared}.") for name in tensors):
        width = _dense_layers(layers, found, shared, width, activation)
    last = None if family.head else description.actions
    width = _dense_layers(layers, found, family.trunk, width, activation, multiple_of=last)
    if family.head:
        layers.append(Layer(family.head, dense(*found.affine(family.head, width, description.actions))))
    elif "." in family.trunk:
        quantiles, owner = width // description.actions, family.trunk.rpartition(".")[0]
        if owner == "q_net" and quantiles > 1:
            raise found.refusal(f"its last layer has {width} outputs; it has {description.actions} actions")
        if owner == "q_net":
            layers.append(Layer(owner))
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
        return [*layers, Layer(extractor)], width
    if description.extractor != COMBINED:
        flatten = Layer(f"{extractor}.flatten", _flattened, (f"part:{parts[0].name}",))
        return [flatten, Layer(extractor)], parts[0].size
    layers, ends, width = [], [], 0
    for part in parts:
        name = f"{extractor}.extractors.{part.name}"
        ends.append(name)
        if len(part.shape) == 3 and f"{name}.cnn.0.weight" in found:
            convolutions, features = _convolutions(part, found, name)
            layers += [*convolutions, Layer(name)]
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
    """Appends dense layers with activations between them, and returns how many numbers the last returns: without an
    activation then, a multiple of what is given.
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
        layers.append(Layer(layer, dense(weight, bias)))
        width = len(weight)
        if multiple_of is None or number != numbers[-1]:
            layers.append(Layer(f"{name}.{number + 1}", activation))
    if multiple_of is not None and (width % multiple_of or not width):
        raise found.refusal(
            f"this tensor has {width} outputs; the description of the policy implies a multiple of {multiple_of}, one "
            "for each action",
            f"{name}.{numbers[-1]}.weight",
        )
    layers.append(Layer(name))
    return width


def _convolutions(part: Part, found: Tensors, extractor: str) -> tuple[list[Layer], int]:
    """The layers of the "Nature CNN", and how many features it has."""
    layers: list[Layer] = []
    channels, *size = part.shape
    for index, (outputs, kernel, stride) in enumerate(zip((32, 64, 64), (8, 4, 3), STRIDES, strict=True)):
        name = f"{extractor}.cnn.{2 * index}"
        weight = found.take(f"{name}.weight", (outputs, channels, kernel, kernel))
        convolve = convolution(weight, found.take(f"{name}.bias", (outputs,)), stride)
        if index:
            layers.append(Layer(name, convolve))
        else:
            takes = (f"part:{part.name}",)
            layers.append(Layer(name, lambda images, of=convolve: of(images.transpose(0, 2, 3, 1)), takes))
        layers.append(Layer(f"{extractor}.cnn.{2 * index + 1}", ACTIVATIONS["relu"]))
        channels, size = outputs, [(length - kernel) // stride + 1 for length in size]
        if min(size) < 1:
            reason = f"its images {list(part.shape)} are too small for its convolutions."
            raise UntrustedModelError(reason, path=found.path, field="observation_space")
    weight, bias = found.affine(f"{extractor}.linear.0", channels * math.prod(size))
    layers += [
        Layer(f"{extractor}.cnn.6", lambda images: _flattened(images.transpose(0, 3, 1, 2))),
        Layer(f"{extractor}.cnn"),
        Layer(f"{extractor}.linear.0", dense(weight, bias)),
        Layer(f"{extractor}.linear.1", ACTIVATIONS["relu"]),
        Layer(f"{extractor}.linear"),
    ]
    return layers, len(bias)


def _flattened(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), math.prod(values.shape[1:]))
