"""A network that reacts: it gives each option a score, and plans nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import HIDDEN_GAIN, Dense, dense_layers
from mesascope.agents.networks.network import Memory, registered
from mesascope.agents.networks.option_view import CONTEXT, MenuNetwork, MenuSpec, look
from mesascope.agents.sites import at_site
from mesascope.core.random import RandomKey
from mesascope.worlds.causal.levels import EFFECTS


@dataclass(frozen=True)
class OptionScorerSpec(MenuSpec):
    """Size and slots of an `OptionScorer`; see `MenuSpec`.

    **Arguments:**

    - `widths`: of the hidden layers; empty for a linear score.
    """

    architecture: ClassVar[str] = "option-scorer"

    widths: tuple[int, ...] = (32, 32)

    def __post_init__(self):
        super().__post_init__()
        self.check_sizes("widths")


@registered(OptionScorerSpec)
class OptionScorer(MenuNetwork):
    """Dense layers on what follows from each option, the same for all of them, beside what they share; memoryless."""

    hidden: tuple[Dense, ...]
    score: Dense
    value: Dense
    places: Float[Array, "steps slots"]
    salience: Float[Array, " effects"]
    slots: Float[Array, " slots_inside"]
    positions: bool = eqx.field(static=True)

    def __init__(self, spec: OptionScorerSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        spec.check_menu(observation_shape, actions)
        key_score, key_value, *key_hidden = jax.random.split(key, 2 + len(spec.widths))
        sizes = (2 * EFFECTS + 4 + len(CONTEXT), *spec.widths)
        self.hidden = dense_layers(sizes, gain=HIDDEN_GAIN, keys=key_hidden)
        self.score = Dense(sizes[-1], 1, gain=0.1, key=key_score)
        self.value = Dense(sizes[-1], 1, key=key_value)
        self.places = jnp.zeros((3, actions))
        self.salience = spec.initial_salience()
        self.slots = spec.slot_array()
        self.positions = spec.positions

    def __call__(
        self, observation: Float[Array, "slots 1 channels"], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        view = look(observation, self.salience, self.slots)
        slots = len(view.used)
        now = at_site("perceived", view.now)
        context = at_site("context", view.context)
        shared = jnp.concatenate([jnp.stack([view.enabled.astype(jnp.float32), view.left / 3]), context])
        flags = jnp.stack([view.used, view.enables], axis=-1).astype(jnp.float32)
        features = jnp.concatenate([now, view.after, flags, jnp.broadcast_to(shared, (slots, len(shared)))], -1)
        for index, layer in enumerate(self.hidden):
            features = at_site(f"hidden-{index}", jax.nn.relu(features @ layer.weight + layer.bias))
        logits = (features @ self.score.weight + self.score.bias)[:, 0]
        if self.positions:
            logits = logits + self.places[jnp.clip(view.left.astype(int) - 1, 0, 2)]
        logits = at_site("scores", logits)
        return logits, self.value(features.mean(0))[0], memory
