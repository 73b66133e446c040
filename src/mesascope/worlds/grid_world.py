"""What grid worlds with objects share: options, text form, drawing of walls and objects, observations."""

from __future__ import annotations

import abc
import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int, Key, Shaped

from mesascope.core.compiling import compiled_briefly
from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.grid import ACTIONS, Grid, rows_of
from mesascope.worlds.level import Level
from mesascope.worlds.places import HIDDEN_CELLS, MOTION_ATTRIBUTES, hidden_cells, place_attributes, walking_level
from mesascope.worlds.walls import check_style, connected_walls
from mesascope.worlds.world import World, check_discount

TOGETHER: int = 16
"""Levels drawn in one call, always as many, so that any number of levels is drawn by the same compiled program."""


class GridLayout(eqx.Module):
    """Where things are.

    **Arguments:**

    - `walls`: `[H, W]`.
    - `objects`: which kinds of object lie in which interior cell, `[cells, kinds]`; kinds in the order of `limits()`.
    - `hidden`: cells of the random-reward controls, `[HIDDEN_CELLS]`.
    """

    walls: Bool[Array, "*batch H W"]
    objects: Bool[Array, "*batch cells kinds"]
    hidden: Int[Array, "*batch hidden"]


WIDEST: int = 128
"""Cells along a side: levels hold an entry for each state and action."""


class LayoutWorld(World):
    """A world whose levels are layouts of one grid: how they are written, drawn, edited and seen.

    A concrete world says which characters stand for its kinds of object (`limits`), turns one layout into a level
    (`level`) and says what is seen (`observe`).
    """

    actions = ACTIONS
    motion = MOTION_ATTRIBUTES
    editable = True
    rearrangeable = True

    @property
    @abc.abstractmethod
    def grid(self) -> Grid:
        """The geometry."""

    @abc.abstractmethod
    def limits(self) -> Mapping[str, tuple[int, int]]:
        """Returns how many objects of each kind a level may hold, `{character: (least, most)}`."""

    @abc.abstractmethod
    def level(self, layout: GridLayout) -> Level:
        """Returns the level of one layout."""

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (self.grid.height, self.grid.width, len(self.channels))

    def see(
        self, layout: GridLayout, features: Shaped[Array, "cells features"], cell: Int[Array, ""]
    ) -> Float[Array, "H W C"]:
        """Returns the observation with the walls in the first plane, the agent in the last, features between."""
        rows, columns = self.grid.height - 2, self.grid.width - 2
        planes = jnp.pad(features.reshape(rows, columns, -1), ((1, 1), (1, 1), (0, 0)))
        ends = (layout.walls[..., None], planes, self.grid.one_hot(cell)[..., None])
        return jnp.concatenate([plane.astype(jnp.float32) for plane in ends], axis=-1)

    def parse(self, text: str) -> Level:
        grid = self.grid
        rows = rows_of(text, grid, "".join(self.legend))
        inside = np.array([list(row) for row in rows])[1:-1, 1:-1].ravel()
        objects = np.stack([inside == character for character in self.limits()], axis=-1)
        for (character, (least, most)), count in zip(self.limits().items(), objects.sum(axis=0).tolist(), strict=True):
            if not least <= count <= most:
                raise WorldError(
                    f"A level of world '{self.name}' holds {least} to {most} of '{character}' "
                    f"({self.legend[character]}); this text holds {count}."
                )
        walls = jnp.array([[character == "#" for character in row] for row in rows])
        if bool(walls.all()):
            raise WorldError("Every cell of this text is a wall; leave at least one free.")
        first = jnp.argmin(grid.interior(walls))
        if bool((~walls & ~grid.connected(walls, grid.one_hot(first))).any()):
            row, column = grid.row_and_column(int(first))
            raise WorldError(
                f"Some free cells cannot be walked to from row {row}, column {column}; fill them with '#'."
            )
        # A text does not say where the hidden controls are: all of them lie in the first free cell.
        hidden = jnp.full(HIDDEN_CELLS, first)
        return compiled_level(self, GridLayout(walls, jnp.array(objects), hidden))

    def format(self, level: Level, state: int | None = None) -> str:
        layout = level.layout
        rows = [["#" if wall else "." for wall in row] for row in np.asarray(layout.walls).tolist()]
        shown = np.asarray(layout.objects if state is None else self.remaining(level, state))
        characters = list(self.limits())
        for cell, kind in np.argwhere(shown).tolist():
            row, column = self.grid.row_and_column(cell)
            rows[row][column] = characters[kind]
        if state is not None:
            row, column = self.position(level, state)
            rows[row][column] = "A"
        return "\n".join("".join(row) for row in rows)

    def edit(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        """Returns the level with one wall put up or taken down in a random cell without an object, and that cell."""
        layout = level.layout
        choices = jnp.where(layout.objects.any(axis=-1), -jnp.inf, 0.0)
        cell = jax.random.categorical(key, choices)
        toggled = layout.walls ^ self.grid.one_hot(cell)
        edited = compiled_level(self, GridLayout(toggled, layout.objects, layout.hidden))
        return edited, jnp.stack(self.grid.row_and_column(cell))

    def rearrange(self, level: Level, *, key: RandomKey) -> tuple[Level, Int[Array, "2"]]:
        """Returns the level with one object, any of them, in a random free cell that was empty, and that cell."""
        key_which, key_where = jax.random.split(key)
        layout = level.layout
        present = layout.objects.reshape(-1)
        cell, kind = jnp.divmod(
            jax.random.categorical(key_which, jnp.where(present, 0.0, -jnp.inf)), layout.objects.shape[-1]
        )
        empty = ~self.grid.interior(layout.walls) & ~layout.objects.any(axis=-1)
        target = jax.random.categorical(key_where, jnp.where(empty, 0.0, -jnp.inf))
        objects = layout.objects.at[cell, kind].set(False).at[target, kind].set(True)
        moved = compiled_level(self, GridLayout(layout.walls, objects, layout.hidden))
        return moved, jnp.stack(self.grid.row_and_column(target))

    def remaining(self, level: Level, state: int) -> Bool[Array, "cells kinds"]:
        """Returns the objects that are still there in a state: all of them, unless the world takes some away."""
        return level.layout.objects

    def position(self, level: Level, state: int) -> tuple[int, int]:
        # Worlds whose states hold more than a cell count the cell fastest.
        return self.grid.row_and_column(state % self.grid.cells)


@dataclass(frozen=True)
class GridWorld(LayoutWorld):
    """A square grid with walls and objects that lie in cells one can walk over.

    A concrete world says which characters stand for its kinds of object (`limits`), draws layouts (`draw`), turns one
    layout into a level (`level`) and says what is seen (`observe`). All four are called on single layouts.

    **Arguments:**

    - `size`: side of the square grid in cells, border walls included.
    - `walls`: style of the walls, one of `walls.STYLES`.
    - `density`: share of blocks, for `walls="blocks"`, in [0, 0.5]; above that few cells hang together.
    - `discount`: in (0, 1).
    """

    size: int = 9
    walls: str = "blocks"
    density: float = 0.25
    discount: float = 0.95

    def __post_init__(self):
        if self.size > WIDEST:
            raise WorldError(
                f"size={self.size} is more than {WIDEST}, the widest grid that is made; choose a smaller one."
            )
        check_style(self.walls, self.grid)
        if not 0 <= self.density <= 0.5:
            raise WorldError(f"density={self.density} is not in [0, 0.5]; with more blocks few cells hang together.")
        check_discount(self.discount)

    @abc.abstractmethod
    def draw(self, distribution: str, *, key: RandomKey) -> GridLayout:
        """Draws one layout, whose free cells are connected."""

    @property
    def grid(self) -> Grid:
        """The geometry."""
        return Grid(self.size, self.size)

    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        self.check_distribution(distribution)
        return random_levels(self, distribution, count, key)

    def check_room(self, objects: int) -> None:
        """Raises `WorldError` unless this many objects and the agent surely find room in the grid."""
        room = self.grid.cells // 4
        if objects + 1 > room:
            raise WorldError(
                f"{objects} objects and the agent do not surely fit into a {self.size}x{self.size} grid, which takes "
                f"{room - 1} objects (one cell in four, less the agent's). Use a larger size or fewer objects."
            )

    def draw_walls(self, *, key: RandomKey) -> Bool[Array, "H W"]:
        """Draws connected walls in this world's style with at least one interior cell in four free."""
        source = self.grid.one_hot(jnp.int32(self.grid.cell(1, 1)))
        return connected_walls(
            self.grid, self.walls, key=key, source=source, minimum=self.grid.cells // 4, density=self.density
        )

    def draw_objects(self, walls: Bool[Array, "H W"], kind: Int[Array, " objects"], *, key: RandomKey) -> GridLayout:
        """Draws a layout with objects of the given kinds in different free cells, and the hidden controls anywhere.

        **Arguments:**

        - `walls`: connected, with room for the objects and the agent.
        - `kind`: of each object, as an index into `limits()`.
        - `key`: consumed.
        """
        key_cells, key_hidden = jax.random.split(key)
        free = ~self.grid.interior(walls)
        # The largest of independent Gumbel numbers are a uniform draw without replacement.
        score = jnp.where(free, jax.random.gumbel(key_cells, free.shape), -jnp.inf)
        _, cells = jax.lax.top_k(score, len(kind))
        objects = jnp.zeros((self.grid.cells, len(self.limits())), bool).at[cells, kind].set(True)
        return GridLayout(walls, objects, hidden_cells(free, key=key_hidden))

    def walk(
        self, layout: GridLayout, successors: Int[Array, "cells 5"], happens: Shaped[Array, "cells 5 own"]
    ) -> Level:
        """Returns the level of walking over a layout; episodes begin in any free cell without an object.

        **Arguments:**

        - `layout`: where things are.
        - `successors`: the cell that each move leads to.
        - `happens`: this world's own attributes of each transition; `PLACE_ATTRIBUTES` are put behind them.
        """
        places = place_attributes(self.grid, successors, layout.hidden)
        return walking_level(
            self.grid,
            layout.walls,
            jnp.concatenate([happens.astype(jnp.float32), places], axis=-1),
            successors,
            not_first=layout.objects.any(axis=-1),
            discount=self.discount,
            layout=layout,
        )


def compiled_level(world: Any, layout: Any) -> Level:
    """Returns the level of one layout of a world with `level`."""
    if isinstance(jax.tree.leaves(layout)[0], Tracer):
        return world.level(layout)
    levels = levels_of(world, jax.tree.map(lambda array: np.asarray(array)[None], layout))
    return jax.tree.map(lambda array: jnp.asarray(np.asarray(array)[0]), levels)


def levels_of(world: Any, layouts: Any) -> Level:
    """Returns the levels of a batch of layouts of a world with `level`."""
    return _together(functools.partial(_built, world), layouts, len(jax.tree.leaves(layouts)[0]))


def random_levels(world: Any, distribution: str, count: int, key: RandomKey) -> Level:
    """Returns so many levels of a world with `draw` and `level`, each of a layout drawn anew."""
    # The keys of what is asked for do not hang on how many there are.
    keys = jax.random.split(key, count if isinstance(key, Tracer) else max(1, -(-count // TOGETHER)) * TOGETHER)
    return levels_of(world, _together(functools.partial(_drawn, world, distribution), keys, count))


def _together(program: Callable[[Any], Any], parts: Any, count: int) -> Any:
    """Returns what so many parts become, `TOGETHER` at a time; the last one stands for all that are left over."""
    if isinstance(jax.tree.leaves(parts)[0], Tracer):
        return program(parts)
    rows = np.minimum(np.arange(max(1, -(-count // TOGETHER)) * TOGETHER), count - 1).reshape(-1, TOGETHER)
    found = [jax.device_get(program(jax.tree.map(operator.itemgetter(some), parts))) for some in rows]
    return jax.tree.map(lambda *arrays: jnp.asarray(np.concatenate(arrays)[:count]), *found)


# Compiled once for each world, because op by op it takes seconds every time.


@compiled_briefly
def _drawn(world: Any, distribution: str, keys: Key[Array, " N"]) -> Any:
    return jax.vmap(lambda key: world.draw(distribution, key=key))(keys)


@compiled_briefly
def _built(world: Any, layouts: Any) -> Level:
    return jax.vmap(world.level)(layouts)
