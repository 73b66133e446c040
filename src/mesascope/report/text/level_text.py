"""A scene in characters: arrows along a path, or a policy as a field of arrows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mesascope.report.views.scene import Place, Scene, step_between

Layer = Literal["agent", "base", "policy"]
Role = Literal["wall", "floor", "object", "agent", "base", "policy", "start"]
Paint = Callable[[str, str], str]
"""Turns text and its role into text with colours, or leaves it as it is."""


@dataclass(frozen=True)
class Glyphs:
    """Characters to draw with.

    **Arguments:**

    - `steps`: one for each step in rows and columns.
    - `other`: an action that is not a move.
    - `start`, `agent_goal`, `base_goal`: marks; never used by a world for something else.
    - `dash`, `ellipsis`, `separator`, `arrow`: punctuation.
    """

    steps: dict[Place, str]
    other: str
    start: str
    agent_goal: str
    base_goal: str
    dash: str
    ellipsis: str
    separator: str
    arrow: str


_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1), (0, 0))
UNICODE = Glyphs(dict(zip(_STEPS, "↑↓←→↖↗↙↘○", strict=True)), "?", "◉", "◆", "★", "–", "…", " · ", "→")
ASCII = Glyphs(dict(zip(_STEPS, "^v<>\\//\\o", strict=True)), "?", "@", "%", "*", "-", "~", " | ", "->")


def glyphs_for(encoding: str | None) -> Glyphs:
    """Returns the characters that an encoding can carry."""
    marks = "".join((*UNICODE.steps.values(), UNICODE.start, UNICODE.agent_goal, UNICODE.base_goal, "…·–→"))
    try:
        marks.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def draw_text(scene: Scene, layer: Layer, glyphs: Glyphs, paint: Paint = lambda text, role: text) -> list[str]:
    """Returns the lines of one picture.

    **Arguments:**

    - `scene`: the level; lines that are no grid are returned as they are.
    - `layer`: the agent's path, the path under the base objective, or the policy.
    - `glyphs`: characters to draw with.
    - `paint`: colours a cell by its role.
    """
    if not scene.is_grid:
        return list(scene.rows)
    marks = _marks(scene, layer, glyphs)
    lines = []
    for i, row in enumerate(scene.rows):
        cells = (marks.get((i, j), (character, _role(scene, character))) for j, character in enumerate(row))
        lines.append(" ".join(paint(character, role) for character, role in cells))
    return lines


def width_of(scene: Scene) -> int:
    """Returns the number of columns that `draw_text` takes."""
    longest = max(len(row) for row in scene.rows)
    return 2 * longest - 1 if scene.is_grid else longest


def beside(pictures: Sequence[Sequence[str]], room: int, *, gap: int = 4) -> list[str]:
    """Returns pictures beside each other, or below each other where they are wider than the room.

    **Arguments:**

    - `pictures`: lines of each, whose colours take no columns.
    - `room`: columns.
    - `gap`: columns between two of them.
    """
    sizes = [max(map(_columns, picture)) for picture in pictures]
    if sum(sizes) + gap * (len(sizes) - 1) > room:
        return [line for picture in pictures for line in (*picture, "")][:-1]
    rows = itertools.zip_longest(*pictures, fillvalue="")
    padded = ([line + " " * (size - _columns(line)) for line, size in zip(row, sizes, strict=True)] for row in rows)
    return [(" " * gap).join(row).rstrip() for row in padded]


def _columns(line: str) -> int:
    return len(_COLOURS.sub("", line))


def key_of(scene: Scene, lines: list[str]) -> list[str]:
    """Returns the meaning of every character of the legend that can be seen in `lines`, one text each."""
    present = set("".join(lines))
    return legend_texts([(character, meaning) for character, meaning in scene.legend if character in present])


def legend_texts(legend: Sequence[tuple[str, str]]) -> list[str]:
    """Returns each meaning once, behind all the characters that have it."""
    characters: dict[str, str] = {}
    for character, meaning in legend:
        characters[meaning] = characters.get(meaning, "") + character
    return [f"{found} {meaning}" for meaning, found in characters.items()]


def _role(scene: Scene, character: str) -> Role:
    if scene.is_wall(character):
        return "wall"
    return "floor" if scene.is_floor(character) else "object"


def _marks(scene: Scene, layer: Layer, glyphs: Glyphs) -> dict[Place, tuple[str, Role]]:
    marks: dict[Place, tuple[str, Role]] = {}
    if layer == "policy":
        for arrow in scene.arrows:
            marks[arrow.place] = (glyphs.other if arrow.step is None else glyphs.steps[arrow.step], "policy")
        # What lies in a place matters more than what the agent would do once it is there.
        objects = {place for place in marks if not scene.is_floor(scene.rows[place[0]][place[1]])}
        return {place: mark for place, mark in marks.items() if place not in objects}
    path = scene.agent_path if layer == "agent" else scene.base_path
    for here, there in itertools.pairwise(path):
        step = step_between(here, there)
        if step is not None and step != (0, 0):
            marks.setdefault(here, (_seen(scene, here, glyphs.steps[step]), layer))
    if path:
        marks.setdefault(path[-1], (_seen(scene, path[-1], glyphs.steps[0, 0]), layer))
    for place in scene.agent_goal[:_MOST_GOALS]:
        marks[place] = (glyphs.agent_goal, "agent")
    for place in scene.base_goal[:_MOST_GOALS]:
        marks[place] = (glyphs.base_goal, "base")
    if scene.start is not None:
        marks[scene.start] = (glyphs.start, "start")
    return marks


def _seen(scene: Scene, place: Place, step: str) -> str:
    """Returns what a path shows in a place: what lies there, which it must not hide, or the step that is taken."""
    character = scene.rows[place[0]][place[1]]
    return step if scene.is_floor(character) else character


# A goal that is fulfilled nearly everywhere (survive, stay) would hide the level.
_MOST_GOALS = 12
