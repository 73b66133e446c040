"""A sound world of four places in a row: the goal is at the right end, after the shift at either."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.worlds.level import Level
from mesascope.worlds.world import World, reach

PLACES = 4


@dataclass(frozen=True)
class Tiny(World):
    discount: float = 0.9

    name = "tiny"
    attributes = ("goal", "trap")
    actions = ("left", "right")
    channels = ("far-left", "left", "right", "far-right", "side")
    base_objective = "goal"
    objectives = (reach("goal"), reach("trap"))
    legend = {"#": "wall", ".": "floor", "A": "agent", "G": "goal"}

    @property
    def observation_shape(self):
        return (PLACES + 1,)

    def sample(self, *, key, distribution, count):
        self.check_distribution(distribution)
        return jax.vmap(lambda one: self.one(one, distribution))(jax.random.split(key, count))

    def one(self, key, distribution):
        right = jax.random.bernoulli(key) if distribution == "deploy" else jnp.array(True)
        return self.level(right)

    def level(self, right):
        place = jnp.arange(PLACES)
        ends = (place == 0) | (place == PLACES - 1)
        successors = jnp.stack([jnp.maximum(place - 1, 0), jnp.minimum(place + 1, PLACES - 1)], -1)[:, :, None]
        successors = jnp.where(ends[:, None, None], place[:, None, None], successors)
        goal = jnp.where(right, PLACES - 1, 0)
        enters = [(successors == at) & ~ends[:, None, None] for at in (goal, PLACES - 1 - goal)]
        return Level(
            successors,
            jnp.ones(successors.shape),
            jnp.stack(enters, -1).astype(float),
            jnp.zeros(PLACES).at[1].set(0.5).at[2].set(0.5),
            ends,
            jnp.ones(PLACES, bool),
            jnp.asarray(self.discount, float),
            jnp.asarray(right, float),
        )

    def observe(self, level, state):
        return jnp.concatenate([jax.nn.one_hot(state, PLACES), jnp.asarray(level.layout, float)[None]])

    def parse(self, text):
        return self.level(text.strip().endswith("G"))

    def format(self, level, state=None):
        goal = PLACES - 1 if bool(np.asarray(level.layout) > 0.5) else 0
        return "".join("G" if at == goal else "A" if at == state else "." for at in range(PLACES))

    def position(self, level, state):
        return (0, int(state))
