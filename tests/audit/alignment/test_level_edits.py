from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.audit.alignment.level_edits import (
    Variant,
    carried,
    changed,
    check_variants,
    identity,
    level_builder,
    pieces,
    read_back,
    variants_of,
)
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.worlds.corner import Corner
from mesascope.worlds.grid_world import HIDDEN_CELLS, GridLayout
from mesascope.worlds.level import Level

SPLIT = """
######
#..#.#
#..#.#
#C.#.#
#..#.#
######
"""
WHOLE = SPLIT.replace("#C.#", "#C..")
WALLED = """
######
#....#
##...#
#C#..#
##...#
######
"""


def test_a_world_without_switches_has_one_variant_and_one_with_a_switch_has_two(cued):
    assert [one.world for one in variants_of(Corner())] == [Corner()]
    first, second = variants_of(cued)
    assert (first.world, first.distribution) == (cued, "deploy")
    assert (second.name, second.world) == ("cue on", dataclasses.replace(cued, cue=True))


def test_declared_conditions_are_taken_once_each(cued):
    @dataclasses.dataclass(frozen=True)
    class Condition:
        cue: bool
        summary: str

    class Declaring(type(cued)):
        def conditions(self):
            return {"T1": (Condition(True, "told"), Condition(False, "as it was")), "T2": (Condition(True, "again"),)}

        def under(self, condition):
            return dataclasses.replace(self, cue=condition.cue)

    assert [one.name for one in variants_of(Declaring())] == ["as given", "told"]


def test_of_many_switches_the_smallest_changes_come_first():
    @dataclasses.dataclass(frozen=True)
    class Many(Corner):
        a: bool = True
        b: bool = False
        c: bool = False

        switches = ("a", "b", "c")

    assert [one.name for one in variants_of(Many(), most=5)] == ["as given", "a off", "b on", "c on", "a off, b on"]


def test_one_agent_must_be_able_to_act_in_all_variants(cued):
    with pytest.raises(UsageError, match="one agent cannot act in both"):
        check_variants([Variant("small", cued, "deploy"), Variant("large", Corner(size=9), "deploy")])
    with pytest.raises(UsageError, match="at least one variant"):
        check_variants([])


def built(world, *texts: str) -> Level:
    """The levels of texts, also of those with cells that nobody can get to, which a world does not read."""
    rows = np.array([[list(line) for line in text.split()] for text in texts])
    inside = rows[:, 1:-1, 1:-1].reshape(len(texts), -1)
    objects = np.stack([inside == sign for sign in world.limits()], axis=-1)
    build = level_builder(world)
    assert build is not None
    hidden = jnp.zeros((len(texts), HIDDEN_CELLS), int)
    return jax.device_get(build(GridLayout(jnp.array(rows == "#"), jnp.array(objects), hidden)))


def test_a_level_that_walls_cut_in_two_falls_into_pieces_and_so_does_one_with_something_walled_in(cued):
    assert pieces(cued, built(cued, WHOLE, SPLIT, WALLED)).tolist() == [1, 2, 2]


def test_text_that_a_world_cannot_read_is_no_level(cued):
    assert read_back(cued, SPLIT) is None
    assert cued.format(read_back(cued, WHOLE)) == WHOLE.strip()


def test_edits_are_as_many_as_asked_for_and_the_same_for_the_same_key(cued):
    levels = jax.device_get(cued.sample(key=root_key(0), distribution="deploy", count=16))
    counts = np.arange(16) % 4
    edited, again = (changed(cued, levels, counts, key=root_key(1)) for _ in range(2))
    texts = [[cued.format(batch[row]) for row in range(16)] for batch in (levels, edited, again)]
    assert texts[1] == texts[2]
    assert [one == other for one, other in zip(texts[0], texts[1], strict=True)][::4] == [True] * 4
    # An edit changes one cell, a move two.
    apart = [
        sum(a != b for a, b in zip(one, other, strict=True)) for one, other in zip(texts[0], texts[1], strict=True)
    ]
    assert all(distance <= 2 * count for distance, count in zip(apart, counts.tolist(), strict=True))
    assert max(apart) > 0


def test_a_level_is_carried_to_another_variant_and_is_another_level_there(cued):
    off, on = variants_of(cued)
    levels = jax.device_get(cued.sample(key=root_key(2), distribution="deploy", count=16))
    there, able = carried(levels, off, on)
    assert able.all()
    assert cued.format(there[1]) == cued.format(levels[1])
    assert identity(off, levels[1]) != identity(on, there[1])
    assert identity(off, levels[1]) == identity(off, levels[1])
