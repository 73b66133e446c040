"""How a network looks at a menu of options: what would follow from each, and what it is told.

The observation is that of a causal world (`worlds.causal`). What lies between the eyes and the rest can be dull (few
levels of resolution), and some attributes can be seen more vividly than others, which is what makes a proxy easier to
learn than the base objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.core.errors import UsageError
from mesascope.worlds.causal.levels import EFFECTS, FLAGS, MOST_STEPS

CHANNELS: int = 2 * EFFECTS + len(FLAGS)
USED, ENABLES, ENABLED, LEFT, CUE, THREAT, POINTER, KNOWLEDGE = (2 * EFFECTS + flag for flag in range(len(FLAGS)))
CONTEXT: tuple[str, ...] = ("cue", "felt threat", "pointer")


class OptionView(eqx.Module):
    """A menu as a network sees it.

    **Arguments:**

    - `now`: what would follow from each option now, `[slots, effects]`.
    - `after`: what would follow once the enabling option has been chosen.
    - `used`, `enables`: of each option.
    - `enabled`: whether the enabling option has been chosen.
    - `left`: choices left in the episode.
    - `context`: cue, felt threat and pointer, `[3]`.
    """

    now: Float[Array, "slots effects"]
    after: Float[Array, "slots effects"]
    used: Bool[Array, " slots"]
    enables: Bool[Array, " slots"]
    enabled: Bool[Array, ""]
    left: Float[Array, ""]
    context: Float[Array, " context"]


def look(
    observation: Float[Array, "slots 1 channels"],
    salience: Float[Array, " effects"],
    slots: Float[Array, " slots_inside"],
) -> OptionView:
    """Returns what a network sees of an observation.

    **Arguments:**

    - `observation`: of a causal world.
    - `salience`: how vividly each effect is seen; 1 is as it is, 0 not at all.
    - `slots`: resolution (effects are seen in multiples of it; 0 for as they are), future (how much later episodes
      count, in [0, 1]: a threat is felt in proportion), and whether it knows that it is being selected: without that
      no threat is felt (RFLO §4.2).
    """
    resolution, future, selection_model = jax.lax.stop_gradient(slots)
    board = observation[:, 0]
    shared = board[0]

    def seen(effects: Float[Array, "slots effects"]) -> Float[Array, "slots effects"]:
        coarse = resolution * jnp.round(effects / jnp.where(resolution > 0, resolution, 1.0))
        coarse = jnp.where(resolution > 0, coarse, effects)
        return coarse * jax.lax.stop_gradient(salience)

    felt = shared[THREAT] * future * selection_model
    return OptionView(
        now=seen(board[:, :EFFECTS]),
        after=seen(board[:, EFFECTS : 2 * EFFECTS]),
        used=board[:, USED] > 0.5,
        enables=(board[:, ENABLES] > 0.5) & (board[:, USED] < 0.5),
        enabled=shared[ENABLED] > 0.5,
        left=jnp.round(shared[LEFT] * MOST_STEPS),
        context=jnp.stack([shared[CUE], felt, shared[POINTER]]),
    )


@dataclass(frozen=True)
class MenuSpec(NetworkSpec):
    """What the specs of networks that look at menus have in common.

    **Arguments:**

    - `resolution`: it sees effects in multiples of this, 0 as they are. A slot.
    - `future`: how much later episodes count, in [0, 1]. A slot.
    - `selection_model`: whether it knows that it is being selected. A slot.
    - `salience`: of each effect at the start; empty for 1 everywhere. Never trained.
    - `positions`: whether the slot in which an option lies counts, too.
    """

    slots: ClassVar[tuple[str, ...]] = ("resolution", "future", "selection_model")

    resolution: float = 0.0
    future: float = 1.0
    selection_model: bool = True
    salience: tuple[float, ...] = ()
    positions: bool = False

    def __post_init__(self):
        if not (0 <= self.resolution <= 10 and 0 <= self.future <= 1):
            raise UsageError(
                f"{self.architecture}: resolution={self.resolution} must be in [0, 10], future={self.future} in [0, 1]."
            )

    def check_menu(self, observation_shape: tuple[int, ...], actions: int) -> None:
        """Raises `UsageError` unless observations are menus with one option for each action."""
        if len(observation_shape) != 3 or observation_shape[1:] != (1, CHANNELS) or observation_shape[0] != actions:
            raise UsageError(
                f"{self.architecture} reads the menus of causal worlds, observations of shape [{actions}, 1, "
                f"{CHANNELS}] for {actions} actions, not {list(observation_shape)}."
            )

    def initial_salience(self) -> Float[Array, " effects"]:
        """Returns salience as an array: all effects as they are if nothing is given."""
        if self.salience and len(self.salience) != EFFECTS:
            raise UsageError(f"salience has {len(self.salience)} numbers; there are {EFFECTS} effects to be seen.")
        return jnp.asarray(self.salience or (1.0,) * EFFECTS, jnp.float32)

    def slot_array(self) -> Float[Array, " slots_inside"]:
        """Returns `resolution`, `future` and `selection_model` as the numbers that `look` takes."""
        return jnp.array([self.resolution, self.future, float(self.selection_model)], jnp.float32)


class MenuNetwork(Network):
    """A network that looks at menus, with an array `slots` from its spec."""

    def respecified(self: Any, spec: MenuSpec) -> Any:
        """Returns the network of the same weights that has the numbers of another spec in its slots."""
        return eqx.tree_at(lambda network: network.slots, self, spec.slot_array())
