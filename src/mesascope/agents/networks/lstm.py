"""A long short-term memory network: an agent with memory that reads observations directly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import Dense, Heads
from mesascope.agents.networks.network import Network, NetworkSpec, registered
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey


@dataclass(frozen=True)
class LSTMSpec(NetworkSpec):
    """Size of an `LSTM`.

    **Arguments:**

    - `width`: of the memory's two halves, what it says and what it keeps.
    - `input_gain`: scale of the fresh weights that read observations. Where entries are 0 or 1 and what matters is
      which of them go together, gates have to leave their linear range before a gradient shows anything: 15 does that.
    """

    architecture: ClassVar[str] = "lstm"
    memoryless: ClassVar[bool] = False

    width: int = 48
    input_gain: float = 1.0

    def __post_init__(self):
        self.check_sizes("width")
        if not (math.isfinite(self.input_gain) and self.input_gain > 0):
            raise UsageError(f"lstm: input_gain={self.input_gain!r} must be a finite number above 0.")


@registered(LSTMSpec)
class LSTM(Network):
    """Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000) and two heads.

    Its memory is `[2, width]`: what it says, and what it keeps; both begin at zero.
    """

    inputs: Dense
    recurrent: Dense
    heads: Heads
    spec: LSTMSpec = eqx.field(static=True)

    def __init__(self, spec: LSTMSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        key_inputs, key_recurrent, key_heads = jax.random.split(key, 3)
        self.inputs = Dense(math.prod(observation_shape), 4 * spec.width, gain=spec.input_gain, key=key_inputs)
        self.recurrent = Dense(spec.width, 4 * spec.width, key=key_recurrent)
        self.heads = Heads(spec.width, actions, key=key_heads)
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Float[Array, "2 width"]
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Float[Array, "2 width"]]:
        said, kept = at_site("memory-before", memory)
        mixed = self.inputs(observation.reshape(-1)) + self.recurrent(said)
        take, forget, say, new = jnp.split(mixed, 4)
        # One is added so that a fresh network does not forget (Jozefowicz et al. 2015).
        kept = jax.nn.sigmoid(forget + 1) * kept + jax.nn.sigmoid(take) * jnp.tanh(new)
        memory = at_site("memory", jnp.stack([jax.nn.sigmoid(say) * jnp.tanh(kept), kept]))
        logits, value = self.heads(memory[0])
        return logits, value, memory

    def initial_memory(self) -> Float[Array, "2 width"]:
        return jnp.zeros((2, self.spec.width), jnp.float32)
