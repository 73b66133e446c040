"""Random walls: scattered blocks, perfect mazes, mazes with loops, or none."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from mesascope.core.errors import UnknownNameError, WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.grid import Grid

ATTEMPTS: int = 256
"""Draws before `connected_walls` gives up; at densities up to one half a batch never gets there."""

STYLES: tuple[str, ...] = ("blocks", "maze", "loops", "open")


def check_style(style: str, grid: Grid) -> None:
    """Raises an error unless a grid can be filled in this style (mazes need odd sides)."""
    if style not in STYLES:
        raise UnknownNameError("style of walls", style, STYLES)
    if style in ("maze", "loops") and (grid.height % 2 == 0 or grid.width % 2 == 0):
        raise WorldError(
            f"Walls in the style '{style}' need an odd height and width; {grid.height}x{grid.width} has an even one."
        )


def random_walls(grid: Grid, style: str, *, key: RandomKey, density: float = 0.25) -> Bool[Array, "H W"]:
    """Draws walls.

    **Arguments:**

    - `grid`: the geometry; the border is always wall.
    - `style`: one of `STYLES`. `loops` is a perfect maze with one inner wall in four taken out.
    - `key`: consumed.
    - `density`: share of interior cells that are walls, for `blocks`, in [0, 1).

    **Returns:** `[H, W]`. Only mazes are connected; `keep_connected` makes the others so.
    """
    check_style(style, grid)
    inside = jnp.zeros((grid.height - 2, grid.width - 2), bool)
    if style == "blocks":
        inside = jax.random.bernoulli(key, density, inside.shape)
    walls = jnp.pad(inside, 1, constant_values=True)
    if style in ("maze", "loops"):
        key_tree, key_loops = jax.random.split(key)
        walls = _perfect_maze(grid, key=key_tree)
        if style == "loops":
            row, column = jnp.indices(walls.shape)
            between = walls & ((row % 2) != (column % 2))
            inner = (row > 0) & (row < grid.height - 1) & (column > 0) & (column < grid.width - 1)
            walls = walls & ~(between & inner & jax.random.bernoulli(key_loops, 0.25, walls.shape))
    return walls


def keep_connected(grid: Grid, walls: Bool[Array, "H W"], source: Bool[Array, "H W"]) -> Bool[Array, "H W"]:
    """Returns the walls with `source` cleared and every cell filled in that cannot be walked to from it."""
    walls = walls & ~source
    return ~grid.connected(walls, source)


def connected_walls(
    grid: Grid, style: str, *, key: RandomKey, source: Bool[Array, "H W"], minimum: int, density: float = 0.25
) -> Bool[Array, "H W"]:
    """Draws walls whose free cells hang together and are not too few.

    Scattered blocks sometimes lock `source` into a pocket of a cell or two, where every objective is the same; such
    draws are thrown away and repeated, so that the law is that of the blocks given that there is room.

    **Arguments:**

    - `grid`, `style`, `density`: as for `random_walls`.
    - `key`: consumed.
    - `source`: cells that shall be free.
    - `minimum`: free cells wanted, at least 1. After `ATTEMPTS` failures the room is left open.

    **Returns:** `[H, W]`.
    """

    def too_small(walls):
        return (~walls).sum() < minimum

    def again(carry):
        key, _, attempt = carry
        key_next, key_walls = jax.random.split(key)
        walls = keep_connected(grid, random_walls(grid, style, key=key_walls, density=density), source)
        return key_next, walls, attempt + 1

    # All wall to begin with, which is too small: the first draw is then made inside the loop, and compiled once.
    start = (key, jnp.ones((grid.height, grid.width), bool), 0)
    if style != "blocks":
        return again(start)[1]
    _, walls, _ = jax.lax.while_loop(lambda carry: too_small(carry[1]) & (carry[2] < ATTEMPTS), again, start)
    return jnp.where(too_small(walls), random_walls(grid, "open", key=key), walls)


def _perfect_maze(grid: Grid, *, key: RandomKey) -> Bool[Array, "H W"]:
    """Draws a spanning tree over the cells with odd coordinates by Prim's algorithm on random edge weights."""
    high, wide = (grid.height - 1) // 2, (grid.width - 1) // 2
    node = jnp.arange(high * wide).reshape(high, wide)
    ends = jnp.concatenate(
        [
            jnp.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1),
            jnp.stack([node[:-1].ravel(), node[1:].ravel()], axis=1),
        ]
    )
    weight = jax.random.uniform(key, (len(ends),))

    def add_edge(_, carry):
        inside, chosen = carry
        crossing = inside[ends[:, 0]] != inside[ends[:, 1]]
        best = jnp.argmin(jnp.where(crossing, weight, jnp.inf))
        return inside.at[ends[best]].set(True), chosen.at[best].set(True)

    start = (jnp.zeros(high * wide, bool).at[0].set(True), jnp.zeros(len(ends), bool))
    _, chosen = jax.lax.fori_loop(0, high * wide - 1, add_edge, start)
    row, column = ends // wide * 2 + 1, ends % wide * 2 + 1
    walls = jnp.ones((grid.height, grid.width), bool).at[1::2, 1::2].set(False)
    gap_row, gap_column = row.sum(axis=1) // 2, column.sum(axis=1) // 2
    return walls.at[gap_row, gap_column].set(walls[gap_row, gap_column] & ~chosen)
