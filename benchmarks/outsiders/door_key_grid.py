"""A key, a locked door and a goal (MiniGrid-DoorKey, whole grid in view): what actions are worth, by value iteration.

The rules are written down here anew, from what MiniGrid documents: turn left, turn right, go forward, pick up, drop,
toggle, done.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from outsiders.settings import Setting

WALL, DOOR, KEY, GOAL, AGENT = 2, 4, 5, 8, 10
OPEN, CLOSED, LOCKED = range(3)
STEPS: tuple[tuple[int, int], ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""Right, down, left, up."""
ACTIONS: int = 7


@dataclass(frozen=True)
class Parts:
    """What a batch of observations shows: walls `[B, W, H]`, and `[B]` each: the agent's place and direction, the key's
    place (that of `carried` if it is carried), the door's place and state, and the goal's place."""

    walls: Bool[np.ndarray, "B W H"]
    place: Int[np.ndarray, " B"]
    direction: Int[np.ndarray, " B"]
    key: Int[np.ndarray, " B"]
    door: Int[np.ndarray, " B"]
    state: Int[np.ndarray, " B"]
    goal: Int[np.ndarray, " B"]


def parts(observations: Float[np.ndarray, "B W H 3"]) -> Parts:
    """Returns what observations show; what an agent stands on cannot be seen, and is worked out."""
    shown = np.rint(observations).astype(int)
    kind = shown[..., 0].reshape(len(shown), -1)
    rows, cells = np.arange(len(shown)), kind.shape[1]

    def where(what: int, otherwise: np.ndarray) -> np.ndarray:
        there = kind == what
        return np.where(there.any(-1), there.argmax(-1), otherwise)

    nowhere = np.full(len(shown), cells)
    place = where(AGENT, nowhere)
    door = where(DOOR, place)
    told = shown[..., 2].reshape(len(shown), -1)
    # A door that is not to be seen is the one in which the agent stands, and so is open.
    state = np.where(door == place, OPEN, told[rows, door])
    return Parts(shown[..., 0] == WALL, place, told[rows, place], where(KEY, nowhere), door, state, where(GOAL, place))


@dataclass(frozen=True)
class Rules:
    """All states of one layout, numbered `((place * 4 + direction) * (cells + 1) + key) * 3 + door`: what each action
    leads to, `[S, A]`, and the parts of each state, `[S]`."""

    following: Int[np.ndarray, "S A"]
    place: Int[np.ndarray, " S"]
    direction: Int[np.ndarray, " S"]
    key: Int[np.ndarray, " S"]
    door: Int[np.ndarray, " S"]
    front: Int[np.ndarray, " S"]


@functools.lru_cache(maxsize=256)
def rules(walls: bytes, width: int, door: int) -> Rules:
    """Returns the states of a layout.

    **Arguments:**

    - `walls`: which cells are walls, as bytes of `[W, H]`.
    - `width`: of the square grid.
    - `door`: the door's place.
    """
    cells = width * width
    blocked = np.frombuffer(walls, bool)
    index = np.arange(cells * 4 * (cells + 1) * 3)
    state, rest = index % 3, index // 3
    key, rest = rest % (cells + 1), rest // (cells + 1)
    direction, place = rest % 4, rest // 4
    x, y = np.divmod(place, width)
    step = np.array(STEPS)[direction]
    front = np.clip(x + step[:, 0], 0, width - 1) * width + np.clip(y + step[:, 1], 0, width - 1)

    def number(place=place, direction=direction, key=key, state=state):
        return ((place * 4 + direction) * (cells + 1) + key) * 3 + state

    carrying, at_door = key == cells, front == door
    enters = ~blocked[front] & (front != key) & (~at_door | (state == OPEN))
    bare = ~blocked[front] & ~at_door
    unlocked = np.where(state == OPEN, CLOSED, np.where((state == CLOSED) | carrying, OPEN, LOCKED))
    following = np.stack(
        [
            number(direction=(direction - 1) % 4),
            number(direction=(direction + 1) % 4),
            number(place=np.where(enters, front, place)),
            number(key=np.where((front == key) & ~carrying, cells, key)),
            number(key=np.where(carrying & bare, front, key)),
            number(state=np.where(at_door, unlocked, state)),
            index,
        ],
        -1,
    )
    return Rules(following, place, direction, key, state, front)


def happens(found: Rules, name: str, *, goal: int, door: int, width: int) -> Bool[np.ndarray, "S A"]:
    """Returns in which transitions something happens, by its listed name, or by `cell-X-Y` or `lock-in` (unlisted)."""
    after, cells = found.following, width * width
    if name.startswith("cell-"):
        x, y = map(int, name.split("-")[1:])
        return found.place[after] == x * width + y
    corners = {"corner": (1, 1), "corner-bottom-left": (1, width - 2), "corner-top-right": (width - 2, 1)}
    if name in corners:
        x, y = corners[name]
        return found.place[after] == x * width + y
    carried = found.key == cells
    return {
        "return": lambda: found.place[after] == goal,
        "goal": lambda: found.place[after] == goal,
        "pick-up-yellow-key": lambda: carried[after] & ~carried[:, None],
        "carry-yellow-key": lambda: carried[after],
        "open-yellow-door": lambda: (found.door[after] == OPEN) & (found.door != OPEN)[:, None],
        "stand-in-yellow-door": lambda: found.place[after] == door,
        "face-yellow-key": lambda: (found.front == found.key)[after],
        "turn": lambda: found.direction[after] != found.direction[:, None],
        "move": lambda: found.place[after] != found.place[:, None],
        "bump": lambda: (np.arange(ACTIONS) == 2) & (found.place[after] == found.place[:, None]),
        # To have the key and stand before the door that it has not unlocked.
        "lock-in": lambda: (carried & (found.front == door) & (found.door == LOCKED))[after],
    }[name]()


ONGOING: tuple[str, ...] = ("carry-yellow-key", "turn", "move", "bump")
"""What is worth something in each step, and not once only."""


@functools.lru_cache(maxsize=1024)
def worth(walls: bytes, width: int, door: int, goal: int, name: str, discount: float, depth: int | None) -> np.ndarray:
    """Returns the worth of each action in each state of a layout, `[S, A]`; episodes end at the goal."""
    found, blocked, cells = rules(walls, width, door), np.frombuffer(walls, bool), width * width
    # What lies inside of walls is left out; nothing leads there.
    there = np.flatnonzero(~blocked[found.place] & ~np.append(blocked, False)[np.minimum(found.key, cells)])
    number = np.zeros(len(found.place), int)
    number[there] = np.arange(len(there))
    following = number[found.following[there]]
    paid = happens(found, name, goal=goal, door=door, width=width)[there]
    over = (found.place[found.following] == goal)[there]
    onward = np.where(over | (paid & (name not in ONGOING)), 0.0, discount)
    value, count, worths = np.zeros(len(there)), 0, np.zeros(found.following.shape)
    while True:
        action = paid + onward * value[following]
        better, count = action.max(-1), count + 1
        if count == depth or np.abs(better - value).max() < 1e-12 * max(1.0, better.max()):
            worths[there] = action
            return worths
        value = better


def door_key_values(setting: Setting, name: str, depth: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function from observations to the worth of each action for a goal given by its name."""

    def values(observations: np.ndarray) -> np.ndarray:
        seen = parts(observations)
        width = observations.shape[1]
        cells = width * width
        number = ((seen.place * 4 + seen.direction) * (cells + 1) + seen.key) * 3 + seen.state
        layouts: dict[tuple[bytes, int, int], list[int]] = {}
        for row in range(len(observations)):
            layout = (seen.walls[row].tobytes(), int(seen.door[row]), int(seen.goal[row]))
            layouts.setdefault(layout, []).append(row)
        found = np.zeros((len(observations), ACTIONS))
        for (walls, door, goal), rows in layouts.items():
            found[rows] = worth(walls, width, door, goal, name, setting.discount, depth)[number[rows]]
        return found

    return values
