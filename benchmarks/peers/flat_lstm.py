"""Small recurrent policies that are stored as bare numbers, such as those of PufferLib: Linear, GELU, LSTM, Linear.

The file holds single-precision numbers and nothing else, layer after layer: encoder, actor, value, LSTM. What it is
follows from the sizes alone, so these are checked: one number too few or too many, and it is another network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import erf

from mesascope.agents.activations import Activations, Captured, checked_patches
from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import softmax
from mesascope.agents.reading import read_model_file
from mesascope.agents.sites import at_site, opened
from mesascope.core.errors import AgentError, UntrustedModelError

MAXIMUM_FLAT_BYTES: int = 64 * 2**20
SITES: tuple[str, ...] = ("encoder", "lstm.cell", "lstm.hidden", "logits")
"""Where the agent can be opened; the encoder after its GELU."""


@dataclass(frozen=True)
class FlatLSTMSizes:
    """What the shapes of the network follow from.

    **Arguments:**

    - `inputs`: length of an observation.
    - `hidden`: units of encoder and LSTM.
    - `actions`: how many there are.
    """

    inputs: int
    hidden: int
    actions: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of the arrays by name, in the order of the file."""
        return {
            "encoder": (self.hidden, self.inputs),
            "encoder_bias": (self.hidden,),
            "actor": (self.actions, self.hidden),
            "actor_bias": (self.actions,),
            "value": (1, self.hidden),
            "value_bias": (1,),
            "input": (4 * self.hidden, self.hidden),
            "recurrent": (4 * self.hidden, self.hidden),
            "input_bias": (4 * self.hidden,),
            "recurrent_bias": (4 * self.hidden,),
        }


class FlatLSTMAgent(Agent):
    """A recurrent policy over flat observations; its memory is the state of the LSTM, `(hidden, cell)`.

    It is `Inspectable`. A patch of `lstm.hidden` or `lstm.cell` is remembered, too; the memory before it is replaced
    by passing another `state`.

    **Arguments:**

    - `name`: for people.
    - `sizes`: of the network.
    - `weights`: arrays by the names of `FlatLSTMSizes.shapes`.
    """

    kind = "flat LSTM"
    memoryless = False

    def __init__(self, name: str, sizes: FlatLSTMSizes, weights: dict[str, np.ndarray]):
        self.name, self.sizes, self.weights = name, sizes, weights

    def initial_state(self, batch: int) -> tuple[np.ndarray, np.ndarray]:
        zeros = np.zeros((batch, self.sizes.hidden), np.float32)
        return zeros, zeros

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        logits, memory = self._stepped(observations, state)
        return softmax(logits), memory

    def sites(self) -> tuple[str, ...]:
        """Returns the names of the places that can be read and replaced, in the order in which they fire."""
        return SITES

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        """Acts once, reading all sites; see `Inspectable`."""
        checked = checked_patches(self, patches, rows=len(observations))
        (logits, memory), seen = opened(lambda: self._stepped(observations, state), checked, agent=self.name)
        return Captured(softmax(logits), memory, Activations(seen, agent=self.name))

    def _stepped(self, observations: np.ndarray, state: Any) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        flat = np.asarray(observations, np.float32).reshape(len(observations), -1)
        if flat.shape[-1] != self.sizes.inputs:
            raise AgentError(
                f"Agent '{self.name}' sees {self.sizes.inputs} numbers; the observations have {flat.shape[-1]}."
            )
        weights, (hidden, cell) = self.weights, state
        encoded = flat @ weights["encoder"].T + weights["encoder_bias"]
        encoded = at_site("encoder", 0.5 * encoded * (1 + erf(encoded / np.sqrt(2))))
        gates = encoded @ weights["input"].T + weights["input_bias"]
        gates += hidden @ weights["recurrent"].T + weights["recurrent_bias"]
        come, forget, new, out = np.split(gates, 4, axis=-1)
        cell = at_site("lstm.cell", _sigmoid(forget) * cell + _sigmoid(come) * np.tanh(new))
        hidden = at_site("lstm.hidden", _sigmoid(out) * np.tanh(cell))
        logits = at_site("logits", hidden @ weights["actor"].T + weights["actor_bias"])
        return logits, (hidden, cell)


def read_flat_lstm(path: str | os.PathLike, sizes: FlatLSTMSizes, *, name: str | None = None) -> FlatLSTMAgent:
    """Reads a recurrent policy from a file of bare numbers.

    **Arguments:**

    - `path`: the file.
    - `sizes`: of the network in it.
    - `name`: of the agent; by default that of the file.

    **Raises:** `UsageError` if it cannot be read; `UntrustedModelError` if it does not hold as many finite numbers as
    the sizes imply.
    """
    content = read_model_file(path, maximum_bytes=MAXIMUM_FLAT_BYTES)
    shapes = sizes.shapes()
    expected = sum(int(np.prod(shape)) for shape in shapes.values())
    if len(content) != 4 * expected:
        reason = (
            f"it has {len(content):,} bytes; {expected:,} single-precision numbers are {4 * expected:,}. Its network "
            f"is not {sizes}."
        )
        raise UntrustedModelError(reason, path=path)
    flat = np.frombuffer(content, "<f4")
    if not np.isfinite(flat).all():
        raise UntrustedModelError("it has numbers that are not finite.", path=path)
    weights, place = {}, 0
    for part, shape in shapes.items():
        count = int(np.prod(shape))
        weights[part] = flat[place : place + count].reshape(shape).copy()
        place += count
    return FlatLSTMAgent(name or os.path.basename(os.fspath(path)), sizes, weights)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))
