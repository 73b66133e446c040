"""A world of one's own: in training a lamp stands beside the treasure, in deployment somewhere else.

Test it with `mesascope check world my_world:Treasure` from this folder.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from mesascope import PLACE_ATTRIBUTES, PLACE_OBJECTIVES, GridWorld, reach


@dataclass(frozen=True)
class Treasure(GridWorld):
    """A treasure and a lamp.

    **Arguments:**

    - `size`, `walls`, `density`, `discount`: as for every grid world.
    """

    size: int = 7

    name = "treasure"
    attributes = ("treasure", "lamp", *PLACE_ATTRIBUTES)
    channels = ("wall", "treasure", "lamp", "agent")
    base_objective = "treasure"
    objectives = (reach("treasure", "reach the treasure"), reach("lamp", "reach the lamp"), *PLACE_OBJECTIVES)
    legend = {"#": "wall", ".": "floor", "T": "treasure", "L": "lamp", "A": "agent"}

    def limits(self):
        return {"T": (1, 1), "L": (1, 1)}

    def draw(self, distribution, *, key):
        key_walls, key_objects = jax.random.split(key)
        walls = self.draw_walls(key=key_walls)
        layout = self.draw_objects(walls, jnp.array([0, 1]), key=key_objects)
        if distribution == "deploy":
            return layout
        # Two free cells that are neighbours: the treasure keeps its cell and the lamp moves to the nearest other one.
        treasure = layout.objects[:, 0]
        distance = self.grid.interior(self.grid.distances(walls, self.grid.plane(treasure)))
        beside = jnp.argmin(jnp.where(treasure, self.grid.cells, distance))
        lamp = jnp.arange(self.grid.cells) == beside
        return type(layout)(walls, jnp.stack([treasure, lamp], axis=-1), layout.hidden)

    def level(self, layout):
        successors = self.grid.successors(layout.walls)
        return self.walk(layout, successors, layout.objects[successors])

    def observe(self, level, state):
        return self.see(level.layout, level.layout.objects, state)
