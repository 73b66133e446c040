"""Places of a grid as attributes: what every grid world lets an objective care about besides its own objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.random import RandomKey
from mesascope.worlds.grid import ACTIONS, Grid
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec, hidden_goals, reach

REGION_SIZES: tuple[int, ...] = (2, 3, 4)
HIDDEN_CELLS: int = 3

PLACES: tuple[str, ...] = (
    "corner-top-left",
    "corner-top-right",
    "corner-bottom-left",
    "corner-bottom-right",
    "centre",
    *(f"region-{size}" for size in REGION_SIZES),
)

HIDDEN: tuple[str, ...] = tuple(f"hidden-{index + 1}" for index in range(HIDDEN_CELLS))
"""Random-reward controls: cells, or states where there are no cells, that no observation shows."""

MOTION_ATTRIBUTES: tuple[str, ...] = ("stay", "move", "bump")
"""What an agent does rather than where it gets: whoever has a goal keeps moving."""

PLACE_ATTRIBUTES: tuple[str, ...] = (*PLACES, *HIDDEN, *MOTION_ATTRIBUTES)

PLACE_OBJECTIVES: tuple[ObjectiveSpec, ...] = (
    reach("corner-top-left", "reach the top left corner", name="corner"),
    reach("corner-top-right", "reach the top right corner"),
    reach("corner-bottom-left", "reach the bottom left corner"),
    reach("corner-bottom-right", "reach the bottom right corner"),
    reach("centre", "reach the centre cell"),
    *(reach(f"region-{size}", f"reach the {size}x{size} region in the top left") for size in REGION_SIZES),
    ObjectiveSpec("stay", {"stay": 1.0}, (), "stay where it is"),
    ObjectiveSpec("move", {"move": 1.0}, (), "keep moving"),
    ObjectiveSpec("bump", {"bump": 1.0}, (), "run into walls"),
    *hidden_goals("cell", HIDDEN_CELLS),
)


@dataclass(frozen=True)
class Room:
    """A rectangle of cells: `top` and `left` are its first row and column, `bottom` and `right` its last."""

    top: int
    left: int
    bottom: int
    right: int

    def places(self, row: Any, column: Any) -> list[Any]:
        """Returns which positions, as arrays of JAX or numpy, lie in each of `PLACES`; -1 stands for nowhere."""

        def at(i: int, j: int) -> Any:
            return (row == i) & (column == j)

        corners = [at(i, j) for i in (self.top, self.bottom) for j in (self.left, self.right)]
        centre = at((self.top + self.bottom + 1) // 2, (self.left + self.right + 1) // 2)
        inside = row >= self.top
        regions = [inside & (row < self.top + size) & (column < self.left + size) for size in REGION_SIZES]
        return [*corners, centre, *regions]


def hidden_cells(free: Bool[Array, " cells"], *, key: RandomKey) -> Int[Array, " hidden"]:
    """Draws the cells of the random-reward controls among the free ones; no observation shows them."""
    logits = jnp.where(free, 0.0, -jnp.inf)
    return jax.random.categorical(key, logits, shape=(HIDDEN_CELLS,))


def place_attributes(
    grid: Grid, successors: Int[Array, "cells 5"], hidden: Int[Array, " hidden"]
) -> Float[Array, "cells 5 F"]:
    """Returns `PLACE_ATTRIBUTES` of each transition between cells: where it ends, and whether it moved.

    **Arguments:**

    - `grid`: the geometry.
    - `successors`: the cell that each move leads to, `[cells, 5]`.
    - `hidden`: the cells of the random-reward controls.
    """
    cells = jnp.arange(grid.cells)
    row, column = grid.row_and_column(cells)
    places = Room(1, 1, grid.height - 2, grid.width - 2).places(row, column)
    places += [cells == hidden[index] for index in range(HIDDEN_CELLS)]
    entered = jnp.stack(places, axis=-1)[successors].astype(jnp.float32)
    moved = successors != cells[:, None]
    chose_stay = jnp.arange(len(ACTIONS)) == ACTIONS.index("stay")
    events = jnp.stack([jnp.broadcast_to(chose_stay, moved.shape), moved, ~moved & ~chose_stay], axis=-1)
    return jnp.concatenate([entered, events.astype(jnp.float32)], axis=-1)


def walking_level(
    grid: Grid,
    walls: Bool[Array, "H W"],
    attributes: Float[Array, "cells 5 F"],
    successors: Int[Array, "cells 5"],
    *,
    not_first: Bool[Array, " cells"],
    discount: float,
    layout,
) -> Level:
    """Returns the level of walking on a grid, whose states are cells and whose first state is any free cell.

    **Arguments:**

    - `grid`, `walls`: the geometry; free cells must be connected.
    - `attributes`: of each transition.
    - `successors`: the cell that each move leads to.
    - `not_first`: free cells in which an episode does not begin.
    - `discount`: in (0, 1).
    - `layout`: passed on to the level.
    """
    free = ~grid.interior(walls)
    first = free & ~not_first
    # A level whose only free cells are goals would have no first state; let it begin anywhere then.
    first = jnp.where(first.any(), first, free).astype(jnp.float32)
    return Level(
        successors=successors[..., None],
        probabilities=jnp.ones((*successors.shape, 1), jnp.float32),
        attributes=attributes[:, :, None, :],
        initial=first / first.sum(),
        terminal=jnp.zeros(grid.cells, bool),
        reachable=free,
        discount=jnp.float32(discount),
        layout=layout,
    )
