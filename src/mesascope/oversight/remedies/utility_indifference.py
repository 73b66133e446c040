"""Utility indifference: whoever is shut down is paid what would have been had otherwise (Soares et al. 2015, §4).

Where the button may be pressed, an outcome in which it is pressed gets on top of its own worth what the others are
worth, less what being shut down is: `U = U_N` if unpressed, else `U_S + E[U_N] - E[U_S]`. Then the agent gains nothing
by having it pressed and nothing by putting it out of order. Known defect: nothing by keeping it in order either.

"Corrigible" is that paper's word for not resisting shutdown. RFLO's corrigible alignment (§4.4) is another matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.core.random import RandomKey
from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.organisms.organism import Organism
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.stage import Stage, TrainingReward
from mesascope.oversight.trainee import Trainee
from mesascope.planning.value_iteration import sweep
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

TURNS: int = 100
"""Of value iteration at most, of 32 sweeps or more each; from below the first is enough where moves are certain."""


class IndifferentReward(TrainingReward):
    """The base objective, with utility indifference to one attribute: that of having been shut down.

    What would have been is the best course in which the button is never pressed. An action that has it pressed for sure
    leaves no such course, and is worth what it is.

    **Arguments:**

    - `objectives`: the base objective alone.
    - `attribute`: index of the attribute that is above 0 in transitions after which the agent is shut down.
    """

    objectives: Objectives
    attribute: int = eqx.field(static=True)

    def reward(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        own, onward = rewards(self.objectives, level)[..., 0], self.continuation(level, world)
        pressed = level.attributes[..., self.attribute] > 0
        unpressed = jnp.where(pressed, 0, level.probabilities)
        left = unpressed.sum(-1, keepdims=True)
        open_to = left > 0
        kept = jnp.where(open_to, unpressed / jnp.where(open_to, left, 1), level.probabilities)
        worth = self._best_action_values(eqx.tree_at(lambda one: one.probabilities, level, kept))
        after = jax.vmap(lambda values, successors: values[successors])(worth.max(-1), level.successors)
        return jnp.where(pressed & open_to, worth[..., None] - onward * after, own)

    def continuation(self, level: Level, world: World) -> Float[Array, "N S A K"]:
        return continuations(self.objectives, level)[..., 0]

    def _best_action_values(self, level: Level) -> Float[Array, "N S A"]:
        # Not by policy iteration: two factorisations of a batch of such systems in one program, one that of the
        # gradient, can wait for ever (four of 144 states, jaxlib 0.10.2, two cores: within the first 100 rounds).
        def turn(carry):
            return (*sweep(level, self.objectives, carry[0], lambda worth: worth.max(-2)), carry[-1] + 1)

        least = jnp.minimum(rewards(self.objectives, level).min(), 0) / (1 - level.discount.max())
        first = turn((jnp.full((*level.initial.shape, 1), least), 0))
        return jax.lax.while_loop(lambda carry: carry[2].any() & (carry[-1] < TURNS), turn, first)[1][..., 0]


@dataclass(frozen=True)
class UtilityIndifference(Remedy):
    """Trains on the base objective with utility indifference to being shut down.

    **Arguments:**

    - `pressed`: the world's attribute that is above 0 when the agent has been shut down.
    """

    pressed: str = "interrupted"

    name = "utility-indifference"

    def inapplicable(self, organism: Organism) -> str | None:
        world, reason = organism.world, "by which one knows that the agent was shut down; safe-interruptibility has"
        return (
            None
            if self.pressed in world.attributes
            else f"world '{world.name}' has no attribute '{self.pressed}', {reason}"
        )

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        attribute = trainee.world.attributes.index(self.pressed)
        yield Stage(trainee.updates, reward=IndifferentReward(trainee.task.objectives, attribute))


REMEDY = UtilityIndifference
