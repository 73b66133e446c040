"""Agents of Stable-Baselines3, read from their `.zip` files without Stable-Baselines3, PyTorch or unpickling.

What the policy computes is written out here in numpy: its preprocessing (bytes of images divided by 255, whole numbers
as one-hot vectors), the "Nature CNN" for images, and dense layers. Probabilities agree with `policy.get_distribution`
to 1e-6, after convolutions to 1e-5. Files whose policy is not determined by plain text need `trust_pickle`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Activations, Captured, checked_patches
from mesascope.agents.adapters.recorder import Recorder
from mesascope.agents.adapters.stable_baselines3_description import Description, describe
from mesascope.agents.adapters.stable_baselines3_layers import policy_layers
from mesascope.agents.adapters.torch_weights import read_torch_weights
from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import softmax
from mesascope.agents.reading import MAXIMUM_BYTES, read_archive, read_model_file
from mesascope.core.errors import AgentError, UntrustedModelError

IMAGES_AT_ONCE: int = 128
"""Images convolved at once; bounds memory, not results."""

GREEDY = "It is a DQN agent: its policy is the greedy one, the action of the largest value, without exploration."
SEPARATE = (
    "Observations go to the policy as the world shows them; running statistics (VecNormalize) are not part of the file."
)


class StableBaselines3Agent(Agent):
    """A policy of Stable-Baselines3, run in numpy in single precision.

    It is `Inspectable`: its sites are the modules of Stable-Baselines3's policy that run while it chooses, by their own
    names. Convolutions are shown channels last, `[B, H, W, C]`, though Stable-Baselines3 computes channels first.

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
        self._layers = policy_layers(description, tensors, path)

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
        self._check_reads(observations)
        return np.concatenate([self._act_on(part) for part in self._parts(observations)]), None

    def sites(self) -> tuple[str, ...]:
        """Returns the names of the modules whose outputs can be read and replaced, in the order in which they run."""
        return tuple(layer.site for layer in self._layers)

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        """Acts once, reading all sites; see `Inspectable`."""
        self._check_reads(observations)
        checked = checked_patches(self, patches, rows=len(observations))
        answers, seen, start = [], {site: [] for site in self.sites()}, 0
        for part in self._parts(observations):
            rows = slice(start, start + len(part))
            recorder = Recorder(self.name, {site: patch[rows] for site, patch in checked.items()})
            answers.append(self._act_on(part, recorder))
            for site, activation in recorder.seen.items():
                seen[site].append(activation)
            start += len(part)
        found = {site: np.concatenate(parts) for site, parts in seen.items()}
        return Captured(np.concatenate(answers), None, Activations(found, agent=self.name))

    def _check_reads(self, observations: np.ndarray) -> None:
        if not self.reads(observations.shape[1:]):
            raise AgentError(
                f"Agent '{self.name}' reads {self.expected()}; it was shown observations of shape "
                f"{list(observations.shape[1:])}."
            )

    def _parts(self, observations: np.ndarray) -> list[np.ndarray]:
        size = IMAGES_AT_ONCE if self.description.convolutional else max(len(observations), 1)
        return [observations[start : start + size] for start in range(0, max(len(observations), 1), size)]

    def _act_on(self, observations: np.ndarray, recorder: Recorder | None = None) -> np.ndarray:
        values = self._preprocessed(np.asarray(observations, np.float32))
        for layer in self._layers:
            values = layer.compute(values)
            if recorder is not None:
                values = recorder(layer.site, values)
        if self.description.family == "DQN":
            return np.eye(self.actions)[values.argmax(-1)]
        return softmax(values)

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
        return observations.transpose(0, 2, 3, 1) if description.convolutional else observations


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
