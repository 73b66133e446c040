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
MINIGRID, FULL_VIEW, AGENT_KIND = "MiniGrid", "full", 10


@dataclass(frozen=True, eq=False)
class CellEdits:
    """The admissible edits of single cells, from which those of several are made.

    **Arguments:**

    - `shape`: of an observation, `[H, W, C]` or `[D]`.
    - `contents`: what cells are seen to hold, V of them.
    - `singles`: M edits as place (row by row) and content.
    - `low`, `high`: least and largest value of each channel.
    - `whole`: whether all contents that occur are listed: then all edits can be tried.
    - `agent`: which contents show the agent.
    """

    shape: tuple[int, ...]
    contents: Float[np.ndarray, "V C"]
    singles: Int[np.ndarray, "M 2"]
    low: Float[np.ndarray, " C"]
    high: Float[np.ndarray, " C"]
    whole: bool
    agent: Bool[np.ndarray, " V"]

    @property
    def places(self) -> int:
        """How many cells an observation has."""
        return int(np.prod(self.shape[:2])) if len(self.shape) == 3 else self.shape[0]

    def count(self, cells: int) -> int:
        """Returns how many ways there are to edit so many different cells."""
        ways = [1] + [0] * cells
        for here in np.bincount(self.singles[:, 0], minlength=self.places).tolist():
            ways = [1] + [ways[k] + here * ways[k - 1] for k in range(1, cells + 1)]
        return ways[cells]

    def all(self, cells: int) -> Iterator[tuple[int, ...]]:
        """Yields every way to edit so many different cells, as numbers of singles."""
        for chosen in itertools.combinations(range(len(self.singles)), cells):
            if len({int(self.singles[one, 0]) for one in chosen}) == cells:
                yield chosen

    def changing(self, seen: Float[np.ndarray, "R ..."]) -> CellEdits:
        """Returns those edits that change something in at least one of some observations."""
        flat, own = self._flat(seen), self.own(seen)
        place, content = self.singles.T
        differs = (flat[:, place] != self.contents[content]).any(-1) & ~own[:, place]
        return dataclasses.replace(self, singles=self.singles[differs.any(0)])

    def own(self, seen: Float[np.ndarray, "R ..."]) -> Bool[np.ndarray, "R P"]:
        """Returns which cells of some observations show the agent itself."""
        flat = self._flat(seen)
        return (flat[:, :, None] == self.contents[self.agent]).all(-1).any(-1)

    def applied(
        self, seen: Float[np.ndarray, "R ..."], places: Int[np.ndarray, "R k"], contents: Float[np.ndarray, "R k C"]
    ) -> Float[np.ndarray, "R ..."]:
        """Returns observations after an edit each; cells that show the agent stay as they are.

        **Arguments:**

        - `seen`: R observations.
        - `places`, `contents`: of k cells in each.
        """
        edited = np.array(seen, np.float32)
        flat, own, rows = self._flat(edited), self.own(seen), np.arange(len(seen))
        for cell in range(places.shape[1]):
            free = rows[~own[rows, places[:, cell]]]
            flat[free, places[free, cell]] = contents[free, cell]
        return edited

    def held(self, seen: Float[np.ndarray, "R ..."], place: int) -> Float[np.ndarray, "R C"]:
        """Returns what one cell holds in some observations."""
        return self._flat(seen)[:, place]

    def _flat(self, seen: np.ndarray) -> np.ndarray:
        return seen.reshape(len(seen), self.places, -1)


def cell_edits(world: World, seen: Float[np.ndarray, "R ..."]) -> CellEdits:
    """Returns the admissible edits of what a world shows.

    **Arguments:**

    - `world`: that shows it.
    - `seen`: what it shows in the states attacked; at least one.

    **Raises:** `UsageError` for observations that have no cells: one whole number, shown as a one-hot vector, and
    images without width or channels.
    """
    shape = seen.shape[1:]
    if len(shape) == 1 and shape[0] > 1 and bool(((seen == 0) | (seen == 1)).all() and (seen.sum(-1) == 1).all()):
        raise UsageError(
            f"World '{world.name}' shows one whole number as a one-hot vector [{shape[0]}]: it has no cells, and "
            "whatever is edited is another state. Attack an agent that sees more, for example with observation=full."
        )
    if len(shape) not in (1, 3):
        raise UsageError(f"Cells are edited in images [H, W, C] and vectors [D]; '{world.name}' shows {list(shape)}.")
    flat = seen.reshape(len(seen), -1, shape[2] if len(shape) == 3 else 1)
    contents, which = np.unique(flat.reshape(-1, flat.shape[-1]), axis=0, return_inverse=True)
    which = which.reshape(flat.shape[:2])
    agent = _shows_agent(world, contents)
    whole = len(contents) <= MOST_CONTENTS
    if not whole:
        # Numbers on a scale: evenly spread ones among those that occur stand for them until they are searched.
        keep = np.unique(np.linspace(0, len(contents) - 1, MOST_CONTENTS).round().astype(int))
        nearest = np.abs(np.arange(len(contents))[:, None] - keep).argmin(-1)
        contents, which, agent = contents[keep], nearest[which], agent[keep]
    places = np.arange(flat.shape[1])
    if len(shape) == 3:
        possible = np.ones((len(places), len(contents)), bool)
    else:
        possible = np.zeros((len(places), len(contents)), bool)
        possible[np.broadcast_to(places, which.shape), which] = True
    # Where one thing is all that is ever seen and nothing else may be, an edit changes nothing.
    fixed = (which == which[0]).all(0)
    possible[places[fixed], which[0, fixed]] = False
    singles = np.argwhere(possible & ~agent)
    return CellEdits(shape, contents, singles, contents.min(0), contents.max(0), whole, agent)


def _shows_agent(world: World, contents: Float[np.ndarray, "V C"]) -> Bool[np.ndarray, " V"]:
    if "agent" in world.channels:
        return contents[:, world.channels.index("agent")] > 0
    options = world.unwrapped.options() if is_minigrid(world) else {}
    return (contents[:, 0] == AGENT_KIND) & (options.get("observation") == FULL_VIEW)


def is_minigrid(world: World) -> bool:
    """Returns whether cells of a world are MiniGrid's `(kind, colour, state)`; the first axis is the column there."""
    shape = world.observation_shape
    return getattr(world.unwrapped, "environment_id", "").startswith(MINIGRID) and len(shape) == 3 and shape[2] == 3


def words_of(world: World, content: Float[np.ndarray, " C"]) -> str:
    """Returns what a cell holds, for people: `"green goal"`, `"wall"`, `"nothing"`, or its numbers."""
    numbers = [f"{value:g}" for value in content.tolist()]
    if is_minigrid(world):
        names = importlib.import_module("minigrid.core.constants")
        kind, colour = (int(value) for value in content[:2])
        thing = names.IDX_TO_OBJECT.get(kind, numbers[0])
        plain = thing in ("unseen", "empty", "floor")
        return thing if plain else f"{names.IDX_TO_COLOR.get(colour, numbers[1])} {thing}"
    if len(world.channels) != len(content) or world.channels[0].startswith("feature-"):
        return ", ".join(numbers)
    there = [
        channel if value == 1 else f"{channel} {value:.3g}"
        for channel, value in zip(world.channels, content.tolist(), strict=True)
        if value
    ]
    return " and ".join(there) or "nothing"
