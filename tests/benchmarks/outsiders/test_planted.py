"""Demonstrators: unique, accepted as demonstrations, and choosing in the way that is said."""

from __future__ import annotations

from collections import Counter

import jax
import numpy as np
import pytest
from outsiders.demonstrator import Demonstrator, plan, reward_of
from outsiders.planted import DEMONSTRATORS

import mesascope
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.soft_value_iteration import soft_action_values
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.world import ObjectiveSpec

EVERYONE = list(DEMONSTRATORS)
NAMED = ("lake/goal-not-hole/soft-0.5/50", "lake/nothing/random-0/15", "corner/both/noisy-0.8/15")


def test_there_are_many_and_names_are_unique():
    assert len({one.name for one in EVERYONE}) == len(EVERYONE) >= 300
    ways = Counter(one.way for one in EVERYONE)
    assert min(ways.values()) >= 20
    assert len({one.world for one in EVERYONE}) == 4
    for one in EVERYONE:
        assert one.pursues == bool(one.weights), one.name


@pytest.mark.parametrize(
    "name", ["lake/goal-not-hole/soft-0.5/50", "corner/both/noisy-0.8/15", "lake/nothing/random-0/15"]
)
def test_what_they_show_is_read(name):
    one = next(one for one in EVERYONE if one.name == name)
    found, again = one.build(), one.build()
    assert found.episodes[0]["actions"] == again.episodes[0]["actions"]
    world = mesascope.resolve_world(one.world, dict(one.world_options))
    shown = mesascope.demonstrations(found.episodes, world, levels=found.levels, stops=one.stops)
    assert np.sum(shown.counts()) == sum(len(episode["actions"]) for episode in found.episodes)


@pytest.mark.parametrize("way", ["soft", "noisy", "greedy"])
def test_they_choose_in_the_way_that_is_said(way):
    weights, stops = {"cheese": 6.0, "centre": 0.5, "move": -0.1}, ("cheese",)
    world = mesascope.resolve_world("corner", {"size": "7"})
    levels = jax.device_get(world.sample(key=root_key(3), distribution="train", count=1))
    one = Demonstrator("planted", "corner", weights, stops, way, 1, 1, 0, temperature=0.5)
    policy = one.policy(world.attributes, levels[0])
    objective = compile_objectives(world, [ObjectiveSpec("planted", weights, stops)])
    if way == "soft":
        exact = soft_action_values(levels, objective, temperature=0.5)[0, 0]
    else:
        exact = optimal_action_values(levels, objective)[0, 0]
    going = np.asarray(levels.reachable[0])
    own = plan(levels[0], *reward_of(levels[0], world.attributes, weights, stops), 0.5 if way == "soft" else 0.0)
    assert np.abs(own - exact)[going].max() < 1e-6
    if way == "greedy":
        expected = exact >= exact.max(-1, keepdims=True) - 1e-6
    else:
        expected = np.exp((exact - exact.max(-1, keepdims=True)) / 0.5)
    assert np.abs(policy - expected / expected.sum(-1, keepdims=True))[going].max() < 1e-5
