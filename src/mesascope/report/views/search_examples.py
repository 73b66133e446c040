"""Examples of the first question, from the details of evidence: texts in them may have come from anywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mesascope.audit.search.candidate_plans import CandidatePlansDetails, DecodedLevel
from mesascope.audit.search.shown_edits import ShownChoice, ShownEditsDetails
from mesascope.report.views.scene import Place, Scene, inside, rows_of, step_between, step_of_name
from mesascope.report.views.words import drawable, plain, shortened

MOST_CELLS: int = 900
MOST_SITES: int = 6
MOST_ACTIONS: int = 64
MOST_TEXT: int = 20_000
SHOWN_LETTERS: int = 40
_TIE: float = 1e-6

Grid = tuple[tuple[float, ...], ...]
"""Values by row and column; NaN where there is none."""


@dataclass(frozen=True)
class Decoded:
    """What sites of an agent hold of one level.

    **Arguments:**

    - `level`: as the evidence has it.
    - `scene`: the level.
    - `place`, `goal`: of the agent and of what it pursues, if they are known.
    - `values`: the true ones.
    - `sites`: name, explained share of variance (NaN if unknown) and values as read off, in the order of firing.
    """

    level: DecodedLevel
    scene: Scene
    place: Place | None
    goal: Place | None
    values: Grid
    sites: tuple[tuple[str, float, Grid], ...]


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


def decoded_plans(details: CandidatePlansDetails) -> Decoded | None:
    """Returns the level that sites hold, or `None` if there is none that can be drawn."""
    found = details.decoded
    scene = None if found is None else _scene(found.text, found.legend)
    if found is None or scene is None or not _is_board(scene):
        return None
    values, sites = _grid(found.values, scene), []
    for site in found.sites[:MOST_SITES]:
        read, share = _grid(site.values, scene), drawable(site.explained)
        if read is not None:
            sites.append((shortened(site.site, SHOWN_LETTERS) or "a site", math.nan if share is None else share, read))
    if values is None or not sites:
        return None
    return Decoded(found, scene, _place(found.place, scene), _place(found.goal, scene), values, tuple(sites))


def edited_level(details: ShownEditsDetails) -> Edited | None:
    """Returns the level before and after an edit, or `None` if there is none that can be shown."""
    found, sides = details.example, []
    for side in (found.before, found.after):
        scene = _scene(side.text, found.legend)
        choice = None if scene is None else _choice(side.choices[:MOST_ACTIONS], scene, _place(found.place, scene))
        if choice is None:
            return None
        sides.append(choice)
    before, after = sides
    edit, place = _place(found.edit, after.scene), _place(found.place, after.scene)
    if edit is None:
        return None
    is_board = found.board and place is not None and all(_is_board(side.scene) for side in sides)
    return Edited(before, after, edit, place, is_board, level_name(found.level, found.distribution))


def level_name(level: int, distribution: str) -> str:
    """Returns which level of which distribution it is, in words."""
    return f"level {level} of distribution “{shortened(distribution, SHOWN_LETTERS)}”"


def _choice(choices: Sequence[ShownChoice], scene: Scene, place: Place | None) -> Choice | None:
    if not choices or not all(0 <= choice.probability <= 1 for choice in choices):
        return None
    names = [plain(choice.action) for choice in choices]

    def named(choice: ShownChoice) -> tuple[str, Place | None]:
        target, name = _place(choice.to, scene), plain(choice.action)
        # A blocked move is still a move of that name: the picture shows what the agent tries.
        moved = target is not None and place is not None and target != place
        step = step_between(place, target) if moved and place is not None else step_of_name(name, names)
        return shortened(name, SHOWN_LETTERS), step

    most = max(choice.probability for choice in choices)
    chosen = tuple(named(choice) for choice in choices if choice.probability >= most - _TIE)
    return Choice(scene, chosen, float(most), tuple(named(choice) for choice in choices if choice.optimal))


def _listed(choices: tuple[tuple[str, Place | None], ...]) -> str:
    shown = [f"'{name}'" for name, _ in choices[:4]]
    more = [f"{len(choices) - 4} more"] if len(choices) > 4 else []
    return " or ".join(shown + more) or "nothing"


def _scene(text: str, legend: Sequence[tuple[str, str]]) -> Scene | None:
    if not text.strip() or len(text) > MOST_TEXT:
        return None
    return Scene(rows_of(text), tuple((plain(one), shortened(two, SHOWN_LETTERS)) for one, two in legend[:200]))


def _is_board(scene: Scene) -> bool:
    return scene.is_grid and len(scene.rows) * len(scene.rows[0]) <= MOST_CELLS


def _grid(values: Sequence[Sequence[float | None]], scene: Scene) -> Grid | None:
    """Returns values by row and column of a scene, or `None` unless there is a list for each row and a number."""
    height, width = len(scene.rows), len(scene.rows[0])
    if len(values) != height or not all(len(row) <= width for row in values):
        return None
    numbers = [[drawable(cell) for cell in row] for row in values]
    if all(cell is None for row in numbers for cell in row):
        return None
    filled = ([math.nan if cell is None else cell for cell in row] for row in numbers)
    return tuple((*row, *(math.nan for _ in range(width - len(row)))) for row in filled)


def _place(place: Place | None, scene: Scene) -> Place | None:
    return place if place is not None and inside(scene.rows, place) else None
