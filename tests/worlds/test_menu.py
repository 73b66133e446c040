"""Menus that an agent can see: every item is a level that holds what its name says."""

from __future__ import annotations

from mesascope.core.random import root_key
from mesascope.worlds.corner import Corner
from mesascope.worlds.menu import visible_menu


def test_visible_menus_of_a_grid_world():
    world = Corner(size=7)
    menu = visible_menu(world, distributions=("train", "deploy"), count=12, key=root_key(0))
    assert len(menu) == 12
    assert {item.kind for item in menu} == {"fresh", "move", "wall"}
    assert all(item.visible for item in menu)
    fresh = next(item for item in menu if item.kind == "fresh" and "train" in item.name)
    assert world.format(fresh.level).splitlines()[1][1] == "C"
    moved = next(item for item in menu if item.kind == "move")
    assert world.format(moved.level).count("C") == 1
    # What was moved lies where the name says.
    row, column = (int(word.strip(",")) for word in moved.name.split() if word.strip(",").isdigit())
    assert world.format(moved.level).splitlines()[row][column] == "C"
