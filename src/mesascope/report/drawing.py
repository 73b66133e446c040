"""Drawings of levels for `mesascope show`: text, SVG or PNG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.report.text.level_text import ASCII, UNICODE, beside, draw_text, key_of
from mesascope.report.views.scene import Scene, scene_of_level
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

FORMATS = ("text", "svg", "png")
MOST_LEVELS = 64
"""More levels in one drawing could not be read."""


def draw_levels(
    world: World,
    levels: Level,
    *,
    policy: Float[np.ndarray, "*batch S A"] | None = None,
    path: Sequence[int] | Sequence[Sequence[int]] | None = None,
    format: str = "text",
    width: int = 100,
    ascii_only: bool = False,
) -> str | bytes:
    """Draws levels of any world, with a policy as a vector field and the way an agent takes.

    **Arguments:**

    - `world`: that the levels belong to.
    - `levels`: one level or a batch of at most 64.
    - `policy`: action probabilities in every state of every level, `[S, A]` or `[N, S, A]`.
    - `path`: states visited, in order; for a batch, one sequence a level.
    - `format`: `"text"`, `"svg"` or `"png"`.
    - `width`: columns that text may take.
    - `ascii_only`: draw text in ASCII.

    **Returns:** text for `"text"` and `"svg"`, bytes for `"png"`; the same for the same arguments.

    **Raises:** `UnknownNameError` for another format; `UsageError` if there are too many levels, or policies and paths
    do not fit the levels.
    """
    if format not in FORMATS:
        raise UnknownNameError("drawing format", format, FORMATS)
    if levels.count > MOST_LEVELS:
        raise UsageError(f"{levels.count} levels are too many for one drawing; ask for at most {MOST_LEVELS}.")
    scenes = _scenes(world, levels, policy, path)
    names = [world.name] if not levels.batched else [f"{world.name}, level {index}" for index in range(len(scenes))]
    if format == "text":
        return _text(scenes, names, width, ascii_only)
    from mesascope.report.figures.level_figure import level_figure
    from mesascope.report.figures.style import png_of, svg_of

    with_key = policy is not None or path is not None
    figure = level_figure(scenes, names, with_key=with_key)
    return svg_of(figure) if format == "svg" else png_of(figure)


def _scenes(world: World, levels: Level, policy, path) -> list[Scene]:
    singles = [levels[index] for index in range(levels.count)] if levels.batched else [levels]
    shape = (levels.count, levels.states, levels.actions)
    policies: Sequence = [None] * len(singles)
    paths: Sequence = [None] * len(singles)
    if policy is not None:
        table = np.asarray(policy)
        table = table if table.ndim == 3 else table[None]
        if table.shape != shape:
            raise UsageError(f"Policies of shape {list(table.shape)} do not fit levels of shape {list(shape)}.")
        policies = list(table)
    if path is not None:
        paths = path if levels.batched else [path]
        if len(paths) != len(singles):
            raise UsageError(f"{len(paths)} paths do not fit {len(singles)} levels.")
        if any(not 0 <= state < levels.states for states in paths for state in states):
            raise UsageError(f"A path holds a state outside 0 to {levels.states - 1}.")
    return [
        scene_of_level(world, level, policy=rows, path=states)
        for level, rows, states in zip(singles, policies, paths, strict=True)
    ]


def _text(scenes: list[Scene], names: list[str], width: int, ascii_only: bool) -> str:
    glyphs = ASCII if ascii_only else UNICODE
    blocks: list[str] = []
    key: dict[str, None] = {}
    for scene, name in zip(scenes, names, strict=True):
        pictures = []
        if scene.arrows or not scene.agent_path:
            pictures.append(draw_text(scene, "policy", glyphs))
        if scene.agent_path:
            pictures.append(draw_text(scene, "agent", glyphs))
        lines = beside(pictures, width)
        blocks.append("\n".join([name, *lines]))
        key |= dict.fromkeys(key_of(scene, lines))
    if any(scene.start is not None for scene in scenes):
        key[f"{glyphs.start} start"] = None
    return "\n\n".join(blocks) + "\n\n" + glyphs.separator.join(key) + "\n"
