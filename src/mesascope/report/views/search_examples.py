"""Examples of the first question, read from the details of evidence: they may have come from anywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from mesascope.report.views.plain_text import plain, shortened
from mesascope.report.views.scene import Place, Scene, rows_of, step_between, step_of_name

PLANS: str = "candidate-plans"
EDITS: str = "shown-edits"
HORIZON: str = "horizon"
"""The assays whose examples these are."""

MOST_CELLS: int = 900
MOST_SITES: int = 6
MOST_ACTIONS: int = 64
MOST_TEXT: int = 20_000
LARGEST: float = 1e9
SHOWN_LETTERS: int = 40
_TIE: float = 1e-6

Grid = tuple[tuple[float, ...], ...]
"""Values by row and column; NaN where there is none."""


@dataclass(frozen=True)
class Decoded:
    """What sites of an agent hold of one level.

    **Arguments:**

    - `scene`: the level.
    - `place`, `goal`: of the agent and of what it pursues, if they are known.
    - `label`: what the values are.
    - `values`: the true ones.
    - `sites`: name, explained share of variance (NaN if unknown) and values as read off, in the order of firing.
    - `states`, `levels`: how many of each stand behind the shares; `None` if unknown.
    - `where`: which level it is.
    """

    scene: Scene
    place: Place | None
    goal: Place | None
    label: str
    values: Grid
    sites: tuple[tuple[str, float, Grid], ...]
    states: int | None
    levels: int | None
    where: str


@dataclass(frozen=True)
class Choice:
    """What an agent does in one state of a level, and what would be best.

    **Arguments:**

    - `scene`: the level.
    - `chosen`: its likeliest actions (several if they are equally likely), as name and step; `None` for no move.
    - `probability`: of each of them.
    - `optimal`: the best actions, in the same form.
    """

    scene: Scene
    chosen: tuple[tuple[str, Place | None], ...]
    probability: float
    optimal: tuple[tuple[str, Place | None], ...]

    @property
    def sentence(self) -> str:
        """What it does, and whether that is optimal."""
        each = " each" if len(self.chosen) > 1 else ""
        does = f"it chooses {_listed(self.chosen)} ({self.probability:.0%}{each})"
        if {name for name, _ in self.chosen} <= {name for name, _ in self.optimal}:
            return f"{does}, which is optimal" if self.optimal else does
        return f"{does}; optimal is {_listed(self.optimal)}"


@dataclass(frozen=True)
class Edited:
    """One level before and after a visible edit.

    **Arguments:**

    - `before`, `after`: what the agent does there.
    - `edit`: the place of the change.
    - `place`: of the agent, if it is known.
    - `is_board`: whether it can be drawn; else the text is what can be shown.
    - `where`: which level it is.
    """

    before: Choice
    after: Choice
    edit: Place
    place: Place | None
    is_board: bool
    where: str

    @property
    def sentence(self) -> str:
        """What the agent did before, and does now."""
        row, column = self.edit
        at = f"at row {row}, column {column}" if self.is_board else f"in row {row}"
        return f"Before the edit {self.before.sentence}. After the edit {at} {self.after.sentence}."


def decoded_plans(details: Mapping[str, Any]) -> Decoded | None:
    """Returns the example of `details["decoded"]`, or `None` if there is none or it is not well-formed.

    **Arguments:**

    - `details`: of the evidence of assay `candidate-plans`.
    """
    found = details.get("decoded")
    if not isinstance(found, Mapping):
        return None
    scene = _scene(found.get("text"), found.get("legend"))
    if scene is None or not scene.is_grid or len(scene.rows) * len(scene.rows[0]) > MOST_CELLS:
        return None
    values = _grid(found.get("values"), scene)
    sites = []
    for entry in _list(found.get("sites"))[:MOST_SITES]:
        read = _grid(entry.get("values"), scene) if isinstance(entry, Mapping) else None
        if read is not None:
            explained = entry.get("explained")
            share = float(explained) if _is_number(explained) else math.nan
            sites.append((shortened(str(entry.get("site", "")), SHOWN_LETTERS) or "a site", share, read))
    if values is None or not sites:
        return None
    label = shortened(str(found.get("label", "")), 2 * SHOWN_LETTERS) or "value"
    states, levels = (_count(found.get(name)) for name in ("states", "levels"))
    place, goal = (_place(found.get(name), scene) for name in ("place", "goal"))
    return Decoded(scene, place, goal, label, values, tuple(sites), states, levels, _where(found))


def edited_level(details: Mapping[str, Any]) -> Edited | None:
    """Returns the example of `details["example"]`, or `None` if there is none or it is not well-formed.

    **Arguments:**

    - `details`: of the evidence of assay `shown-edits`.
    """
    found = details.get("example")
    if not isinstance(found, Mapping):
        return None
    sides = []
    for name in ("before", "after"):
        side = found.get(name)
        if not isinstance(side, Mapping):
            return None
        scene = _scene(side.get("text"), found.get("legend"))
        if scene is None:
            return None
        choice = _choice(side.get("choices"), scene, _place(found.get("place"), scene))
        if choice is None:
            return None
        sides.append(choice)
    before, after = sides
    edit, place = (_place(found.get(name), after.scene) for name in ("edit", "place"))
    if edit is None:
        return None
    drawable = [one.scene.is_grid and len(one.scene.rows) * len(one.scene.rows[0]) <= MOST_CELLS for one in sides]
    is_board = found.get("board") is True and all(drawable) and place is not None
    return Edited(before, after, edit, place, is_board, _where(found))


def _choice(choices: Any, scene: Scene, place: Place | None) -> Choice | None:
    entries = [
        entry
        for entry in _list(choices)[:MOST_ACTIONS]
        if isinstance(entry, Mapping) and isinstance(entry.get("action"), str) and _is_number(entry.get("probability"))
    ]
    if not entries or not all(0 <= entry["probability"] <= 1 for entry in entries):
        return None
    names = [plain(entry["action"]) for entry in entries]

    def named(entry: Mapping[str, Any]) -> tuple[str, Place | None]:
        target, name = _place(entry.get("to"), scene), plain(entry["action"])
        # A blocked move is still a move of that name: the picture shows what the agent tries.
        moved = target is not None and place is not None and target != place
        step = step_between(place, target) if moved and place is not None else step_of_name(name, names)
        return shortened(name, SHOWN_LETTERS), step

    most = max(entry["probability"] for entry in entries)
    chosen = tuple(named(entry) for entry in entries if entry["probability"] >= most - _TIE)
    optimal = tuple(named(entry) for entry in entries if entry.get("optimal") is True)
    return Choice(scene, chosen, float(most), optimal)


def _listed(choices: tuple[tuple[str, Place | None], ...]) -> str:
    shown = [f"'{name}'" for name, _ in choices[:4]]
    more = [f"{len(choices) - 4} more"] if len(choices) > 4 else []
    return " or ".join(shown + more) or "nothing"


def _scene(text: Any, legend: Any) -> Scene | None:
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_TEXT:
        return None
    pairs = [pair for pair in _list(legend)[:200] if isinstance(pair, list | tuple) and len(pair) == 2]
    return Scene(rows_of(text), tuple((plain(str(one)), shortened(str(two), SHOWN_LETTERS)) for one, two in pairs))


def _grid(values: Any, scene: Scene) -> Grid | None:
    """Returns values by row and column of a scene, or `None` unless there is a list for each row and a number."""
    height, width = len(scene.rows), len(scene.rows[0])
    rows = _list(values)
    if len(rows) != height or not all(isinstance(row, list | tuple) and len(row) <= width for row in rows):
        return None
    grid = tuple(tuple(float(cell) if _is_number(cell) else math.nan for cell in row) for row in rows)
    if all(math.isnan(cell) for row in grid for cell in row):
        return None
    return tuple(row + (math.nan,) * (width - len(row)) for row in grid)


def _place(value: Any, scene: Scene) -> Place | None:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(_is_number(one) for one in value):
        return None
    row, column = int(value[0]), int(value[1])
    return (row, column) if 0 <= row < len(scene.rows) and 0 <= column < len(scene.rows[row]) else None


def _where(found: Mapping[str, Any]) -> str:
    level, distribution = _count(found.get("level")), found.get("distribution")
    if level is None or not isinstance(distribution, str):
        return ""
    return f"level {level} of distribution “{shortened(distribution, SHOWN_LETTERS)}”"


def _count(value: Any) -> int | None:
    return int(value) if _is_number(value) and value >= 0 else None


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
