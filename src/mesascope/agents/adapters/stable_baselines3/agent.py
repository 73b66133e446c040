"""Agents of Stable-Baselines3 and sb3-contrib, read from their `.zip` files without either, PyTorch or unpickling.

What the policy computes is written out here in numpy: its preprocessing (bytes of images divided by 255, whole numbers
as one-hot vectors), `VecNormalize` and `VecFrameStack`, the "Nature CNN" for images, dense layers and LSTMs.
Probabilities agree with `policy.get_distribution` to 1e-6, after convolutions to 1e-5.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from mesascope.agents.activations import AgentInParts, Captured
from mesascope.agents.adapters.stable_baselines3.description import Description
from mesascope.agents.adapters.stable_baselines3.layers import policy_layers
from mesascope.agents.adapters.stable_baselines3.modules import LSTM
from mesascope.agents.adapters.stable_baselines3.observations import Observations
from mesascope.agents.probabilities import softmax
from mesascope.agents.sites import at_site, opened

IMAGES_AT_ONCE: int = 128
"""Images convolved at once; bounds memory, not results."""

MASKED_LOGIT = np.float32(-1e8)
"""What sb3-contrib gives actions that are not allowed; where none is, all are equally likely."""


class StableBaselines3Agent(AgentInParts):
    """A policy of Stable-Baselines3, run in numpy in single precision.

    It is `Inspectable`: its sites are the modules of Stable-Baselines3's policy that run while it chooses, by their own
    names. Convolutions are shown channels last, `[B, H, W, C]`, though Stable-Baselines3 computes channels first. A
    patch of `lstm_actor` is remembered, too.

    **Arguments:**

    - `name`: for people.
    - `description`: of the policy.
    - `tensors`: its `state_dict`.
    - `observations`: prepares what it sees.
    - `path`: the file it comes from, for messages.
    - `notes`: what a reader must know.
    - `advice`: what to do if it is refused, for messages.

    **Raises:** `UntrustedModelError` if the tensors are not those that the description implies.
    """

    kind = "Stable-Baselines3"

    def __init__(
        self,
        name: str,
        description: Description,
        tensors: dict[str, np.ndarray],
        observations: Observations,
        *,
        path: object,
        notes: tuple[str, ...] = (),
        advice: str = "",
    ):
        self.name, self.description, self.observations = name, description, observations
        self.actions, self.notes = description.actions, notes
        self._layers = policy_layers(description, tensors, path=path, advice=advice)
        self._lstm = next((layer for layer in self._layers if isinstance(layer, LSTM)), None)
        convolutional = any(".cnn." in layer.site for layer in self._layers)
        self.rows_at_once = IMAGES_AT_ONCE if convolutional else sys.maxsize
        self.memoryless = self._lstm is None and observations.frames == 1

    def initial_state(self, batch: int) -> Any:
        if self.memoryless:
            return None
        lstm = None if self._lstm is None else self._lstm.initial_state(batch)
        return {"frames": self.observations.initial_frames(batch), "lstm": lstm}

    def sites(self) -> tuple[str, ...]:
        return tuple(layer.site for layer in self._layers if layer.site)

    def answer(self, observations: np.ndarray, state: Any, patches: dict[str, np.ndarray] | None) -> Captured:
        if patches is None:
            return Captured(*self._acted(observations, state), {})
        acting = opened(lambda: self._acted(observations, state), patches, agent=self.name)
        (probabilities, memory), activations = acting
        return Captured(probabilities, memory, activations)

    def _acted(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        seen = self.observations.see(observations, {} if state is None else state["frames"])
        values = {f"part:{name}": array for name, array in seen.parts.items()}
        if self.description.divides:
            for part in self.description.space.parts:
                if part.image:
                    values[f"part:{part.name}"] = values[f"part:{part.name}"] / np.float32(255)
        last, lstm = np.zeros(0), None if state is None else state["lstm"]
        for layer in self._layers:
            if isinstance(layer, LSTM):
                assert lstm is not None
                last, lstm = layer.step(last, lstm)
                continue
            last = layer.compute(*(values[name] for name in layer.takes)) if layer.takes else layer.compute(last)
            if layer.site:
                last = values[layer.site] = at_site(layer.site, last)
        if seen.masks is not None:
            last = np.where(seen.masks, last, MASKED_LOGIT)
        probabilities = np.eye(self.actions)[last.argmax(-1)] if self.description.family.greedy else softmax(last)
        return probabilities, None if state is None else {"frames": seen.frames, "lstm": lstm}
