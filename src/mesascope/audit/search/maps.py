"""Maps: sites whose activations have a place for every state of a level, so that squares can be read and written.

A site of shape `[H, W, C]` that is as high and wide as the observation is a map of a grid: each cell has C numbers of
its own. A site of shape `[S, C]` has a place for every state of a graph, and no squares side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.distances import FAR
from mesascope.worlds.compact import CompactWorld

NO_MAPS: str = (
    "none of its sites is a map of the world's cells, as high and wide as the grid, and so nothing can be read or "
    "written square by square"
)
ONE_MAP: str = (
    "only one of its sites is a map of the world's cells, and so nothing can be passed on from one to the next"
)


@dataclass(frozen=True)
class Squares:
    """Where states lie in a flattened site.

    **Arguments:**

    - `of`: square of each state.
    - `size`: numbers that each square has.
    - `board`: whether squares lie side by side, in rows and columns.
    """

    of: Int[np.ndarray, " S"]
    size: int
    board: bool


def squares_of(sample: ActivationSample, site: str) -> Squares | None:
    """Returns the squares of a site; `None` if it is no map.

    **Arguments:**

    - `sample`: whose levels and activations they are.
    - `site`: one that fired.
    """
    level_set = sample.evaluation.level_set
    shape = sample.captured.activations[site].shape[1:]
    cells = level_set.cells(0)
    # In compacted levels a state is another place in each.
    if (cells < 0).any() or isinstance(level_set.world, CompactWorld):
        return None
    if len(shape) == 3 and shape[:2] == level_set.world.observation_shape[:2] and (cells.max(0) < shape[:2]).all():
        if len(np.unique(cells[:, 1])) > 1:
            return Squares(cells[:, 0] * shape[1] + cells[:, 1], shape[2], True)
        return None
    if len(shape) == 2 and shape[0] == level_set.levels.states:
        return Squares(np.arange(shape[0]), shape[1], False)
    return None


def map_sites(sample: ActivationSample) -> tuple[str, ...]:
    """Returns the sites that are maps of a grid, in the order in which they fire.

    **Arguments:**

    - `sample`: whose sites they are.
    """
    squares = {site: squares_of(sample, site) for site in sample.all_sites}
    return tuple(site for site, found in squares.items() if found is not None and found.board)


def around(squares: Bool[np.ndarray, "R H W"]) -> Bool[np.ndarray, "R H W"]:
    """Returns the 3x3 patches around some squares of each row."""
    height, width = squares.shape[1:]
    padded = np.pad(squares, ((0, 0), (1, 1), (1, 1)))
    found = np.zeros_like(squares)
    for down in range(3):
        for right in range(3):
            found |= padded[:, down : down + height, right : right + width]
    return found


def manhattan(one: Int[np.ndarray, "... 2"], other: Int[np.ndarray, "... 2"]) -> Int[np.ndarray, "..."]:
    """Returns steps between cells, walls disregarded."""
    return np.abs(one - other).sum(-1)


def nearest(cells: Int[np.ndarray, "S 2"], marked: Bool[np.ndarray, "R S"]) -> Int[np.ndarray, "R S"]:
    """Returns steps as the crow flies from each cell to the nearest of those that are marked; a large number without.

    **Arguments:**

    - `cells`: row and column of each state.
    - `marked`: states, by row.
    """
    apart = manhattan(cells[:, None], cells[None])
    return np.where(marked[:, None, :], apart[None], FAR).min(-1)


def lengths(activations: Float[np.ndarray, "R ..."], size: int) -> Float[np.ndarray, "R squares"]:
    """Returns the length of the vector of each square.

    **Arguments:**

    - `activations`: of a map, by row.
    - `size`: numbers of a square.
    """
    return np.linalg.norm(activations.reshape(len(activations), -1, size).astype(np.float64), axis=-1)
