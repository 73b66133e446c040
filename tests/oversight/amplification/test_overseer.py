"""The amplified overseer knows after k rounds what is k steps away."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.oversight.amplification.overseer import AmplifiedOverseer, foreseen
from mesascope.oversight.rewards.labeller import labeller_named
from mesascope.oversight.rewards.segments import Pairs, Segments
from mesascope.planning.evaluation import without_layout
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.corner import Corner

WORLD = Corner(size=6, walls="open")
OBJECTIVES = compile_objectives(WORLD, (WORLD.objectives[0],))
CHEESE_LEFT = WORLD.parse("######\n#C...#\n#....#\n#....#\n#....#\n######").batch()


def segment(*states, action):
    return Segments(
        *(np.array([part]) for part in (states, [action] * len(states), [0] * len(states))), np.array([len(states)])
    )


def test_values_are_right_within_as_many_steps_as_there_were_rounds_and_nothing_beyond():
    levels = WORLD.sample(key=root_key(0), distribution="deploy", count=8)
    best = optimal_action_values(levels, OBJECTIVES)[0].max(-1)
    reachable = np.asarray(levels.reachable)
    for rounds in (0, 1, 3, 40):
        found = foreseen(without_layout(levels), OBJECTIVES, jnp.int32(rounds), jnp.float32(0), key=root_key(1))
        near = best >= 0.95 ** (rounds - 1) - 1e-6
        assert np.allclose(np.asarray(found)[reachable], np.where(near, best, 0)[reachable], atol=1e-5)


@pytest.mark.parametrize(("rounds", "answer"), [(0, 0.5), (1, 0.5), (2, 1.0), (9, 1.0)])
def test_of_two_unfinished_segments_the_nearer_one_is_preferred_once_it_is_seen(rounds, answer):
    # Both walk one step down, in cells counted row by row: to two steps from the cheese, and to four.
    nearer, farther = segment(1 + 0, action=1), segment(3 + 0, action=1)
    for first, second, expected in ((nearer, farther, answer), (farther, nearer, 1 - answer)):
        said = AmplifiedOverseer(rounds).label(WORLD, OBJECTIVES, Pairs(CHEESE_LEFT, first, second), key=root_key(0))
        assert said == expected


def test_what_was_gained_counts_and_what_follows_the_end_of_an_episode_does_not():
    reached = segment(1, 0, action=2)  # Into the cheese, and against the wall beside it.
    soon = segment(2, 1, action=2)
    said = AmplifiedOverseer(20).label(WORLD, OBJECTIVES, Pairs(CHEESE_LEFT, reached, soon), key=root_key(0))
    assert said == 1


def test_noise_makes_it_wrong_at_times_and_without_it_the_key_means_nothing():
    levels = without_layout(WORLD.sample(key=root_key(0), distribution="deploy", count=8))
    exact, again, noisy = (
        np.asarray(foreseen(levels, OBJECTIVES, jnp.int32(9), jnp.float32(noise), key=jax.random.key(key)))
        for noise, key in ((0, 0), (0, 1), (0.2, 0))
    )
    assert (exact == again).all()
    assert 0.05 < (noisy != exact).mean() < 0.9


def test_it_is_a_labeller_with_settings():
    assert labeller_named("amplified:rounds=3") == AmplifiedOverseer(3)
    with pytest.raises(UsageError, match="0 times or more"):
        labeller_named("amplified:noise=2")
