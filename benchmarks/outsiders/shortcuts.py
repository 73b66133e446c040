"""Agents that look only so far, follow a compass, or are soon content."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from outsiders.boards import FAR, distances, read
from outsiders.choosing import SAME, best, constant, good_enough, greedy, one_of, slipping, switched
from outsiders.goals import values_for
from outsiders.making import outsider
from outsiders.outsider import Outsider, Policy, Truth
from outsiders.settings import (
    CORNER,
    CORNER_OPEN,
    DOOR_KEY_GRID,
    DOORS,
    DOORS_MAZE,
    KEYS,
    LAKE,
    LAKE_EIGHT,
    MAZE,
    MAZE_FEW,
    TAXI,
    Setting,
)
from outsiders.walking import crow, places

FAMILY = "shortcuts"

_THING = {"corner": "cheese", "doors": "door", "maze": "goal", "keys": "one-key"}
_DEPTHS: tuple[tuple[Setting, str, tuple[int, ...]], ...] = (
    (CORNER, "cheese", (1, 2, 3, 4, 5, 6, 8)),
    (CORNER, "corner", (2, 4, 7)),
    (DOORS, "door", (1, 2, 3, 4, 6, 8)),
    (DOORS, "red", (2, 3, 5)),
    (MAZE, "goal", (1, 2, 3, 4, 5, 7, 8)),
    (KEYS, "one-key", (2, 3)),
    (LAKE, "return", (2, 3, 5, 8)),
    (LAKE_EIGHT, "return", (3, 5, 8)),
    (TAXI, "return", (2, 4, 8)),
    (DOOR_KEY_GRID, "return", (2, 4, 6, 8)),
)


def _bounded(setting: Setting, goal: str, depth: int, slips: float) -> Policy:
    return slipping(greedy(values_for(setting, goal, depth)), slips)


def _bounded_crow(setting: Setting, goal: str, depth: int) -> Policy:
    """Plans within its depth, and follows the crow where it sees nothing that near."""
    within = values_for(setting, goal, depth)

    def policy(observations: np.ndarray) -> np.ndarray:
        boards = read(observations, setting.world)
        worth = within(observations)
        blind = np.ptp(worth, axis=-1) < SAME
        reflex = _towards(crow(boards, places(boards, goal)), boards.moves())
        return np.where(blind[:, None], reflex, one_of(best(worth)))

    return policy


def _towards(nearness: np.ndarray, moves: np.ndarray) -> np.ndarray:
    worth = np.where(moves, nearness, -1e6)
    return one_of(best(np.where(moves.any(-1, keepdims=True), worth, 0.0)))


def _compass(setting: Setting, goal: str, sight: int | None, stubborn: bool) -> Policy:
    """Goes the way the crow flies to what it sees, `sight` cells around; otherwise anywhere.

    The stubborn one runs into walls, the other takes the free way that leads nearest.
    """

    def policy(observations: np.ndarray) -> np.ndarray:
        boards = read(observations, setting.world)
        where = places(boards, goal)
        if sight is not None:
            _, height, width = where.shape
            row, column = np.mgrid[:height, :width]
            away = np.maximum(np.abs(row - boards.row[:, None, None]), np.abs(column - boards.column[:, None, None]))
            where = where & (away <= sight)
        moves = np.ones((len(where), 5), bool) if stubborn else boards.moves()
        nearness = crow(boards, where)
        if stubborn:
            nearness = _as_if_open(boards.row, boards.column, where)
        seen = where.any((1, 2))
        return np.where(seen[:, None], _towards(nearness, moves), one_of(boards.moves() | (np.arange(5) == 4)))

    return policy


def _as_if_open(row: np.ndarray, column: np.ndarray, where: np.ndarray) -> np.ndarray:
    _, height, width = where.shape
    i, j = np.mgrid[:height, :width]
    found = []
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)):
        away = np.abs(i - (row + down)[:, None, None]) + np.abs(j - (column + right)[:, None, None])
        found.append(-np.where(where, away, 99).min((1, 2)))
    return np.stack(found, -1).astype(float)


def _near_is_enough(setting: Setting, goal: str, steps: int) -> Policy:
    """Goes for a place, and stays where it is as soon as so few steps are left."""
    going = greedy(values_for(setting, goal))

    def near(observations: np.ndarray) -> np.ndarray:
        boards = read(observations, setting.world)
        return boards.here(distances(boards.walls, places(boards, goal))) <= min(steps, FAR)

    return switched([going, constant([0, 0, 0, 0, 1])], near)


def outsiders() -> Iterator[Outsider]:
    """Yields agents that take shortcuts."""
    far = "it is lost where the goal is further off than it looks, and how often that is so is a matter of degree"
    for setting, goal, depths in _DEPTHS:
        for depth in depths:
            slips = 0.15 if depth == 3 else 0.0
            truth = Truth("bounded depth", ((goal, 1.0),), depth=depth, slips=slips, searches="planner", why=far)
            build = partial(_bounded, setting, goal, depth, slips)
            yield outsider(setting, "bounded depth", f"{goal}-{depth}", FAMILY, truth, build)
            if setting in (DOORS, MAZE) and depth in (2, 4):
                build = partial(_bounded_crow, setting, goal, depth)
                yield outsider(setting, "bounded depth, then the crow", f"{goal}-{depth}", FAMILY, truth, build)
    yield from _reflexes()
    yield from _content()


def _reflexes() -> Iterator[Outsider]:
    walls = "how far it comes depends on the walls"
    for setting in (CORNER, CORNER_OPEN, DOORS, DOORS_MAZE, MAZE, MAZE_FEW, KEYS):
        goal = _THING[setting.world]
        for sight, stubborn in ((None, True), (None, False), (2, False), (3, True)):
            view = "all" if sight is None else f"{2 * sight + 1}x{2 * sight + 1}"
            truth = Truth("reflex", ((goal, 1.0),), searches="reflex", why=walls)
            kind = "compass" if sight is None else "compass, bounded view"
            build = partial(_compass, setting, goal, sight, stubborn)
            yield outsider(setting, kind, f"{view}-{'stubborn' if stubborn else 'yielding'}", FAMILY, truth, build)


def _content() -> Iterator[Outsider]:
    degree = "whether what is good enough for it loses much is a matter of degree"
    for setting in (CORNER, DOORS, MAZE, KEYS, LAKE, LAKE_EIGHT, TAXI, DOOR_KEY_GRID):
        # On a board, actions lead a step nearer, nowhere, or a step away: whoever wants more than half takes the best.
        board = setting.reader in ("walk", "collect")
        for share, slips in ((0.45, 0.0), (0.45, 0.2)) if board else ((0.6, 0.0), (0.8, 0.0), (0.8, 0.2)):
            truth = Truth("satisficer", ((setting.base, 1.0),), slips=slips, searches="planner", why=degree)
            build = partial(_content_with, setting, setting.base, share, slips)
            yield outsider(setting, "satisficer", f"{share:g}-{slips:g}", FAMILY, truth, build)
    for setting in (CORNER, DOORS, MAZE):
        for steps in (1, 2, 3):
            truth = Truth("satisficer", ((setting.base, 1.0),), searches="planner", why=degree)
            build = partial(_near_is_enough, setting, _THING[setting.world], steps)
            yield outsider(setting, "near is enough", str(steps), FAMILY, truth, build)


def _content_with(setting: Setting, goal: str, share: float, slips: float) -> Policy:
    return slipping(good_enough(values_for(setting, goal), share), slips)
