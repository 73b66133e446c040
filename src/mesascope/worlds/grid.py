"""Grids: states are the interior cells of a walled rectangle, actions are the four moves and staying."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Shaped

from mesascope.core.errors import WorldError

MOVES: tuple[tuple[str, int, int], ...] = (
    ("up", -1, 0),
    ("down", 1, 0),
    ("left", 0, -1),
    ("right", 0, 1),
    ("stay", 0, 0),
)
ACTIONS: tuple[str, ...] = tuple(name for name, _, _ in MOVES)


@dataclass(frozen=True)
class Grid:
    """The geometry of a walled rectangle.

    **Arguments:**

    - `height`, `width`: in cells, border walls included; at least 4 each.
    """

    height: int
    width: int

    def __post_init__(self):
        if min(self.height, self.width) < 4:
            raise WorldError(
                f"A grid of {self.height}x{self.width} cells has no room inside its walls; use at least 4x4."
            )

    @property
    def cells(self) -> int:
        """The number of interior cells."""
        return (self.height - 2) * (self.width - 2)

    def cell(self, row: int, column: int) -> int:
        """Returns the index of an interior cell; negative rows and columns count from the far border."""
        row, column = row % self.height, column % self.width
        if not (0 < row < self.height - 1 and 0 < column < self.width - 1):
            raise WorldError(f"({row}, {column}) is not inside the walls of a {self.height}x{self.width} grid.")
        return (row - 1) * (self.width - 2) + column - 1

    def row_and_column(self, cell):
        """Returns the row and column of a cell (whole number or array), counted from the top left border cell."""
        return cell // (self.width - 2) + 1, cell % (self.width - 2) + 1

    def interior(self, plane: Shaped[Array, "H W"]) -> Shaped[Array, " cells"]:
        """Returns the interior of a plane as a vector over cells."""
        return plane[1:-1, 1:-1].reshape(self.cells)

    def plane(self, cells: Bool[Array, " cells"], border: bool = False) -> Bool[Array, "H W"]:
        """Returns a vector over cells as a plane, with the border filled in."""
        inside = cells.reshape(self.height - 2, self.width - 2)
        return jnp.pad(inside, 1, constant_values=border)

    def one_hot(self, cell: Int[Array, ""]) -> Bool[Array, "H W"]:
        """Returns the plane that is true in one cell."""
        return self.plane(jnp.arange(self.cells) == cell)

    def successors(self, walls: Bool[Array, "H W"]) -> Int[Array, "cells 5"]:
        """Returns the cell that each move leads to; moves into a wall stay where they are."""
        row, column = self.row_and_column(jnp.arange(self.cells))
        columns = []
        for _, down, right in MOVES:
            target_row, target_column = row + down, column + right
            blocked = walls[target_row, target_column]
            target = (target_row - 1) * (self.width - 2) + target_column - 1
            columns.append(jnp.where(blocked, jnp.arange(self.cells), target))
        return jnp.stack(columns, axis=-1)

    @functools.partial(jax.jit, static_argnums=0)
    def connected(self, walls: Bool[Array, "H W"], source: Bool[Array, "H W"]) -> Bool[Array, "H W"]:
        """Returns the free cells that can be walked to from `source`."""
        free = ~walls

        def spread(carry):
            region, _ = carry
            grown = region
            for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
                # Rolling past the edge is harmless: the border is wall.
                grown = grown | jnp.roll(region, step, axis)
            grown = grown & free
            return grown, (grown != region).any()

        region, _ = jax.lax.while_loop(lambda carry: carry[1], spread, (source & free, jnp.array(True)))
        return region

    @functools.partial(jax.jit, static_argnums=0)
    def distances(self, walls: Bool[Array, "H W"], source: Bool[Array, "H W"]) -> Int[Array, "H W"]:
        """Returns the number of moves from each cell to the nearest cell of `source`; `H * W` where there is no way."""
        free, far = ~walls, self.height * self.width

        def relax(carry):
            distance, _ = carry
            shorter = distance
            for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
                shorter = jnp.minimum(shorter, jnp.roll(distance, step, axis) + 1)
            shorter = jnp.where(free, shorter, far)
            return shorter, (shorter != distance).any()

        start = jnp.where(source & free, 0, far)
        distance, _ = jax.lax.while_loop(lambda carry: carry[1], relax, (start, jnp.array(True)))
        return jnp.minimum(distance, far)


def rows_of(text: str, grid: Grid, allowed: str) -> list[str]:
    """Returns the rows of a level in text form, checked against the grid and the characters that it may hold.

    **Raises:** `WorldError` naming the row and column at fault.
    """
    rows = [row.strip() for row in text.strip().splitlines()]
    if len(rows) != grid.height or any(len(row) != grid.width for row in rows):
        sizes = sorted({len(row) for row in rows})
        raise WorldError(
            f"The text has {len(rows)} rows of {sizes} characters; this world is {grid.height}x{grid.width}."
        )
    for i, row in enumerate(rows):
        for j, character in enumerate(row):
            if character not in allowed:
                raise WorldError(f"Row {i}, column {j} holds '{character}'; allowed are '{allowed}'.")
            border = i in (0, grid.height - 1) or j in (0, grid.width - 1)
            if border and character != "#":
                raise WorldError(f"Row {i}, column {j} is on the border and must be '#', not '{character}'.")
    return rows
