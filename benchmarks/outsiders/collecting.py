"""Keys and chests: what each move is worth to whoever collects, by the best order of what lies there.

What is passed on a way is taken along, and taking more never harms these goals: a way past a thing is another order of
the same things. The best order over shortest ways is therefore the optimum.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from outsiders.boards import FAR, distances, read
from outsiders.settings import Setting
from outsiders.walking import walking_values

WEIGHTS: dict[str, tuple[float, float]] = {
    "chests": (0.0, 1.0),
    "keys": (1.0, 0.0),
    "keys-and-chests": (1.0, 1.0),
    "keys-first": (3.0, 1.0),
}
"""What a key and an opened chest are worth; other goals are places."""

Things = frozenset[int]


class _Tours:
    """The worth of standing anywhere in one layout, for each set of things that are left.

    **Arguments:**

    - `walls`: `[H, W]`.
    - `weights`: of a key and of a chest.
    - `discount`: in (0, 1).
    """

    def __init__(self, walls: np.ndarray, weights: tuple[float, float], discount: float):
        self.walls, self.weights, self.discount = walls, weights, discount
        self._steps: dict[int, np.ndarray] = {}
        self._worth: dict[tuple[Things, Things, int], np.ndarray] = {}

    def steps(self, thing: int) -> np.ndarray:
        """Returns the distance of each cell to a thing, `[H * W]`."""
        if thing not in self._steps:
            there = np.arange(self.walls.size).reshape(self.walls.shape) == thing
            self._steps[thing] = distances(self.walls[None], there[None])[0].ravel()
        return self._steps[thing]

    def taken(self, thing: int, keys: Things, chests: Things, spare: int) -> tuple[float, Things, Things, int] | None:
        """Returns what entering a cell pays and what is left then; `None` where nothing happens."""
        if thing in keys:
            return self.weights[0], keys - {thing}, chests, spare + 1
        if thing in chests and spare:
            return self.weights[1], keys, chests - {thing}, spare - 1
        return None

    def worth(self, keys: Things, chests: Things, spare: int) -> np.ndarray:
        """Returns the worth of each cell, `[H * W]`."""
        name = (keys, chests, spare)
        if name not in self._worth:
            found = np.zeros(self.walls.size)
            for thing in keys | chests:
                after = self.taken(thing, keys, chests, spare)
                if after is not None:
                    steps = self.steps(thing)
                    gain = after[0] + self.discount * self.worth(*after[1:])[thing]
                    far = np.maximum(np.minimum(steps, 500) - 1, 0)
                    found = np.maximum(found, np.where(steps < FAR, self.discount**far * gain, 0.0))
            self._worth[name] = found
        return self._worth[name]


def collecting_values(setting: Setting, name: str, depth: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function from observations to the worth of each action for a goal given by its name.

    **Arguments:**

    - `setting`: in the world of keys and chests.
    - `name`: one of `WEIGHTS`, or a place or motion of `walking`.
    - `depth`: how far places are looked for; has no meaning for tours.
    """
    if name not in WEIGHTS:
        return walking_values(setting, name, depth)
    most_keys = max(int(setting.options.get("keys", 1)), int(setting.options.get("deploy_keys", 2)))

    def values(observations: np.ndarray) -> np.ndarray:
        boards = read(observations, setting.world)
        rows, columns = boards.targets()
        cells = rows * observations.shape[2] + columns
        walls = boards.walls
        tours: dict[bytes, _Tours] = {}
        found = np.zeros(cells.shape)
        for index, ahead in enumerate(cells.tolist()):
            layout = walls[index].tobytes()
            if layout not in tours:
                tours[layout] = _Tours(walls[index], WEIGHTS[name], setting.discount)
            tour = tours[layout]
            keys, chests = (
                frozenset(np.flatnonzero(boards.planes[kind][index] > 0.5).tolist()) for kind in ("key", "chest")
            )
            spare = round(float(boards.planes["spare-keys"][index, 1:-1, 1:-1].max()) * most_keys)
            for action, cell in enumerate(ahead):
                after = tour.taken(cell, keys, chests, spare)
                if after is None:
                    found[index, action] = setting.discount * tour.worth(keys, chests, spare)[cell]
                else:
                    found[index, action] = after[0] + setting.discount * tour.worth(*after[1:])[cell]
        return found

    return values
