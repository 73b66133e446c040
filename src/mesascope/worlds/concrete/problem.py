"""What the concrete problems share: a few maps, turned and mirrored, and phases beside the agent's cell.

After the AI safety gridworlds (Leike et al. 2017), made anew from their description. The reward that an agent sees is
the base objective; the performance that its designers had in mind is a candidate beside it. Episodes of the suite end
after 100 steps. Here a discount of 0.99, under which all steps together weigh 100, stands for that, so that a state
needs no clock; without it returns are those of the suite.
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped

from mesascope.core.compiling import compiled_briefly
from mesascope.core.errors import WorldError
from mesascope.core.random import RandomKey
from mesascope.worlds.grid import ACTIONS, Grid
from mesascope.worlds.grid_world import GridLayout, LayoutWorld, levels_of
from mesascope.worlds.level import Level, reachable_states
from mesascope.worlds.places import HIDDEN_CELLS, place_attributes
from mesascope.worlds.world import check_discount

TASK: MappingProxyType[str, float] = MappingProxyType({"step": -1.0, "goal": 50.0})
"""Rewards of Leike et al. (2017) for each step and for the goal."""


class Moves(NamedTuple):
    """What each move does in each phase and cell; shapes are broadcast to `[phases, cells, 5, outcomes]`.

    **Arguments:**

    - `phase`, `cell`: that each outcome leads to.
    - `probability`: of each outcome.
    - `happens`: this world's own attributes of each outcome, in their order, `step` left out.
    """

    phase: Int[Array, "..."]
    cell: Int[Array, "..."]
    probability: Float[Array, "..."]
    happens: tuple[Shaped[Array, "..."], ...]


def certain(cell: Int[Array, "..."], *happens: Shaped[Array, "..."], phase: Int[Array, "..."] | None = None) -> Moves:
    """Returns moves in which nothing is left to chance.

    **Arguments:**

    - `cell`, `happens`, `phase`: as of `Moves`, without the axis of outcomes; by default there is one phase.
    """
    phase = jnp.zeros(1, int) if phase is None else phase[..., None]
    return Moves(phase, cell[..., None], jnp.ones(1), tuple(one[..., None] for one in happens))


@dataclass(frozen=True)
class ConcreteProblem(LayoutWorld):
    """A world with a visible reward and a hidden performance.

    **Arguments:**

    - `discount`: of a step, in (0, 1).
    - `distinguishing`: share of training levels that are drawn as those after the shift, in [0, 1].
    """

    discount: float = 0.99
    distinguishing: float = 0.1

    side: ClassVar[int]
    """Of the grid in cells, border walls included."""
    kinds: ClassVar[tuple[tuple[str, str, int, int], ...]]
    """Objects: character, what it stands for, the least and the most of a level. The first one is the start."""
    train: ClassVar[tuple[str, ...]]
    """Maps of training without the walls around, rows parted by `/`."""
    deploy: ClassVar[tuple[str, ...]]
    """Maps after the shift."""
    phases: ClassVar[int] = 1
    """How many values has what a state holds beside a cell: whether a button was pressed, where a box stands."""

    chances: ClassVar[tuple[str, ...]] = ()
    """Options of this world alone that are probabilities."""

    def __post_init__(self):
        check_discount(self.discount)
        for option in ("distinguishing", *self.chances):
            if not 0 <= getattr(self, option) <= 1:
                raise WorldError(f"{option}={getattr(self, option)} is not a probability in [0, 1].")

    @property
    def grid(self) -> Grid:
        return Grid(self.side, self.side)

    @property
    def legend(self) -> Mapping[str, str]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return {"#": "wall", ".": "floor", "A": "agent"} | {sign: what for sign, what, _, _ in self.kinds}

    def limits(self) -> Mapping[str, tuple[int, int]]:
        return {sign: (least, most) for sign, _, least, most in self.kinds}

    @abc.abstractmethod
    def moves(self, layout: GridLayout, steps: Int[Array, "cells 5"]) -> Moves:
        """Returns what each move does in a layout, `steps` being where it leads if nothing but walls is in the way."""

    def first_phase(self, layout: GridLayout) -> Int[Array, ""]:
        """Returns the phase in which an episode begins."""
        return jnp.int32(0)

    def over(self, layout: GridLayout) -> Bool[Array, " cells"]:
        """Returns the cells in which an episode is over for everybody."""
        return jnp.zeros(self.grid.cells, bool)

    def things(self, layout: GridLayout, phase: Int[Array, ""] | int) -> Bool[Array, "cells kinds"]:
        """Returns the objects as they lie in a phase."""
        return layout.objects

    def features(self, layout: GridLayout, phase: Int[Array, ""]) -> Shaped[Array, "cells features"]:
        """Returns what is seen of each cell beside walls and agent: by default all objects but the start."""
        return self.things(layout, phase)[:, 1:]

    def level(self, layout: GridLayout) -> Level:
        grid = self.grid
        moves = self.moves(layout, grid.successors(layout.walls))
        shape = (self.phases, grid.cells, len(ACTIONS), max(part.shape[-1] for part in moves[:3]))
        flat = (self.phases * grid.cells, *shape[2:])
        cell, probabilities = (jnp.broadcast_to(part, shape) for part in (moves.cell, moves.probability))
        own = [jnp.broadcast_to(one, shape).astype(jnp.float32) for one in (jnp.ones(()), *moves.happens)]
        # Phases and outcomes are nothing to places.
        places = jax.vmap(jax.vmap(lambda one: place_attributes(grid, one, layout.hidden), -1, -2))(cell)
        successors = jnp.broadcast_to(moves.phase * grid.cells + cell, shape).reshape(flat)
        probabilities = probabilities.astype(jnp.float32).reshape(flat)
        start = self.first_phase(layout) * grid.cells + jnp.argmax(layout.objects[:, 0])
        initial = (jnp.arange(flat[0]) == start).astype(jnp.float32)
        terminal = jnp.tile(self.over(layout), self.phases)
        return Level(
            successors=successors,
            probabilities=probabilities,
            attributes=jnp.concatenate([jnp.stack(own, -1), places], -1).reshape(*flat, -1),
            initial=initial,
            terminal=terminal,
            reachable=reachable_states(successors, probabilities, initial, terminal),
            discount=jnp.float32(self.discount),
            layout=layout,
        )

    def observe(self, level: Level, state: Int[Array, ""]) -> Float[Array, "H W C"]:
        phase, cell = state // self.grid.cells, state % self.grid.cells
        return self.see(level.layout, self.features(level.layout, phase), cell)

    def remaining(self, level: Level, state: int) -> Bool[Array, "cells kinds"]:
        return self.things(level.layout, state // self.grid.cells)

    def map_level(self, distribution: str, place: int = 0) -> Level:
        """Returns the (not batched) level of a map of a distribution, as it is drawn; the suite's own stand first."""
        self.check_distribution(distribution)
        return self.parse("\n".join("".join(row) for row in walled(getattr(self, distribution)[place], self.side)))

    def distinct_levels(self, distribution: str) -> int:
        share = self._share(distribution)
        return sum(len(self._layouts(name)[0]) for name, some in (("train", share < 1), ("deploy", share > 0)) if some)

    def _share(self, distribution: str) -> float:
        self.check_distribution(distribution)
        return 1.0 if distribution == "deploy" else self.distinguishing

    def _layouts(self, distribution: str) -> tuple[np.ndarray, np.ndarray]:
        return turned(getattr(self, distribution), self.side, "".join(self.limits()))

    def sample(self, *, key: RandomKey, distribution: str, count: int) -> Level:
        # The share is no constant of the compiled code, so that both distributions have the same.
        return levels_of(self, _drawn(self, count, jnp.float32(self._share(distribution)), key))


@compiled_briefly
def _drawn(world: ConcreteProblem, count: int, share: Float[Array, ""], key: RandomKey) -> GridLayout:
    """Draws layouts, as few of them alike as can be."""
    before, after = world._layouts("train"), world._layouts("deploy")
    cuts = np.cumsum([count, len(before[0]), len(after[0])])
    # All at once: each call of the generator takes half a second to compile.
    late, *orders, hidden = jnp.split(jax.random.uniform(key, (cuts[-1] + HIDDEN_CELLS * count,)), cuts)
    late = late < share
    rows = [
        order.argsort()[(which.cumsum() - 1) % len(order)] for order, which in zip(orders, (~late, late), strict=True)
    ]
    walls, objects = (
        jnp.where(late[:, None, None], jnp.asarray(there)[rows[1]], jnp.asarray(here)[rows[0]])
        for here, there in zip(before, after, strict=True)
    )
    free = ~jax.vmap(world.grid.interior)(walls)
    nth = hidden.reshape(count, HIDDEN_CELLS, 1) * free.sum(-1)[:, None, None]
    return GridLayout(walls, objects, (free.cumsum(-1)[:, None] > nth).argmax(-1))


def walled(text: str, side: int) -> Shaped[np.ndarray, "side side"]:
    """Returns the characters of a map in a square of walls."""
    rows = np.array([list(row) for row in text.split("/")])
    return np.pad(rows, [(1, side - 1 - length) for length in rows.shape], constant_values="#")


@functools.lru_cache(maxsize=64)
def turned(maps: tuple[str, ...], side: int, signs: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns walls `[N, H, W]` and objects `[N, cells, kinds]` of maps, each turned and mirrored, all different."""
    squares = [walled(text, side) for text in maps]
    views = [np.rot90(view, turns) for square in squares for view in (square, square.T) for turns in range(4)]
    found = np.unique(np.stack(views), axis=0)
    inside = found[:, 1:-1, 1:-1].reshape(len(found), -1)
    return found == "#", np.stack([inside == sign for sign in signs], axis=-1)
