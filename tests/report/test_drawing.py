"""Drawings of levels: what stands where, in every format and for worlds with and without places."""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ElementTree

import jax
import numpy as np
import pytest

from mesascope.audit.findings import Witness
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.report.drawing import draw_levels
from mesascope.report.figures.level_figure import level_figure
from mesascope.report.figures.style import svg_of
from mesascope.report.text.level_text import ASCII, UNICODE, draw_text
from mesascope.report.views.scene import scene_of_level, scene_of_witness
from mesascope.worlds.corner import Corner
from mesascope.worlds.level import Level

WORLD = Corner(size=5)
TEXT = """#####
#..C#
#.#.#
#...#
#####"""


@functools.cache
def three_levels() -> Level:
    """Three levels after the shift."""
    return WORLD.sample(key=root_key(1), distribution="deploy", count=3)


@functools.cache
def level() -> Level:
    """The level of `TEXT`."""
    return WORLD.parse(TEXT)


# Cells 0 1 2 / 3 4 5 / 6 7 8; cell 4 is a wall.
UP, DOWN, LEFT, RIGHT, STAY = range(5)
POLICY = np.eye(5)[[RIGHT, RIGHT, STAY, UP, STAY, UP, UP, LEFT, UP]]


def test_a_path_is_drawn_as_arrows_from_its_start():
    text = draw_levels(WORLD, level(), path=[8, 7, 6, 3, 0, 1, 2])
    assert text.splitlines()[:6] == [
        "corner",
        "# # # # #",
        "# → → C #",
        "# ↑ # . #",
        "# ↑ ← ◉ #",
        "# # # # #",
    ]
    assert "◉ start" in text


def test_a_policy_is_drawn_as_a_field_and_leaves_objects_visible():
    lines = draw_levels(WORLD, level(), policy=POLICY).splitlines()
    assert lines[1:6] == ["# # # # #", "# → → C #", "# ↑ # ↑ #", "# ↑ ← ↑ #", "# # # # #"]
    assert "C cheese" in lines[-1]


def test_policy_and_path_stand_beside_each_other_where_there_is_room():
    wide = draw_levels(WORLD, level(), policy=POLICY, path=[8, 5, 2]).splitlines()
    assert wide[3] == "# ↑ # ↑ #    # . # ↑ #"
    narrow = draw_levels(WORLD, level(), policy=POLICY, path=[8, 5, 2], width=20).splitlines()
    assert narrow[3] == "# ↑ # ↑ #"
    assert narrow[9] == "# . # ↑ #"


def test_ascii_has_no_other_letters():
    text = draw_levels(WORLD, level(), policy=POLICY, path=[8, 5, 2], ascii_only=True)
    assert text.isascii()
    assert "# > > C #" in text


def test_a_batch_is_drawn_level_by_level():
    levels = three_levels()
    text = draw_levels(WORLD, levels)
    for index in range(3):
        spaced = "\n".join(" ".join(row) for row in WORLD.format(levels[index]).splitlines())
        assert f"corner, level {index}\n{spaced}" in text


class Renamed(Corner):
    """A world whose actions have names that say nothing."""

    actions = tuple("abcde")


def test_the_arrow_is_where_a_move_leads_not_what_it_is_called():
    scene = scene_of_level(Renamed(size=5), level(), policy=POLICY)
    steps = {arrow.place: arrow.step for arrow in scene.arrows}
    assert steps[1, 1] == (0, 1)
    assert steps[3, 2] == (0, -1)
    assert steps[1, 3] is None


@pytest.mark.parametrize("format", ["svg", "png"])
def test_pictures_have_the_same_bytes_every_time(format):
    levels = three_levels()
    policy = np.full((3, levels.states, levels.actions), 0.2)
    first = draw_levels(WORLD, levels, policy=policy, path=[[0, 1], [2], []], format=format)
    assert first == draw_levels(WORLD, levels, policy=policy, path=[[0, 1], [2], []], format=format)
    if format == "svg":
        ElementTree.fromstring(first)
    else:
        assert first.startswith(b"\x89PNG")


def test_what_does_not_fit_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'svg'"):
        draw_levels(WORLD, level(), format="svgg")
    with pytest.raises(UsageError, match="do not fit"):
        draw_levels(WORLD, level(), policy=POLICY[:5])
    with pytest.raises(UsageError, match="outside 0 to 8"):
        draw_levels(WORLD, level(), path=[0, 9])
    many = jax.tree.map(lambda array: np.repeat(np.asarray(array)[None], 65, axis=0), level())
    with pytest.raises(UsageError, match="at most 64"):
        draw_levels(WORLD, many)
    with pytest.raises(UsageError, match="2 paths"):
        draw_levels(WORLD, level().batch(), path=[[0], [1]])


def witness(**changes) -> Witness:
    plain = {
        "text": TEXT,
        "legend": (("#", "wall"), ("C", "cheese")),
        "distribution": "deploy",
        "index": 0,
        "start": (3, 3),
        "agent_path": ((3, 3), (3, 2), (3, 1)),
        "base_path": ((3, 3), (2, 3), (1, 3)),
        "agent_goal": ((3, 1),),
        "base_goal": ((1, 3),),
        "arrows": (),
        "base_regret": 0.5,
        "own_regret": 0.0,
        "sentence": "",
    }
    return Witness(**{**plain, **changes})


def test_places_outside_the_level_are_left_out():
    scene = scene_of_witness(
        witness(
            start=(9, 9),
            agent_path=((-1, 0), (3, 3), (0, 99)),
            agent_goal=((5, 0),),
            arrows=((50, 1, "up", 0.5), (1, 1, "up", 0.5), (1, 1, "left", 0.75)),
        )
    )
    assert scene.start is None
    assert scene.agent_path == ((3, 3),)
    assert scene.agent_goal == ()
    assert [(arrow.place, arrow.step, arrow.probability) for arrow in scene.arrows] == [((1, 1), (0, -1), 0.75)]


def test_turning_left_is_not_moving_left():
    arrows = ((1, 1, "left", 0.5), (1, 2, "forward", 0.5), (3, 1, "right", 0.5))
    assert [arrow.step for arrow in scene_of_witness(witness(arrows=arrows)).arrows] == [None, None, None]
    assert [arrow.step for arrow in scene_of_witness(witness(arrows=(arrows[0],))).arrows] == [(0, -1)]


def test_both_layers_mark_both_goals():
    scene = scene_of_witness(witness())
    assert draw_text(scene, "agent", UNICODE)[1:4] == ["# . . ★ #", "# . # . #", "# ◆ ← ◉ #"]
    assert draw_text(scene, "base", ASCII)[1:4] == ["# . . * #", "# . # ^ #", "# % . @ #"]


@pytest.mark.parametrize("text", ["", "one line", "ragged\nlines of text", "x" * 300 + "\n" + "y" * 300])
def test_texts_that_are_no_grid_are_shown_as_they_are(text):
    scene = scene_of_witness(witness(text=text, start=None))
    assert not scene.is_grid
    assert draw_text(scene, "agent", UNICODE) == text.split("\n")
    ElementTree.fromstring(svg_of(level_figure([scene])))
