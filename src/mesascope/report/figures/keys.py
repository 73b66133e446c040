"""Keys below a figure: what its marks, lines and letters mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mesascope.report.views.scene import Scene
from mesascope.report.views.words import shortened


def mark(marker: str, label: str, size: float, **look: Any) -> Line2D:
    """Returns an entry of a key: a mark of so many points, looking as matplotlib's properties say."""
    return Line2D([], [], linestyle="none", marker=marker, label=label, markersize=size, **look)


def hollow(marker: str, label: str, size: float, colour: str) -> Line2D:
    """Returns an entry of a key: the outline of a mark."""
    return mark(marker, label, size, markerfacecolor="none", markeredgecolor=colour, markeredgewidth=2)


def letters(scene: Scene, seen: Sequence[Scene], *, most: int, without: str = "") -> list[Line2D]:
    """Returns an entry for each letter that is to be seen, as the legend of a scene has it.

    **Arguments:**

    - `scene`: whose legend it is.
    - `seen`: scenes that are drawn.
    - `most`: entries.
    - `without`: letters that are drawn as something else.
    """
    present = {character for one in seen if one.is_grid for _, character in one.cells} - set(without)
    entries = [
        f"{character}  {shortened(meaning, 24)}"
        for character, meaning in scene.legend
        if character in present and not scene.is_floor(character) and not scene.is_wall(character)
    ]
    return [Line2D([], [], linestyle="none", label=entry) for entry in entries[:most]]


def set_key(figure: Figure, handles: Sequence[Line2D], *, columns: int, size: float = 9.5, length: float = 1.6) -> None:
    """Draws a key below a figure.

    **Arguments:**

    - `figure`: which has a layout that makes room.
    - `handles`: its entries; without any there is no key.
    - `columns`: of the key.
    - `size`: of its letters in points.
    - `length`: of its lines, in letters.
    """
    if handles:
        figure.legend(
            handles=list(handles),
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=size,
            handlelength=length,
            columnspacing=1.5,
            borderaxespad=0.1,
        )
