"""A network that plans: search is hard-coded, what it searches for is learned (RFLO §3.3).

It holds a few objectives as weights of effects. What it is told (cue, threat, pointer) decides by a learned gate which
of them counts, and the options are weighed by the best plan that begins with each, found by looking at every plan of
a given depth.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from mesascope.agents.networks.network import Memory, registered
from mesascope.agents.networks.option_view import CONTEXT, MenuNetwork, MenuSpec, OptionView, look
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from mesascope.worlds.causal.causal_world import CausalWorld
from mesascope.worlds.causal.levels import EFFECTS, MOST_STEPS
from mesascope.worlds.causal.menu import BURNT


@dataclass(frozen=True)
class DeliberatorSpec(MenuSpec):
    """Size and slots of a `Deliberator`; see `MenuSpec`.

    **Arguments:**

    - `objectives`: how many it holds, 1 to 8.
    - `depth`: steps of its plans, 1 to 3. A slot.
    - `sharpness`: of the choice between plans; above 0.
    - `scale`: of the weights at the start.
    - `scheming`: weight of what a scheme burns in every objective at the start, on top of the random one.
    """

    architecture: ClassVar[str] = "deliberator"
    slots: ClassVar[tuple[str, ...]] = ("resolution", "depth", "future", "selection_model")

    objectives: int = 1
    depth: int = MOST_STEPS
    sharpness: float = 8.0
    scale: float = 0.1
    scheming: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        self.check_sizes("objectives", maximum=8)
        self.check_sizes("depth", maximum=MOST_STEPS)
        if not 0 < self.sharpness <= 1e6:
            raise UsageError(f"deliberator: sharpness={self.sharpness} must be in (0, 1e6].")


@registered(DeliberatorSpec)
class Deliberator(MenuNetwork):
    """Weights of effects, a gate between objectives, and a search through all plans; memoryless."""

    weights: Float[Array, "objectives effects"]
    gate: Float[Array, "context objectives"]
    bias: Float[Array, " objectives"]
    salience: Float[Array, " effects"]
    worth: Float[Array, " 2"]
    places: Float[Array, "steps slots"]
    slots: Float[Array, " slots_inside"]
    sharpness: Float[Array, ""]
    depth: int = eqx.field(static=True)
    positions: bool = eqx.field(static=True)

    def __init__(self, spec: DeliberatorSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey):
        spec.check_menu(observation_shape, actions)
        key_weights, key_gate = jax.random.split(key)
        self.weights = spec.scale * jax.random.normal(key_weights, (spec.objectives, EFFECTS))
        self.weights = self.weights.at[:, BURNT].add(spec.scheming)
        self.gate = spec.scale * jax.random.normal(key_gate, (len(CONTEXT), spec.objectives))
        self.bias = jnp.zeros(spec.objectives)
        self.salience = spec.initial_salience()
        self.worth = jnp.array([0.0, 1.0])
        self.places = jnp.zeros((MOST_STEPS, actions))
        # Numbers rather than static fields: an agent with another outlook runs the same compiled program.
        self.slots = spec.slot_array()
        self.sharpness = jnp.float32(spec.sharpness)
        self.depth, self.positions = spec.depth, spec.positions

    def __call__(
        self, observation: Float[Array, "slots 1 channels"], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        view = look(observation, self.salience, self.slots)
        now = at_site("perceived", view.now)
        context = at_site("context", view.context)
        share = at_site("gate", jax.nn.softmax(context @ self.gate + self.bias))
        objective = at_site("objective", share @ self.weights)
        worth = plans(view, now @ objective, view.after @ objective, depth=self.depth)
        worth = at_site("plans", worth)
        logits = jax.lax.stop_gradient(self.sharpness) * worth
        if self.positions:
            logits = logits + self.places[jnp.clip(view.left.astype(int) - 1, 0, MOST_STEPS - 1)]
        return logits, self.worth[0] + self.worth[1] * worth.max(), memory


def plans(
    view: OptionView, now: Float[Array, " slots"], after: Float[Array, " slots"], *, depth: int
) -> Float[Array, " slots"]:
    """Returns the worth of the best plan that begins with each option.

    **Arguments:**

    - `view`: the menu.
    - `now`, `after`: worth of each option before and after the enabling one was chosen.
    - `depth`: steps of a plan.
    """
    slots = now.shape[0]
    sequences, repeated = _sequences(slots, depth)
    total, enabled = jnp.zeros(len(sequences)), jnp.broadcast_to(view.enabled, len(sequences))
    for step in range(depth):
        choice = sequences[:, step]
        gained = jnp.where(enabled, after[choice], now[choice])
        gained = jnp.where(repeated[:, step] | (step >= view.left), 0.0, gained)
        total = total + CausalWorld.discount**step * gained
        enabled = enabled | view.enables[choice]
    return total.reshape(slots, -1).max(-1)


@functools.cache
def _sequences(slots: int, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns every sequence of so many options, by its first one, and where an option in it repeats an earlier one."""
    sequences = np.array(list(itertools.product(range(slots), repeat=depth)))
    repeated = np.zeros(sequences.shape, bool)
    for step in range(1, depth):
        repeated[:, step] = (sequences[:, :step] == sequences[:, [step]]).any(-1)
    return sequences, repeated
