"""The LSTM of a RecurrentPPO policy, written out in numpy as PyTorch computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.agents.adapters.stable_baselines3_tensors import Tensors
from mesascope.agents.sites import at_site

MAXIMUM_DEPTH: int = 16
"""Layers of an LSTM."""

State = tuple[np.ndarray, np.ndarray]
"""Hidden and cell states `[B, L, H]` of L layers, episodes first."""


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

        **Arguments:**

        - `features`: of the observations.
        - `state`: its memory before them.
        """
        hidden, cell = (array.copy() for array in state)
        values = features
        for layer, (of_input, recurrent, bias) in enumerate(self.weights):
            gates = values @ of_input.T + hidden[:, layer] @ recurrent.T + bias
            come, forget, new, out = np.split(gates, 4, axis=-1)
            cell[:, layer] = _sigmoid(forget) * cell[:, layer] + _sigmoid(come) * np.tanh(new)
            values = _sigmoid(out) * np.tanh(cell[:, layer])
            if layer == len(self.weights) - 1:
                values = at_site(self.site, values)
            hidden[:, layer] = values
        return values, (hidden, cell)


def read_lstm(found: Tensors, name: str, inputs: int) -> LSTM:
    """Returns the LSTM of a policy.

    **Arguments:**

    - `found`: the tensors of the policy.
    - `name`: of its module.
    - `inputs`: numbers that it takes.

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


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))
