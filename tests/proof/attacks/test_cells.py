"""Edits of cells: what may be put where, how many ways there are, and evolution against trying all of them."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.proof.attacks.cells import cell_edits, words_of
from mesascope.proof.attacks.evolution import Evolution
from mesascope.worlds.corner import Corner
from mesascope.worlds.wrapped_world import WrappedWorld

WORLD = Corner(size=5, walls="open")


class Numbers(WrappedWorld):
    """A world that shows plain numbers of a shape."""

    def __init__(self, *shape: int):
        super().__init__(WORLD)
        self.shape, self.channels = shape, tuple(f"feature-{index}" for index in range(shape[-1]))

    @property
    def observation_shape(self):
        return self.shape

    def around(self, world):
        return Numbers(*self.shape)


def seen_in(count: int):
    levels = WORLD.sample(key=root_key(0), distribution="deploy", count=count)
    return observations(WORLD, levels)[np.asarray(levels.reachable)]


def test_contents_are_those_that_occur_and_the_agent_is_let_alone():
    seen = seen_in(8)
    edits = cell_edits(WORLD, seen)
    assert {words_of(WORLD, one) for one in edits.contents[~edits.agent]} == {"nothing", "wall", "cheese"}
    assert edits.whole
    assert edits.count(1) == len(edits.singles) == 25 * 3
    place = int(np.argwhere(seen[0, ..., -1].ravel() > 0)[0, 0])
    for content in edits.contents[~edits.agent]:
        edited = edits.applied(seen[:1], np.array([[place]]), content[None, None])
        np.testing.assert_array_equal(edited, seen[:1])
    other = np.array([[(place + 1) % 25, (place + 2) % 25]])
    edited = edits.applied(seen[:1], other, np.ones((1, 2, 3), np.float32))
    assert (edited != seen[:1]).any(-1).sum() == 2
    # In one state, what is there already and the agent's own cell are no edits: 24 cells with two others each.
    assert len(edits.changing(seen[:1]).singles) == 48


def test_the_ways_are_counted_as_they_are_listed():
    edits = cell_edits(WORLD, seen_in(4)).changing(seen_in(1)[:1])
    for cells in (1, 2, 3):
        assert sum(1 for _ in edits.all(cells)) == edits.count(cells)
    assert edits.count(2) == 24 * 23 // 2 * 4
    assert edits.count(25) == 0


def test_numbers_of_a_vector_are_edited_by_values_of_their_own():
    seen = np.array([[0, 5, 1], [1, 5, 2], [2, 5, 3]], np.float32)
    edits = cell_edits(Numbers(3), seen)
    assert [tuple(one) for one in edits.singles] == [(0, 0), (0, 1), (0, 2), (1, 4), (2, 1), (2, 2), (2, 3)]
    assert edits.changing(seen).count(1) == 6
    assert words_of(Numbers(3), np.array([2.5], np.float32)) == "2.5"


def test_what_has_no_cells_is_refused():
    with pytest.raises(UsageError, match="one-hot vector"):
        cell_edits(Numbers(4), np.eye(4, dtype=np.float32))
    with pytest.raises(UsageError, match="Cells are edited in images"):
        cell_edits(Numbers(3, 3), np.zeros((2, 3, 3), np.float32))


def test_evolution_reaches_what_trying_all_reaches():
    edits = cell_edits(WORLD, seen_in(8))
    random = np.random.default_rng(0)
    reached, by_chance = 0, 0
    for seed in range(10):
        worth = random.normal(size=(25, len(edits.contents)))
        pairs = 0.3 * random.normal(size=(25, 25))

        def score(places, contents, worth=worth, pairs=pairs):
            which = (contents[..., None, :] == edits.contents).all(-1).argmax(-1)
            alone = worth[places, which].sum(-1)
            return alone + (pairs[places[:, 0], places[:, 1]] if places.shape[1] == 2 else 0)

        chosen = edits.singles[np.array(list(edits.all(2)))]
        scores = score(chosen[..., 0], edits.contents[chosen[..., 1]])
        both = np.maximum(scores, score(chosen[:, ::-1, 0], edits.contents[chosen[:, ::-1, 1]]))
        found = Evolution(score, edits, 2, budget=len(scores) // 5, seed=seed)
        assert found.evaluations <= len(scores) // 5
        assert found.value == pytest.approx(float(score(found.best[0][None], found.best[1][None])[0]))
        reached += found.value >= both.max() - 1e-9 or found.value >= np.sort(both)[-3]
        by_chance += random.choice(scores, len(scores) // 5).max() >= scores.max()
    assert reached >= 8 > by_chance


def test_numbers_on_a_scale_are_evolved():
    seen = np.random.default_rng(1).random((40, 6, 6, 2)).astype(np.float32)
    edits = cell_edits(Numbers(6, 6, 2), seen)
    assert not edits.whole

    def score(places, contents):
        away = np.abs(contents - np.array([0.3, 0.8])).sum(-1) + 0.1 * np.abs(places - 20)
        return -away.sum(-1)

    found = Evolution(score, edits, 1, budget=600, seed=0)
    random = np.random.default_rng(2)
    drawn = score(random.integers(0, 36, (600, 1)), random.random((600, 1, 2)))
    assert found.value > drawn.max()
    assert found.value > -0.05
    assert found.best[0].tolist() == [20]


def test_evolution_of_nothing_is_refused():
    edits = cell_edits(WORLD, seen_in(2))
    with pytest.raises(UsageError, match="8 tries or more"):
        Evolution(lambda places, contents: np.zeros(len(places)), edits, 1, budget=3, seed=0)


def test_minigrid_is_read_in_its_own_words():
    pytest.importorskip("minigrid")
    from mesascope.agents.adapters.function import FunctionAgent
    from mesascope.proof.attacks.attack import attack
    from mesascope.worlds.gymnasium.world import GymnasiumWorld

    world = GymnasiumWorld("MiniGrid-Empty-5x5-v0")

    def forward_until_wall(seen):
        # What lies ahead is one cell up in the view: [3, 5] of [column, row].
        chosen = np.zeros((len(seen), len(world.actions)))
        ahead = np.asarray(seen)[:, 3, 5, 0]
        chosen[
            np.arange(len(seen)), np.where(ahead == 2, world.actions.index("right"), world.actions.index("forward"))
        ] = 1
        return chosen

    found = attack(FunctionAgent("walker", forward_until_wall, world.actions), world)
    (edit,) = found.edit
    # The only cell that it looks at: it turns for ever, or walks against the wall for ever.
    assert (edit.row, edit.column) == (5, 3)
    assert {edit.before, edit.after} <= {"empty", "grey wall", "green goal"}
    assert found.seen_after[5][3] == edit.after != edit.before == found.seen_before[5][3]
    assert found.cost > 1
    assert found.edited_return == pytest.approx(0.0)
    assert found.levels == 1
