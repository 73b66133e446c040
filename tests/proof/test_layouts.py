from __future__ import annotations

import itertools
import math

import jax
import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.proof.layouts import placements, product, recolourings, shifts, walls_up_to
from mesascope.proof.set_names import set_named
from mesascope.proof.state_set import Distribution, StateSet, distribution
from mesascope.worlds.cleaning import Cleaning
from mesascope.worlds.corner import Corner
from mesascope.worlds.doors import Doors
from mesascope.worlds.two_corners import TwoCorners

WORLD = Corner(size=5)
ROOM = "#####\n#C..#\n#.#.#\n#...#\n#####"


def texts(states: StateSet) -> list[str]:
    """The levels of a set, as its world writes them."""
    found = []
    for number in range(states.parts):
        part = states.part(number)
        assert part.levels is not None
        assert part.world is not None
        found += [part.world.format(part.levels[row]) for row in np.flatnonzero(part.there.any(-1))]
    return found


def room(text: str = ROOM, world=WORLD):
    return jax.device_get(world.parse(text))


def readable(text: str) -> bool:
    try:
        WORLD.parse(text)
    except WorldError:
        return False
    return True


def test_placements_are_every_free_cell_and_each_once():
    states = placements(WORLD, room())
    expected = set()
    for row, column in itertools.product(range(1, 4), repeat=2):
        rows = [list(line) for line in ROOM.replace("C", ".").splitlines()]
        if rows[row][column] == ".":
            rows[row][column] = "C"
            expected.add("\n".join(map("".join, rows)))
    found = texts(states)
    assert (len(found), set(found)) == (8, expected)
    assert (states.size, states.whole) == (8, True)
    assert "cheese in each of 8 cells" in states.words


def test_levels_are_those_that_their_texts_are_read_as():
    part = placements(WORLD, room()).part(0)
    assert part.levels is not None
    for row in range(part.levels.count):
        read = WORLD.parse(WORLD.format(part.levels[row]))
        for name in ("successors", "attributes", "initial", "reachable"):
            np.testing.assert_array_equal(getattr(read, name), getattr(part.levels[row], name))
        np.testing.assert_array_equal(part.seen[row], WORLD.observe_states(read))


def test_a_region_and_a_kind_are_placed_by_themselves():
    region = np.zeros((5, 5), bool)
    region[1] = True
    assert len(texts(placements(WORLD, room(), "C", region))) == 3
    with pytest.raises(UnknownNameError, match="kind of object in this level named 'D'"):
        placements(WORLD, room(), "D")


def test_equal_objects_are_placed_once_whichever_lies_where():
    world = Doors(size=6, doors=2, signs=0)
    level = room("######\n#DD.##\n#...##\n#...##\n######\n######", world)
    found = texts(placements(world, level))
    assert len(found) == len(set(found)) == math.comb(9, 2)


def test_walls_are_those_that_the_world_reads():
    found = texts(walls_up_to(WORLD, room(), 2))
    expected = set()
    cells = list(itertools.product(range(1, 4), repeat=2))
    for count in range(3):
        for some in itertools.combinations(cells, count):
            rows = [list(line) for line in ROOM.splitlines()]
            for row, column in some:
                # A wall on the cheese is no level: there is none then.
                rows[row][column] = {"#": ".", ".": "#", "C": "#"}[rows[row][column]]
            text = "\n".join(map("".join, rows))
            expected |= {text} if readable(text) else set()
    assert (len(found), set(found)) == (len(expected), expected)


def test_shifts_move_walls_and_objects_together_and_lose_nothing():
    found = texts(shifts(WORLD, room("#####\n#...#\n#.C.#\n#..##\n#####"), 1))
    # The wall is in the last row and column: up and left only.
    assert set(found) == {
        "#####\n#...#\n#.C.#\n#..##\n#####",
        "#####\n#.C.#\n#..##\n#...#\n#####",
        "#####\n#...#\n#C..#\n#.#.#\n#####",
        "#####\n#C..#\n#.#.#\n#...#\n#####",
    }


def test_recolourings_exchange_kinds():
    world = Doors(size=6, doors=1, signs=1)
    found = texts(recolourings(world, room("######\n#D.s##\n#...##\n#...##\n######\n######", world)))
    assert len(found) == len(set(found)) == 12
    assert "######\n#s.D##\n#...##\n#...##\n######\n######" in found


def test_a_product_is_every_combination():
    level = room(ROOM.replace("#.#.#", "#...#"))
    both = product(placements(WORLD, level), walls_up_to(WORLD, level, 1))
    found = texts(both)
    # 9 places for the cheese; no wall or one of 8 others, of which none cuts a room of 3x3.
    assert both.size == 9 * 10
    assert len(found) == len(set(found)) == 9 * 9


def test_sets_by_name():
    assert isinstance(set_named("deploy", WORLD), Distribution)
    assert set_named("placements+walls:1", WORLD).size == 9 * 10
    assert set_named("placements", WORLD, start="first").start == "first"
    for text, error in (("placement", UnknownNameError), ("walls", UsageError), ("placements:2", UsageError)):
        with pytest.raises(error):
            set_named(text, WORLD)
    with pytest.raises(UsageError, match="no layouts of a grid"):
        set_named("placements", Cleaning())


def test_a_set_beyond_counting_is_announced_and_sampled():
    states = set_named("placements+walls:8", Corner())
    assert states.size is not None
    assert states.size > 2e10
    few = states.sampled(40, 0)
    assert few.words.startswith("sampled 40 of 10^10.4 layouts (")
    assert not few.whole
    assert set(texts(few)) == set(texts(states.sampled(40, 0))) != set(texts(states.sampled(40, 1)))
    wide = Corner(size=64, walls="open")
    with pytest.raises(UsageError, match="Ask for 1 to"):
        set_named("walls:9", wide)


def test_a_distribution_with_few_levels_is_whole_and_others_are_samples():
    few = distribution(TwoCorners(), "train")
    assert (few.whole, few.size, few.words) == (True, 1, "all levels of 'train': 1")
    many = distribution(Cleaning(), "train", drawn=20)
    assert (many.whole, many.size) == (False, None)
    assert many.words == "sampled 20 of infinitely many levels of 'train'"
    assert sum(int(many.part(number).there.any(-1).sum()) for number in range(many.parts)) == 20


def test_images_of_one_observation_by_name():
    states = set_named("image-shifts:1", WORLD)
    # A room of 5x5 and its agent, shifted by a row, a column or both, and as it is.
    assert (states.size, states.world) == (9, WORLD)
    assert states.words == "shifted by up to 1 rows and 1 columns: 9 images"
    assert set_named("brightness:0.4", WORLD).size == 1
    for text in ("brightness", "contrast:0.5", "brightness:-1"):
        with pytest.raises(UsageError):
            set_named(text, WORLD)
