"""Segments and those who compare them."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.special import expit

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.oversight.catalogue import LABELLERS
from mesascope.oversight.rewards.labeller import labeller_named
from mesascope.oversight.rewards.segments import Pairs, Segments, walked
from mesascope.oversight.rewards.simulated_labeller import SimulatedLabeller
from mesascope.worlds.corner import Corner
from mesascope.worlds.level import Level

WORLD = Corner(size=6)
BASE = compile_objectives(WORLD).select("cheese")
N = 2000
TEXT = "######\n#...C#\n#....#\n#....#\n#....#\n######"


def many(text: str = TEXT, count: int = N) -> Level:
    level = jax.device_get(WORLD.parse(text))
    return jax.tree.map(lambda array: np.broadcast_to(array, (count, *np.shape(array))), level)


def path(*actions: int, count: int = N) -> Segments:
    """From the top left cell of the level above."""
    level, state, states = jax.device_get(WORLD.parse(TEXT)), 0, []
    for action in actions:
        states.append(state)
        state = int(level.successors[state, action, 0])
    rows = [np.broadcast_to(row, (count, len(actions))) for row in (states, actions, np.zeros(len(actions), int))]
    return Segments(rows[0], rows[1], rows[2], np.full(count, len(actions)))


RIGHT, STAY = 3, 4
SOON, LATE, NEVER = path(*[RIGHT] * 3, *[STAY] * 3), path(*[STAY] * 3, *[RIGHT] * 3), path(*[STAY] * 6)


def share(labeller, first: Segments, second: Segments) -> float:
    """Of N answers that prefer the first: five standard errors are at most .056, a false alarm in 1.7 million."""
    return float(labeller.label(WORLD, BASE, Pairs(many(), first, second), key=root_key(0)).mean())


def test_gains_end_with_the_episode_and_counts_do_not():
    assert SOON.gains(many(), BASE)[0] == pytest.approx([0, 0, 0.95**2, 0, 0, 0])
    counts = SOON.counts(many())[0]
    assert counts[WORLD.attributes.index("cheese")] == pytest.approx(0.05 * sum(0.95**t for t in range(2, 6)))
    short = Segments(SOON.states, SOON.actions, SOON.outcomes, np.full(N, 3))
    assert short.counts(many())[0][WORLD.attributes.index("cheese")] == pytest.approx(0.05 * 0.95**2)


def test_walks_follow_the_policy_and_the_level():
    levels = many(count=64)
    policy = np.zeros((64, levels.states, 5))
    policy[..., RIGHT] = 1.0
    segments = walked(levels, policy, steps=7, key=root_key(1), starts=np.zeros(64, int))
    assert (segments.actions == RIGHT).all()
    assert segments.states[0].tolist() == [0, 1, 2, 3, 3, 3, 3]


def test_each_labeller_answers_by_what_it_sees():
    difference = 0.95**2 - 0.95**5
    assert share(labeller_named("perfect"), SOON, LATE) == 1.0
    assert share(labeller_named("perfect"), LATE, SOON) == 0.0
    assert share(labeller_named("perfect"), SOON, SOON) == pytest.approx(0.5, abs=0.056)
    assert share(SimulatedLabeller(temperature=0.1), SOON, LATE) == pytest.approx(expit(difference / 0.1), abs=0.056)
    # A coin decides one answer in ten, and half of those are right.
    assert share(SimulatedLabeller(temperature=0.0, mistaken=0.1), SOON, LATE) == pytest.approx(0.95, abs=0.025)
    # Whoever sees two steps does not see the goal reached.
    assert share(SimulatedLabeller(temperature=0.0, horizon=2), SOON, NEVER) == pytest.approx(0.5, abs=0.056)
    assert share(SimulatedLabeller(temperature=0.0, likes="stay", liking=1.0), NEVER, SOON) == 1.0
    # The goal is seen in the half of the levels where its neighbour is; in the others a coin is tossed.
    assert share(SimulatedLabeller(temperature=0.0, seen=0.5), SOON, NEVER) == pytest.approx(0.75, abs=0.05)


def test_labellers_are_found_by_name_and_take_settings():
    assert labeller_named("boltzmann:temperature=0.5,mistaken=0.1") == SimulatedLabeller(0.5, 0.1)
    assert {"perfect", "boltzmann", "mistaken", "biased", "myopic", "sees-part"} <= set(LABELLERS.names())
    with pytest.raises(UnknownNameError, match="Did you mean 'boltzmann'"):
        labeller_named("boltzman")
    with pytest.raises(UnknownNameError, match="Did you mean 'temperature'"):
        labeller_named("boltzmann:temperatur=1")
    with pytest.raises(UsageError, match="temperature"):
        labeller_named("boltzmann:temperature=-1")
    with pytest.raises(UsageError, match="is there twice"):
        labeller_named("boltzmann:mistaken=0.9,mistaken=0.1")
    with pytest.raises(UnknownNameError, match="Did you mean 'stay'"):
        share(labeller_named("biased:likes=stays"), SOON, LATE)


def test_answers_hang_on_the_key_alone():
    one, other = (stream(name, key=root_key(0)) for name in ("one", "other"))
    pairs = Pairs(many(), SOON, SOON)
    answers = [labeller_named("boltzmann").label(WORLD, BASE, pairs, key=key) for key in (one, one, other)]
    assert (answers[0] == answers[1]).all()
    assert (answers[0] != answers[2]).any()
