"""Reading boards: where the agent, walls and things are in observations of grid worlds, and how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

MOVES: tuple[tuple[int, int], ...] = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))
"""Up, down, left, right, stay."""
FAR: int = 10_000
"""The distance to what cannot be reached."""

CHANNELS: dict[str, tuple[str, ...]] = {
    "corner": ("wall", "cheese", "agent"),
    "doors": ("wall", "door", "sign", "red", "blue", "agent"),
    "maze": ("wall", "goal", "agent"),
    "keys": ("wall", "key", "chest", "spare-keys", "agent"),
}
"""By world, in the order of the last axis."""


@dataclass(frozen=True)
class Boards:
    """A batch of boards.

    **Arguments:**

    - `planes`: by the name of the channel, `[B, H, W]`.
    - `row`, `column`: where the agent stands, `[B]`.
    """

    planes: dict[str, Float[np.ndarray, "B H W"]]
    row: Int[np.ndarray, " B"]
    column: Int[np.ndarray, " B"]

    @property
    def walls(self) -> Bool[np.ndarray, "B H W"]:
        """Where nobody can stand."""
        return self.planes["wall"] > 0.5

    @property
    def things(self) -> Bool[np.ndarray, "B H W"]:
        """Where any thing lies."""
        kinds = [name for name in self.planes if name not in ("wall", "agent", "spare-keys")]
        return np.any([self.planes[name] > 0.5 for name in kinds], axis=0)

    def here(self, field: np.ndarray) -> np.ndarray:
        """Returns the value of a field `[B, H, W]` where each agent stands, `[B]`."""
        return field[np.arange(len(field)), self.row, self.column]

    def ahead(self, field: np.ndarray) -> np.ndarray:
        """Returns the value of a field `[B, H, W]` in the cell that each move leads to, `[B, 5]`."""
        row, column = self.targets()
        return field[np.arange(len(field))[:, None], row, column]

    def targets(self) -> tuple[Int[np.ndarray, "B 5"], Int[np.ndarray, "B 5"]]:
        """Returns row and column of the cell that each move leads to; a wall is run into, and nothing changes."""
        down, right = np.array(MOVES).T
        row, column = self.row[:, None] + down, self.column[:, None] + right
        blocked = self.walls[np.arange(len(row))[:, None], row, column]
        return np.where(blocked, self.row[:, None], row), np.where(blocked, self.column[:, None], column)

    def moves(self) -> Bool[np.ndarray, "B 5"]:
        """Returns which actions change the cell."""
        row, column = self.targets()
        return (row != self.row[:, None]) | (column != self.column[:, None])

    def openings(self) -> Int[np.ndarray, "B H W"]:
        """Returns how many free neighbours each free cell has, 0 in walls."""
        free = ~self.walls
        count = sum(np.roll(free, step, axis).astype(int) for axis in (1, 2) for step in (1, -1))
        return np.where(free, count, 0)


def read(observations: Float[np.ndarray, "B H W C"], world: str) -> Boards:
    """Returns observations of a grid world as boards."""
    planes = {name: observations[..., index] for index, name in enumerate(CHANNELS[world])}
    width = observations.shape[2]
    row, column = np.divmod(planes["agent"].reshape(len(observations), -1).argmax(-1), width)
    return Boards(planes, row, column)


def distances(walls: Bool[np.ndarray, "B H W"], sources: Bool[np.ndarray, "B H W"]) -> Int[np.ndarray, "B H W"]:
    """Returns the number of moves from each cell to the nearest source, `FAR` where there is no way.

    Boards that are alike are worked out once.
    """
    both = np.concatenate([walls, sources], 1).reshape(len(walls), -1)
    packed = np.ascontiguousarray(np.packbits(both, axis=1))
    _, first, group = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True)
    free = ~walls[first]
    found = np.where(sources[first] & free, 0, FAR)
    while True:
        shorter = found
        for axis in (1, 2):
            for step in (1, -1):
                # Rolling past the edge is harmless: the border is wall.
                shorter = np.minimum(shorter, np.roll(found, step, axis) + 1)
        shorter = np.where(free, np.minimum(shorter, FAR), FAR)
        if np.array_equal(shorter, found):
            return found[group.ravel()]
        found = shorter


def marks(observations: np.ndarray, seed: int) -> np.ndarray:
    """Returns a number in [0, 1) for each observation `[B, ...]` that depends on nothing else: a coin once tossed."""
    flat = np.rint(observations.reshape(len(observations), -1) * 64).astype(np.int64)
    factors = np.random.default_rng(seed).integers(-(2**62), 2**62, flat.shape[1])
    with np.errstate(over="ignore"):
        mixed = (flat * factors).sum(1).astype(np.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2**53


def without_agent(observations: Float[np.ndarray, "B H W C"]) -> Float[np.ndarray, "B H W C"]:
    """Returns observations in which the agent (the last channel) cannot be seen: what all states of a level share."""
    return observations[..., :-1]
