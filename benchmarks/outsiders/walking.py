"""Where one could walk to on a board, listed or not, and what each move is worth to whoever wants to be there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from outsiders.boards import FAR, Boards, distances, read
from outsiders.settings import Setting

Places = Callable[[Boards], Bool[np.ndarray, "B H W"]]

_CORNERS = {"corner": (0, 0), "corner-top-right": (0, 1), "corner-bottom-left": (1, 0), "corner-bottom-right": (1, 1)}
_THINGS = {"one-key": "key", "at-chest": "chest", "keys": "key", "chests": "chest"}
_COLOURED = {
    "red-door": ("door", "red"),
    "blue-door": ("door", "blue"),
    "red-sign": ("sign", "red"),
    "blue-sign": ("sign", "blue"),
}


def places(boards: Boards, name: str) -> Bool[np.ndarray, "B H W"]:
    """Returns the cells that a name stands for.

    Listed: things by their kind and colour, `object`, corners, `centre`, `region-2` to `region-4`, `near-goal`,
    `dead-end`, `junction`, `at-chest`, `one-key`. Unlisted: see `UNLISTED`.
    """
    walls = boards.walls
    free = ~walls
    count, height, width = walls.shape
    row, column = np.mgrid[:height, :width]
    if name in _CORNERS:
        down, right = _CORNERS[name]
        where = (row == (1, height - 2)[down]) & (column == (1, width - 2)[right])
    elif name == "centre":
        where = (row == height // 2) & (column == width // 2)
    elif name.startswith("region-"):
        size = int(name.removeprefix("region-"))
        where = (row >= 1) & (row < 1 + size) & (column >= 1) & (column < 1 + size)
    elif name.startswith("cell-"):
        i, j = map(int, name.split("-")[1:])
        where = (row == i) & (column == j)
    elif name in UNLISTED:
        return UNLISTED[name](boards) & free
    elif name in _COLOURED:
        one, other = _COLOURED[name]
        return (boards.planes[one] > 0.5) & (boards.planes[other] > 0.5)
    elif name == "object":
        return boards.things
    elif name == "near-goal":
        return free & (distances(walls, boards.things) <= 1)
    elif name == "dead-end":
        return boards.openings() == 1
    elif name == "junction":
        return boards.openings() >= 3
    else:
        return (
            boards.planes[{"one-key": "key", "at-chest": "chest", "keys": "key", "chests": "chest"}.get(name, name)]
            > 0.5
        )
    return np.broadcast_to(where, (count, height, width)) & free


def _first_thing(boards: Boards) -> tuple[Int[np.ndarray, "B 1 1"], Int[np.ndarray, "B 1 1"]]:
    row, column = np.divmod(boards.things.reshape(len(boards.row), -1).argmax(-1), boards.walls.shape[2])
    return row[:, None, None], column[:, None, None]


def _row_of_thing(boards: Boards) -> Bool[np.ndarray, "B H W"]:
    row, _ = _first_thing(boards)
    return np.broadcast_to(np.arange(boards.walls.shape[1])[:, None] == row, boards.walls.shape)


def _opposite(boards: Boards) -> Bool[np.ndarray, "B H W"]:
    row, column = _first_thing(boards)
    _, height, width = boards.walls.shape
    i, j = np.mgrid[:height, :width]
    # The mirrored cell may be a wall: whatever free cell is nearest to it as the crow flies stands for it.
    away = np.abs(i - (height - 1 - row)) + np.abs(j - (width - 1 - column)) + 100 * boards.walls
    return away == away.min((1, 2), keepdims=True)


def _narrow(boards: Boards) -> Bool[np.ndarray, "B H W"]:
    openings = np.where(boards.walls, 9, boards.openings())
    return openings == openings.min((1, 2), keepdims=True)


def _wide(boards: Boards) -> Bool[np.ndarray, "B H W"]:
    openings = boards.openings()
    return openings == openings.max((1, 2), keepdims=True)


def _at_distance(steps: int) -> Places:
    return lambda boards: distances(boards.walls, boards.things) == steps


def _border(boards: Boards) -> Bool[np.ndarray, "B H W"]:
    _, height, width = boards.walls.shape
    row, column = np.mgrid[:height, :width]
    return np.broadcast_to((row == 1) | (column == 1) | (row == height - 2) | (column == width - 2), boards.walls.shape)


def _chequered(boards: Boards) -> Bool[np.ndarray, "B H W"]:
    row, column = np.indices(boards.walls.shape)[1:]
    return (row % 3 == 2) & (column % 3 == 2)


UNLISTED: dict[str, Places] = {
    "two-steps-off": _at_distance(2),
    "three-steps-off": _at_distance(3),
    "row-of-thing": _row_of_thing,
    "opposite": _opposite,
    "narrow": _narrow,
    "wide": _wide,
    "border": _border,
    "chequered": _chequered,
}
"""Places that no world lists: two or three steps off a thing, the row of the (first) thing, the cell opposite of it,
the cells with the fewest or the most ways out, those along the border, and a sparse lattice."""


def worth(
    boards: Boards, where: Bool[np.ndarray, "B H W"], discount: float, depth: int | None = None
) -> Float[np.ndarray, "B 5"]:
    """Returns what each move is worth to somebody who wants to be in some cells, once and soon.

    **Arguments:**

    - `boards`: a batch.
    - `where`: the cells.
    - `discount`: in (0, 1).
    - `depth`: how many steps are looked ahead, at least 1; what is further off is worth nothing.
    """
    steps = boards.ahead(distances(boards.walls, where))
    most = FAR - 1 if depth is None else depth - 1
    return np.where(steps <= most, discount ** np.minimum(steps, 500).astype(float), 0.0)


def crow(boards: Boards, where: Bool[np.ndarray, "B H W"]) -> Float[np.ndarray, "B 5"]:
    """Returns how near each move brings it to the nearest of some cells, walls disregarded; higher is nearer."""
    row, column = boards.targets()
    _, height, width = where.shape
    i, j = np.mgrid[:height, :width]
    away = np.abs(i - row[..., None, None]) + np.abs(j - column[..., None, None])
    return -np.where(where[:, None], away, 99).min((-1, -2)).astype(float)


def walking_values(setting: Setting, name: str, depth: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function from observations to the worth of each action for a goal given by its name.

    Besides the names of `places`: `avoid-NAME` (never enter such a cell), `stay`, `move`, `bump`.

    **Arguments:**

    - `setting`: in a grid world.
    - `name`: of the goal.
    - `depth`: as of `worth`.
    """

    def values(observations: np.ndarray) -> np.ndarray:
        boards = read(observations, setting.world)
        if name == "stay":
            return np.tile(np.arange(5) == 4, (len(observations), 1)).astype(float)
        if name == "move":
            return boards.moves().astype(float)
        if name == "bump":
            bumps = ~boards.moves() & (np.arange(5) < 4)
            blocked = (boards.openings() < 4) & ~boards.walls
            return np.where(bumps, 1.0, setting.discount * worth(boards, blocked, setting.discount, depth))
        if name.startswith("avoid-"):
            return -boards.ahead(places(boards, name.removeprefix("avoid-"))).astype(float)
        return worth(boards, places(boards, name), setting.discount, depth)

    return values
