"""Edits of cells: what may be put where in what an agent sees, and all the ways to do it.

An edit makes some cells of an image `[H, W, C]`, or some numbers of a vector `[D]`, hold something else. Admissible is
what a cell could be seen to hold: contents that occur in the world's own observations of the levels attacked (for a
vector, values that occur at the same place). The agent is neither taken away nor put a second time: where a world says
which channel shows it (`agent`; in MiniGrid's full view, things of kind 10), edits leave its own cell alone.
"""

from __future__ import annotations

import dataclasses
import importlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.core.errors import UsageError
from mesascope.worlds.world import World

MOST_CONTENTS: int = 64
"""Different contents of a cell; more are numbers on a scale, which are not listed but searched."""
AGENT_KIND: int = 10
"""Of MiniGrid."""


@dataclass(frozen=True, eq=False)
class CellEdits:
    """The admissible edits of single cells, from which those of several are made.

    **Arguments:**

    - `shape`: of an observation, `[H, W, C]` or `[D]`.
    - `contents`: what cells are seen to hold; `agent`: which of that shows the agent.
    - `singles`: M edits as place (row by row) and content.
    - `low`, `high`: least and largest value of each channel.
    - `whole`: whether all contents that occur are listed: then all edits can be tried.
    """

    shape: tuple[int, ...]
    contents: Float[np.ndarray, "V C"]
    agent: Bool[np.ndarray, " V"]
    singles: Int[np.ndarray, "M 2"]
    low: Float[np.ndarray, " C"]
    high: Float[np.ndarray, " C"]
    whole: bool

    @property
    def places(self) -> int:
        """How many cells an observation has."""
        return int(np.prod(self.shape[:2])) if len(self.shape) == 3 else self.shape[0]

    def count(self, cells: int) -> int:
        """Returns how many ways there are to edit so many different cells."""
        ways = [1] + [0] * cells
        for here in np.bincount(self.singles[:, 0]).tolist():
            ways = [1] + [ways[k] + here * ways[k - 1] for k in range(1, cells + 1)]
        return ways[cells]

    def all(self, cells: int) -> Iterator[tuple[int, ...]]:
        """Yields every way to edit so many different cells, as numbers of singles."""
        places = self.singles[:, 0].tolist()
        for chosen in itertools.combinations(range(len(places)), cells):
            if len({places[one] for one in chosen}) == cells:
                yield chosen

    def changing(self, seen: Float[np.ndarray, "R ..."]) -> CellEdits:
        """Returns those edits that change something in at least one of some observations."""
        place, content = self.singles.T
        differs = (self.flat(seen)[:, place] != self.contents[content]).any(-1) & ~self._own(seen)[:, place]
        return dataclasses.replace(self, singles=self.singles[differs.any(0)])

    def applied(
        self, seen: Float[np.ndarray, "R ..."], places: Int[np.ndarray, "R k"], contents: Float[np.ndarray, "R k C"]
    ) -> Float[np.ndarray, "R ..."]:
        """Returns observations after an edit each; cells that show the agent stay as they are.

        **Arguments:**

        - `seen`: R observations.
        - `places`, `contents`: of k cells in each.
        """
        edited = np.array(seen, np.float32)
        flat, own, rows = self.flat(edited), self._own(seen), np.arange(len(seen))
        for cell in range(places.shape[1]):
            free = rows[~own[rows, places[:, cell]]]
            flat[free, places[free, cell]] = contents[free, cell]
        return edited

    def flat(self, seen: Float[np.ndarray, "R ..."]) -> Float[np.ndarray, "R P C"]:
        """Returns observations as rows of cells."""
        return seen.reshape(len(seen), self.places, -1)

    def _own(self, seen: np.ndarray) -> np.ndarray:
        return (self.flat(seen)[:, :, None] == self.contents[self.agent]).all(-1).any(-1)


def cell_edits(world: World, seen: Float[np.ndarray, "R ..."]) -> CellEdits:
    """Returns the admissible edits of what a world shows in some states, one or more.

    **Raises:** `UsageError` for observations that have no cells: one whole number, shown as a one-hot vector, and
    images without width or channels.
    """
    shape = seen.shape[1:]
    if len(shape) == 1 and shape[0] > 1 and bool(((seen == 0) | (seen == 1)).all() and (seen.sum(-1) == 1).all()):
        raise UsageError(
            f"World '{world.name}' shows one whole number as a one-hot vector [{shape[0]}]: it has no cells, and "
            "whatever is edited is another state. Attack an agent that sees more."
        )
    if len(shape) not in (1, 3):
        raise UsageError(f"Cells are edited in images [H, W, C] and vectors [D]; '{world.name}' shows {list(shape)}.")
    flat = seen.reshape(len(seen), -1, shape[2] if len(shape) == 3 else 1)
    contents, which = np.unique(flat.reshape(-1, flat.shape[-1]), axis=0, return_inverse=True)
    which, low, high = which.reshape(flat.shape[:2]), contents.min(0), contents.max(0)
    if not (whole := len(contents) <= MOST_CONTENTS):
        # Evenly spread ones among those that occur stand for them until they are searched.
        keep = np.unique(np.linspace(0, len(contents) - 1, MOST_CONTENTS).round().astype(int))
        which = np.abs(np.arange(len(contents))[:, None] - keep).argmin(-1)[which]
        contents = contents[keep]
    agent, places = _shows_agent(world, contents), np.arange(flat.shape[1])
    possible = np.full((len(places), len(contents)), len(shape) == 3)
    possible[np.broadcast_to(places, which.shape), which] = True
    return CellEdits(shape, contents, agent, np.argwhere(possible & ~agent), low, high, whole)


def _shows_agent(world: World, contents: Float[np.ndarray, "V C"]) -> Bool[np.ndarray, " V"]:
    if "agent" in world.channels:
        return contents[:, world.channels.index("agent")] > 0
    full = is_minigrid(world) and world.unwrapped.options().get("observation") == "full"
    return (contents[:, 0] == AGENT_KIND) & full


def is_minigrid(world: World) -> bool:
    """Returns whether cells of a world are MiniGrid's `(kind, colour, state)`; the first axis is the column there."""
    shape = world.observation_shape
    return getattr(world.unwrapped, "environment_id", "").startswith("MiniGrid") and len(shape) == 3 and shape[2] == 3


def words_of(world: World, content: Float[np.ndarray, " C"]) -> str:
    """Returns what a cell holds, for people: `"green goal"`, `"wall"`, `"nothing"`, or its numbers."""
    numbers = [f"{value:g}" for value in content.tolist()]
    if is_minigrid(world):
        names = importlib.import_module("minigrid.core.constants")
        thing = names.IDX_TO_OBJECT.get(int(content[0]), numbers[0])
        colour = names.IDX_TO_COLOR.get(int(content[1]), numbers[1])
        return thing if thing in ("unseen", "empty", "floor") else f"{colour} {thing}"
    if len(world.channels) != len(content) or world.channels[0].startswith("feature-"):
        return ", ".join(numbers)
    there = zip(world.channels, content.tolist(), strict=True)
    return " and ".join(name if value == 1 else f"{name} {value:.3g}" for name, value in there if value) or "nothing"
