"""Judges who see few facts about two segments, and those who choose which."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.oversight.debate import judge
from mesascope.oversight.debate.judge import facts_of, judge_of, pairs_in
from mesascope.oversight.debate.overseers import PROTOCOLS, Hearing
from mesascope.oversight.rewards.labeller import labeller_named
from mesascope.oversight.rewards.segments import Pairs, Segments
from mesascope.worlds.corner import Corner
from mesascope.worlds.lamp import Lamp

WORLD = Corner(size=6, walls="open")
BASE = WORLD.objectives[0]
OBJECTIVES = compile_objectives(WORLD, (BASE,))


@pytest.fixture(scope="module")
def pairs():
    drawn = pairs_in(WORLD, OBJECTIVES, "deploy", 24, steps=6, key=root_key(5))
    return drawn[drawn.differences(OBJECTIVES) != 0]


@pytest.fixture
def quick(monkeypatch):
    judge_of.cache_clear()
    monkeypatch.setattr(judge, "LEVELS", 64)
    yield
    judge_of.cache_clear()


def test_facts_say_what_lies_in_a_cell_and_where_a_segment_is():
    level = WORLD.parse("######\n#..#.#\n#.C..#\n#....#\n#....#\n######").batch()
    first, second = (
        Segments(*(np.array([part]) for part in (states, [0, 0], [0, 0])), np.array([length]))
        for states, length in (([4, 5], 2), ([9, 8], 1))
    )
    facts = facts_of(WORLD, Pairs(level, first, second))
    kinds = 3
    assert facts.what[0, [0, 2, 5]].tolist() == [0, 1, 2]
    assert facts.where[0, :16].tolist() == list(range(16))
    assert facts.what[0, 16:].tolist() == [kinds, kinds + 1, kinds, kinds + 1]
    assert facts.where[0, 16:].tolist() == [4, 5, 9, 8]
    assert (facts.weights[0] > 0).tolist() == [True] * 19 + [False]
    assert np.bincount(facts.about[0]).tolist() == [16, 2, 2]


def test_segments_of_a_pair_begin_in_the_same_state_and_walk_where_the_level_leads(pairs):
    levels, first, second = pairs.levels, pairs.first, pairs.second
    assert (first.states[:, 0] == second.states[:, 0]).all()
    row = np.arange(levels.count)
    for step in range(5):
        after = levels.successors[row, first.states[:, step], first.actions[:, step], first.outcomes[:, step]]
        assert (after == first.states[:, step + 1]).all()


@pytest.mark.slow
def test_exchanging_the_segments_exchanges_the_verdict(quick):
    one = judge_of(WORLD, BASE, 6, 4, 300, 0)
    level, first, second = jax.random.normal(jax.random.key(0), (3, judge.WIDTH))
    said = [one.margin(jnp.concatenate(parts)) for parts in ((level, first, second), (level, second, first))]
    assert said[0] == -said[1] != 0


@pytest.mark.slow
def test_protocols(quick, pairs):
    truth = pairs.differences(OBJECTIVES) > 0
    right = {}
    for protocol in PROTOCOLS:
        labeller = Hearing(protocol, shown=4, updates=300)
        said = labeller.label(WORLD, OBJECTIVES, pairs, key=root_key(1))
        assert said.shape == truth.shape
        assert set(said.tolist()) <= {0.0, 0.5, 1.0}
        again = labeller.label(WORLD, OBJECTIVES, pairs, key=root_key(1))
        assert (said == again).all()
        right[protocol] = float((said == truth).mean())
    # Whoever chooses all facts has the judge go along: consultancy is a coin. About 70 pairs, 4 standard errors.
    assert right["adviser"] > 0.9
    assert 0.25 < right["consultancy"] < 0.75
    assert right["debate"] > right["consultancy"] - 0.1


@pytest.mark.slow
def test_after_the_shift_debate_is_better_than_consultancy_and_than_the_judge_alone():
    world = Corner(size=9)
    objectives = compile_objectives(world, (world.objectives[0],))
    drawn = pairs_in(world, objectives, "deploy", 400, steps=25, key=root_key(5))
    pairs = drawn[drawn.differences(objectives) != 0]
    truth, right = pairs.differences(objectives) > 0, {}
    for protocol in PROTOCOLS:
        said = Hearing(protocol).label(world, objectives, pairs, key=root_key(1))
        right[protocol] = float(((said > 0.5) == truth).mean())
    assert right["adviser"] > 0.97
    assert right["debate"] > 0.7
    assert max(right["alone"], right["consultancy"]) < 0.6


def test_usage(pairs):
    with pytest.raises(UnknownNameError, match="debate"):
        labeller_named("debate:protocol=debat")
    with pytest.raises(UsageError, match="even number"):
        labeller_named("consultancy:shown=5")
    lamp = Lamp()
    with pytest.raises(UsageError, match="no grid world"):
        Hearing().label(lamp, OBJECTIVES, pairs, key=root_key(0))
