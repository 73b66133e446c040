"""Sets of others' worlds: what nobody can trace is drawn, and what is made of layouts is checked."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.proof.layouts import placements
from mesascope.proof.state_set import distribution
from mesascope.worlds.corner import Corner
from mesascope.worlds.level import Level


class Untraced(Corner):
    """Somebody's corner, whose levels are drawn by numpy, so that nobody can trace it."""

    name = "untraced"

    def sample(self, *, key, distribution: str, count: int) -> Level:
        int(jax.random.key_data(key)[0])
        return super().sample(key=key, distribution=distribution, count=count)


class Leaking(Corner):
    """Somebody's corner, one of whose transitions leads out of the level."""

    name = "leaking"

    def level(self, layout) -> Level:
        made = super().level(layout)
        return replace(made, successors=jnp.where(layout.objects[:1, :1, None], 99, made.successors))


def test_levels_that_cannot_be_traced_are_drawn():
    states = distribution(Untraced(size=5), "deploy", drawn=30)
    assert states.words == "sampled 30 of up to 19,683 levels of 'deploy'"
    assert sum(int(states.part(number).there.any(-1).sum()) for number in range(states.parts)) == 30


def test_layouts_of_others_are_checked():
    world = Leaking(size=5)
    level = Corner(size=5).parse("#####\n#..C#\n#...#\n#...#\n#####")
    with pytest.raises(WorldError, match="breaks the contract"):
        placements(world, level).part(0)


def test_parts_have_one_shape_and_hold_each_level_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mesascope.proof.layouts.STATES_AT_ONCE", 4 * 9)
    world = Corner(size=5)
    states = placements(world, world.parse("#####\n#..C#\n#.#.#\n#...#\n#####"))
    parts = [states.part(number) for number in range(states.parts)]
    assert [int(part.there.any(-1).sum()) for part in parts] == [4, 4]
    assert {part.seen.shape for part in parts} == {(4, 9, 5, 5, 3)}
    cheese = np.concatenate([part.seen[part.there.any(-1)][:, 4, :, :, 1] for part in parts])
    assert len(np.unique(cheese.reshape(8, -1), axis=0)) == 8
