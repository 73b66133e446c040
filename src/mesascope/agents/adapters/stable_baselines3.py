"""Agents of Stable-Baselines3, read from their `.zip` files without Stable-Baselines3, PyTorch or unpickling.

What the policy computes is written out here in numpy: its preprocessing (bytes of images divided by 255, whole numbers
as one-hot vectors), the "Nature CNN" for images, and dense layers. Probabilities agree with `policy.get_distribution`
to 1e-6, after convolutions to 1e-5. Files whose policy is not determined by plain text need `trust_pickle`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.adapters.stable_baselines3_description import TRUST, Description, describe
from mesascope.agents.adapters.torch_weights import read_torch_weights
from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import softmax
from mesascope.agents.reading import MAXIMUM_BYTES, read_archive, read_model_file
from mesascope.core.errors import AgentError, UntrustedModelError

IMAGES_AT_ONCE: int = 128
"""Images convolved at once; bounds memory, not results."""
STRIDES: tuple[int, ...] = (4, 2, 1)
"""Of the three convolutions of the "Nature CNN" (Mnih et al. 2015)."""

GREEDY = "It is a DQN agent: its policy is the greedy one, the action of the largest value, without exploration."
SEPARATE = (
    "Observations go to the policy as the world shows them; running statistics (VecNormalize) are not part of the file."
)

_ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-np.clip(x, -80, None))),
    "leaky-relu": lambda x: np.where(x > 0, x, np.float32(0.01) * x),
}


class StableBaselines3Agent(Agent):
    """A policy of Stable-Baselines3, run in numpy in single precision.

    **Arguments:**

    - `name`: for people.
    - `description`: of the policy.
    - `tensors`: its `state_dict`.
    - `path`: the file it comes from, for messages.

    **Raises:** `UntrustedModelError` if the tensors are not those that the description implies.
    """

    kind = "Stable-Baselines3"
    memoryless = True

    def __init__(self, name: str, description: Description, tensors: dict[str, np.ndarray], *, path: object):
        self.name, self.description = name, description
        self.actions = description.actions
        self.notes = (*((GREEDY,) if description.family == "DQN" else ()), SEPARATE, *description.notes)
        self._convolutions, self._layers = _layers(description, tensors, path)

    def initial_state(self, batch: int) -> None:
        return None

    def reads(self, shape: tuple[int, ...]) -> bool:
        """Says whether observations of this shape can be shown to the agent."""
        description = self.description
        if description.states is not None:
            return shape in ((description.states,), (1,))
        if shape == description.shape or (description.image and _channels_first(shape) == description.shape):
            return True
        return not description.image and shape == (description.inputs,)

    def expected(self) -> str:
        """Returns the shapes that `reads` accepts, for a message."""
        description = self.description
        if description.states is not None:
            return f"whole numbers below {description.states}, or one-hot vectors [{description.states}]"
        if description.image:
            channels, height, width = description.shape
            return f"images {[height, width, channels]} or {[channels, height, width]}"
        return f"arrays {list(description.shape)}"

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        if not self.reads(observations.shape[1:]):
            raise AgentError(
                f"Agent '{self.name}' reads {self.expected()}; it was shown observations of shape "
                f"{list(observations.shape[1:])}."
            )
        features = self._preprocessed(np.asarray(observations, np.float32))
        if self._convolutions:
            parts = [
                self._convolved(features[start : start + IMAGES_AT_ONCE])
                for start in range(0, max(len(features), 1), IMAGES_AT_ONCE)
            ]
            features = np.concatenate(parts)
        features = features.reshape(len(features), -1)
        for weight, bias, activation in self._layers:
            features = activation(features @ weight.T + bias)
        if self.description.family == "DQN":
            return np.eye(self.actions)[features.argmax(-1)], None
        return softmax(features), None

    def _preprocessed(self, observations: np.ndarray) -> np.ndarray:
        description = self.description
        if description.states is not None:
            if observations.shape[1:] == (description.states,) and description.states > 1:
                return observations
            index = np.rint(observations[:, 0]).astype(np.int64)
            # The world of one state may show it as the number 0 or as the vector [1].
            index = np.zeros_like(index) if description.states == 1 else index
            if ((index < 0) | (index >= description.states)).any():
                raise AgentError(f"Agent '{self.name}' reads {self.expected()}; it was shown {index.max()}.")
            return np.eye(description.states, dtype=np.float32)[index]
        if description.image:
            if observations.shape[1:] != description.shape:
                observations = observations.transpose(0, 3, 1, 2)
            if description.divides:
                observations = observations / np.float32(255)
        return observations

    def _convolved(self, images: np.ndarray) -> np.ndarray:
        for (weight, bias), stride in zip(self._convolutions, STRIDES, strict=True):
            kernel = weight.shape[2:]
            windows = np.lib.stride_tricks.sliding_window_view(images, kernel, axis=(2, 3))[:, :, ::stride, ::stride]
            summed = np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3)))
            images = np.maximum(summed + bias, 0).transpose(0, 3, 1, 2)
        return images.reshape(len(images), -1)


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


Layer = tuple[np.ndarray, np.ndarray, Callable[[np.ndarray], np.ndarray]]


def _layers(
    description: Description, tensors: dict[str, np.ndarray], path: object
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[Layer]]:
    """Returns the convolutions and the dense layers of a policy, from observation to scores of actions."""
    found = _Tensors(tensors, path)
    activation = _ACTIVATIONS[description.activation]
    if description.family == "DQN":
        extractor, trunk, without_effect = "q_net.features_extractor", "q_net.q_net", ("q_net_target.",)
    else:
        extractor, trunk = "features_extractor", "mlp_extractor.policy_net"
        without_effect = ("mlp_extractor.value_net.", "value_net.")
        if description.convolutional:
            without_effect += ("pi_features_extractor.", "vf_features_extractor.")
    convolutions, dense, width = [], [], description.inputs
    if description.convolutional:
        channels, *size = description.shape
        for index, (outputs, kernel, stride) in enumerate(zip((32, 64, 64), (8, 4, 3), STRIDES, strict=True)):
            name = f"{extractor}.cnn.{2 * index}"
            weight = found.take(f"{name}.weight", (outputs, channels, kernel, kernel))
            convolutions.append((weight, found.take(f"{name}.bias", (outputs,))))
            channels, size = outputs, [(length - kernel) // stride + 1 for length in size]
            if min(size) < 1:
                reason = f"its images {list(description.shape)} are too small for its convolutions."
                raise UntrustedModelError(reason, path=path, field="observation_space")
        weight, bias = found.affine(f"{extractor}.linear.0", channels * math.prod(size))
        dense.append((weight, bias, _ACTIVATIONS["relu"]))
        width = len(bias)
    numbers = sorted(
        int(text)
        for name in tensors
        if name.startswith(f"{trunk}.") and (text := name.removeprefix(f"{trunk}.").removesuffix(".weight")).isdecimal()
    )
    for number in numbers:
        last = description.family == "DQN" and number == numbers[-1]
        weight, bias = found.affine(f"{trunk}.{number}", width, description.actions if last else None)
        dense.append((weight, bias, _unchanged if last else activation))
        width = len(bias)
    if description.family != "DQN":
        dense.append((*found.affine("action_net", width, description.actions), _unchanged))
    elif not numbers:
        raise UntrustedModelError(f"it has no layers '{trunk}'. {TRUST}", path=path, field="policy.pth")
    found.check_rest(without_effect)
    return convolutions, dense


def _unchanged(scores: np.ndarray) -> np.ndarray:
    return scores


def _channels_first(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[2], shape[0], shape[1]) if len(shape) == 3 else shape


def load_stable_baselines3(
    path: str | os.PathLike, *, trust_pickle: bool = False, maximum_bytes: int = MAXIMUM_BYTES
) -> Agent:
    """Reads an agent from a `.zip` file of Stable-Baselines3: PPO, A2C or DQN with "MlpPolicy" or "CnnPolicy".

    **Arguments:**

    - `path`: the file.
    - `trust_pickle`: let Stable-Baselines3 load it, which runs code that is in the file.
    - `maximum_bytes`: the cap.

    **Raises:** `UsageError` if it cannot be read, `UntrustedModelError` if it is broken, dangerous or not understood.
    """
    path = Path(path)
    content = read_model_file(path, maximum_bytes=maximum_bytes)
    members = read_archive(content, path=path, wanted=lambda name: name in ("data", "policy.pth"))
    for name in ("data", "policy.pth"):
        if name not in members:
            raise UntrustedModelError(
                "this member is missing: it is not a file of Stable-Baselines3's `save`.", path=path, field=name
            )
    if trust_pickle:
        from mesascope.agents.adapters.stable_baselines3_trusted import load_trusted

        return load_trusted(path, members["data"])
    description = describe(members["data"], path=path)
    tensors = read_torch_weights(members["policy.pth"], path=path, field="policy.pth")
    return StableBaselines3Agent(path.stem, description, tensors, path=path)
