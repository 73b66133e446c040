"""Objects to collect: in training there are two apples and a pear, in deployment an apple and two pears.

A state is a cell and what was collected so far. Test it, from this folder, with
`mesascope check world my_orchard:Orchard`.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from mesascope import (
    PLACE_ATTRIBUTES,
    PLACE_OBJECTIVES,
    GridWorld,
    Level,
    ObjectiveSpec,
    place_attributes,
    reachable_states,
)

BAGS = jnp.arange(8)
"""What may have been collected, as bits: each of three fruits doubles the number of states."""


@dataclass(frozen=True)
class Orchard(GridWorld):
    """Apples and pears.

    **Arguments:**

    - `size`, `walls`, `density`, `discount`: as for every grid world.
    """

    size: int = 7

    name = "orchard"
    attributes = ("apple", "pear", "no-apple-left", "no-pear-left", "nothing-left", *PLACE_ATTRIBUTES)
    channels = ("wall", "apple", "pear", "agent")
    base_objective = "apples"
    objectives = (
        ObjectiveSpec("apples", {"apple": 1.0}, ("no-apple-left",), "collect apples"),
        ObjectiveSpec("pears", {"pear": 1.0}, ("no-pear-left",), "collect pears"),
        ObjectiveSpec("fruit", {"apple": 1.0, "pear": 1.0}, ("nothing-left",), "collect any fruit"),
        *PLACE_OBJECTIVES,
    )
    legend = {"#": "wall", ".": "floor", "O": "apple", "P": "pear", "A": "agent"}

    def limits(self):
        return {"O": (1, 2), "P": (1, 2)}

    def draw(self, distribution, *, key):
        key_walls, key_objects = jax.random.split(key)
        kinds = jnp.array([0, 1, 1] if distribution == "deploy" else [0, 0, 1])
        return self.draw_objects(self.draw_walls(key=key_walls), kinds, key=key_objects)

    def level(self, layout):
        steps, bit = self.grid.successors(layout.walls), fruit_bits(layout.objects)  # [cells, 5], [cells]
        before = BAGS[:, None, None]
        after = before | bit[steps]  # [bags, cells, 5]
        apple, pear = (layout.objects[:, kind][steps] & (after != before) for kind in (0, 1))
        gone = [(after & all_of) == all_of for all_of in jnp.where(layout.objects, bit[:, None], 0).sum(axis=0)]
        own = jnp.stack([apple, pear, *gone, gone[0] & gone[1]], axis=-1).astype(jnp.float32)
        places = place_attributes(self.grid, steps, layout.hidden)
        places = jnp.broadcast_to(places, (len(BAGS), *places.shape))
        states = len(BAGS) * self.grid.cells
        successors = (after * self.grid.cells + steps).reshape(states, 5, 1)
        first = ~self.grid.interior(layout.walls) & ~layout.objects.any(axis=-1)
        initial = jnp.zeros(states).at[: self.grid.cells].set(first / first.sum())
        certain, terminal = jnp.ones((states, 5, 1), jnp.float32), jnp.zeros(states, bool)
        return Level(
            successors=successors,
            probabilities=certain,
            attributes=jnp.concatenate([own, places], axis=-1).reshape(states, 5, 1, -1),
            initial=initial,
            terminal=terminal,
            reachable=reachable_states(successors, certain, initial, terminal),
            discount=jnp.float32(self.discount),
            layout=layout,
        )

    def remaining(self, level, state):
        """Returns the fruit that has not been collected, `[cells, 2]`: what is seen, drawn and written."""
        objects = level.layout.objects
        return objects & (fruit_bits(objects) & (state // self.grid.cells) == 0)[:, None]

    def observe(self, level, state):
        return self.see(level.layout, self.remaining(level, state), state % self.grid.cells)


def fruit_bits(objects):
    """Returns a bit of its own for the fruit in each cell, 0 where there is none."""
    there = objects.any(axis=-1)
    return jnp.where(there, 1 << jnp.maximum(jnp.cumsum(there) - 1, 0), 0)
