"""Networks of maps: searches look as far as they have layers, and the others compute nothing of what lies between."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.network_agent import NetworkAgent
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.organisms.bank.decoys import DecoyAgent
from mesascope.organisms.bank.generalisers import (
    GeneraliserSpec,
    Successor,
    View,
    direction,
    fitted,
    lessons,
    successor,
    windows,
)
from mesascope.organisms.bank.map_networks import MECHANISMS, MapSpec
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.maze import Maze

WORLD = Maze(size=7, walls="loops")
SHAPE = WORLD.observation_shape
DEPTH = 4


@functools.cache
def levels() -> LevelSet:
    objectives = compile_objectives(WORLD).select("goal")
    return sample_level_set("train", WORLD, "train", objectives, "goal", count=16, key=root_key(3))


@functools.cache
def cases() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is seen in every state in which something is to be chosen, what is best there, and how far the goal is."""
    level_set = levels()
    counted = level_set.active & ~level_set.fulfilled[0]
    value = level_set.optimal_action_values[0][counted]
    steps = np.rint(1 + np.log(value.max(-1)) / np.log(0.95))
    return observations(WORLD, level_set.levels)[counted], optimal_actions(value), steps


def made(mechanism: str, depth: int = DEPTH, *, remembers: bool = False) -> NetworkAgent:
    spec = MapSpec(mechanism, depth, remembers)
    return DecoyAgent(mechanism, spec.build(SHAPE, 5, key=root_key(1)), spec, SHAPE, 5)


@pytest.mark.parametrize("mechanism", ["sweeps", "discounted", "pointers"])
def test_a_search_is_right_as_far_as_it_has_layers_and_knows_nothing_beyond(mechanism):
    seen, best, steps = cases()
    chosen, _ = made(mechanism).act(seen, None)
    # Pointers arrive where the agent stands as worth arrives beside it.
    reach = DEPTH
    right = (chosen * best).sum(-1)
    np.testing.assert_allclose(right[steps <= reach], 1.0, atol=1e-3)
    np.testing.assert_allclose(chosen[steps > reach + 1], 0.2, atol=1e-3)
    assert {*steps} >= {1.0, float(reach), float(reach + 2)}


def test_a_wave_on_open_ways_finds_the_way_and_a_scent_through_walls_does_not():
    seen, best, steps = cases()
    right = {
        name: (made(name, 12).act(seen, None)[0] * best).sum(-1)[steps >= 3].mean() for name in ("diffusion", "scent")
    }
    assert right["diffusion"] > 0.95
    assert right["scent"] < 0.9


def test_what_is_remembered_looks_farther_from_step_to_step():
    seen, best, steps = cases()
    agent = made("sweeps", 2, remembers=True)
    far, state, right = steps >= 5, agent.initial_state(len(seen)), []
    for _ in range(8):
        chosen, state = agent.act(seen, state)
        right.append((chosen * best).sum(-1)[far].mean())
    assert right[-1] > 0.95 > 0.5 > right[0]


def test_channels_are_turned():
    seen = cases()[0][:8]
    agent = made("sweeps")
    turned = agent.step(seen, None, {}).activations["layer-2"].reshape(-1, 12)
    assert np.linalg.matrix_rank(turned, tol=1e-3) == MECHANISMS["sweeps"].parts
    assert (np.abs(turned).max(0) > 1e-3).all()


def test_a_view_sees_its_window_and_a_direction_and_nothing_else():
    walls = jnp.zeros((7, 7)).at[3, 6].set(1.0).at[3, 4].set(1.0)
    seen = windows(walls, 3)[3, 3]
    assert seen.tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    goal = jnp.zeros((7, 7)).at[1, 5].set(1.0)
    found = direction(goal)[3, 3]
    assert found[:9].argmax() == 2
    np.testing.assert_allclose(found[9:], [-2 / 7, 2 / 7], atol=1e-6)


def test_a_view_learns_to_choose_without_passing_anything_on():
    planes, wanted = lessons(levels())
    agreed = []
    for network in (fresh := View(5, key=root_key(0)), fitted(fresh, planes, wanted, updates=150, key=root_key(1))):
        chosen = np.asarray(jax.nn.softmax(jax.vmap(network.logits)(jnp.asarray(planes))))
        agreed.append(((chosen * (wanted > 0)).sum(-1))[wanted.any(-1)].mean())
    assert agreed[0] < 0.6 < 0.75 < agreed[1]
    agent = DecoyAgent("view", fitted(fresh, planes, wanted, updates=1, key=root_key(1)), GeneraliserSpec(), SHAPE, 5)
    seen = cases()[0][:1]
    here = agent.step(seen, None, {})
    moved = here.activations["view"].copy()
    place = np.unravel_index(seen[0, ..., -1].argmax(), SHAPE[:2])
    moved[0, (place[0] + 1) % 7] += 9.0
    np.testing.assert_array_equal(agent.step(seen, None, {"view": moved}).probabilities, here.probabilities)


def test_successor_features_are_those_of_training_levels():
    found = successor(levels())
    assert isinstance(found, Successor)
    visits = np.asarray(found.visits)
    # A square is visited from itself most, and border walls never.
    assert (visits.argmax(0) == np.arange(49))[visits.any(0)].all()
    assert not visits.reshape(7, 7, 49)[0].any()


def test_networks_of_maps_read_grids_only():
    with pytest.raises(UsageError, match="read grids"):
        MapSpec().build((5,), 5, key=root_key(0))
