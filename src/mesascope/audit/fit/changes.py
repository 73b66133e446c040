"""The changes of a world's observations that people make by mistake, as steps of a view."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.worlds.world import World

Steps = tuple[str, ...]

LAYOUTS: tuple[Steps, ...] = ((), ("channels-first",), ("flatten",), ("channels-first", "flatten"))
"""Ways to lay an image out in memory; the last steps of a view."""
SIDES: tuple[Steps, ...] = tuple(
    (*turned, *(f"flip={axis}" for axis in flips))
    for turned in ((), ("transpose",))
    for flips in ((), ("rows",), ("columns",), ("rows", "columns"))
)
"""The eight symmetries of a square."""
MOST_CHANNELS: int = 12
"""Longer vectors than this have features, not channels that somebody puts into another order."""


@dataclass(frozen=True)
class Changes:
    """What may be changed about the observations of a world.

    **Arguments:**

    - `layouts`, `scalings`, `sides`: alternatives, each a list of steps; the first of each is none.
    - `channels`: names of those whose order may be wrong.
    """

    layouts: tuple[Steps, ...]
    scalings: tuple[Steps, ...]
    sides: tuple[Steps, ...]
    channels: tuple[str, ...]

    def view(self, scaling: Steps, side: Steps, order: tuple[int, ...] | None, layout: Steps) -> Steps:
        """Returns the steps of one alternative of each kind; `order` takes channels by number."""
        channels = () if order is None else (f"channels={','.join(_name(self.channels, index) for index in order)}",)
        return (*scaling, *channels, *side, *layout)

    def orders(self) -> list[tuple[int, ...] | None]:
        """Returns every other order of the channels, after `None` for the one in which they stand."""
        count = len(self.channels)
        return [None, *itertools.islice(itertools.permutations(range(count)), 1, None)]

    def swaps(self, order: tuple[int, ...] | None) -> list[tuple[int, ...]]:
        """Returns the orders that differ from one by a single exchange."""
        start = list(range(len(self.channels))) if order is None else list(order)
        found = []
        for one, other in itertools.combinations(range(len(start)), 2):
            swapped = list(start)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            found.append(tuple(swapped))
        return found


def changes_of(world: World, seen: Float[np.ndarray, "M ..."], layouts: tuple[Steps, ...]) -> Changes:
    """Returns what may be changed about a world's observations.

    **Arguments:**

    - `world`: whose they are.
    - `seen`: some of them; their range says which scalings make sense.
    - `layouts`: those in which the agent acts at all.
    """
    low, high = float(seen.min()), float(seen.max())
    scalings: list[Steps] = [(), ("scale=1/255",), ("scale=255",)]
    if high > low:
        if high not in (1.0, 255.0) and high > 0:
            scalings.append((f"scale=1/{high:g}",))
        # [low, high] to [-1, 1], and to [0, 1] where it does not begin at 0.
        slope = 2 / (high - low)
        scalings.append((f"scale={slope:g}", f"shift={-1 - slope * low:g}"))
        if low != 0:
            scalings.append((f"scale={slope / 2:g}", f"shift={-slope / 2 * low:g}"))
        scalings.append(("standardise",))
    image = len(world.observation_shape) == 3
    square = image and world.observation_shape[0] == world.observation_shape[1]
    sides = SIDES if square else tuple(side for side in SIDES if "transpose" not in side) if image else ((),)
    few = 1 < len(world.channels) <= MOST_CHANNELS
    return Changes(layouts, tuple(scalings), sides, tuple(world.channels) if few else ())


@functools.lru_cache(maxsize=1024)
def action_step(world: World, order: tuple[int, ...]) -> str:
    """Returns the step that says what each action of the agent means, `actions=left,right,…`."""
    return f"actions={','.join(_name(world.actions, index) for index in order)}"


def _name(names: tuple[str, ...], index: int) -> str:
    # A name with a sign of its own, or one that is a number, would not be read back.
    name = names[index]
    return name if name.replace("-", "").replace("_", "").isalpha() or _plain(name) else str(index)


def _plain(name: str) -> bool:
    return bool(name) and not name.isdecimal() and not set(name) & set(",= \t\n'\"\\$`!*?<>|&;()#~")
