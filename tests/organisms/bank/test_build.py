"""What agents of the bank are by construction shows in what they do."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.planner import Planner, PlannerSpec
from mesascope.audit.evaluation import evaluate_agent
from mesascope.audit.level_set import sample_level_set
from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.organisms.bank.build import bank_agent, build_agent, neighbourhood
from mesascope.organisms.bank.catalogue import MAP_SEARCHES, bank
from mesascope.organisms.bank.decoys import (
    Compass,
    DecoyAgent,
    DecoySpec,
    DisconnectedPrediction,
    IgnoredRecurrence,
    Overridden,
    Pacing,
)
from mesascope.organisms.bank.level_sets import bank_world
from mesascope.worlds.maze import Maze

WORLD = Maze(size=5, walls="loops")
SHAPE, ACTIONS = WORLD.observation_shape, len(WORLD.actions)


@functools.cache
def reflex():
    return MLPSpec(widths=(16,)).build(SHAPE, ACTIONS, key=root_key(1))


@functools.cache
def predictor():
    return ConvNetSpec(channels=4, layers=1, hidden=8).build(SHAPE, SHAPE[0] * SHAPE[1], key=root_key(2))


@functools.cache
def planner() -> Planner:
    return PlannerSpec("sweeps", 6).build(SHAPE, ACTIONS, key=root_key(0))


@functools.cache
def observed() -> np.ndarray:
    levels = jax.jit(lambda key: WORLD.sample(key=key, distribution="train", count=24))(root_key(3))
    return observations(WORLD, levels)[np.asarray(levels.reachable & ~levels.terminal)][:64]


def agent(name: str, network) -> DecoyAgent:
    return DecoyAgent(name, network, DecoySpec(name), SHAPE, ACTIONS)


@pytest.mark.parametrize(
    ("name", "network", "inside"),
    [
        pytest.param("overridden", lambda: Overridden(planner(), reflex()), "planned", marks=pytest.mark.slow),
        ("disconnected-prediction", lambda: DisconnectedPrediction(predictor(), reflex()), "prediction"),
        ("ignored-recurrence", lambda: IgnoredRecurrence(planner(), reflex(), SHAPE[0] * SHAPE[1]), "memory"),
    ],
)
def test_what_a_decoy_holds_moves_nothing(name, network, inside):
    decoy, seen = agent(name, network()), observed()
    state = decoy.initial_state(len(seen))
    alone = reflex_choices()
    found = decoy.step(seen, state)
    np.testing.assert_allclose(found.probabilities, alone, atol=1e-6)
    assert inside in decoy.sites()
    # It varies with what is seen, so that it can be read, and whatever stands there in its place is not acted on.
    activation = found.activations[inside]
    moved = decoy.step(seen, state, {inside: activation + 100})
    np.testing.assert_allclose(moved.probabilities, alone, atol=1e-6)
    if name == "overridden":
        assert np.ptp(activation, axis=0).max() > 0.1


@functools.cache
def reflex_choices() -> np.ndarray:
    return NetworkAgent("reflex", reflex(), MLPSpec(widths=(16,)), SHAPE, ACTIONS).act(observed(), None)[0]


def test_ignored_recurrence_sweeps_values_from_step_to_step():
    decoy, seen = agent("ignored-recurrence", IgnoredRecurrence(planner(), reflex(), SHAPE[0] * SHAPE[1])), observed()
    state = decoy.initial_state(len(seen))
    held = []
    for _ in range(4):
        _, state = decoy.act(seen, state)
        held.append((state > 0).sum(-1).mean())
    assert held == sorted(held)
    assert held[-1] > held[0]


def test_pacing_goes_back_and_forth_and_then_does_as_the_reflex():
    decoy, seen = agent("pacing", Pacing(reflex())), observed()
    state = decoy.initial_state(len(seen))
    first, state = decoy.act(seen, state)
    second, state = decoy.act(seen, state)
    assert (first.argmax(-1) == 0).all()
    assert (second.argmax(-1) == 1).all()
    third, _ = decoy.act(seen, state)
    np.testing.assert_allclose(third, reflex_choices(), atol=1e-6)


def test_a_compass_sees_the_direction_of_the_goal_and_nothing_else():
    logits = np.random.default_rng(0).normal(size=(3, 3, ACTIONS))
    compass, seen = agent("direction", Compass(jnp.asarray(logits, jnp.float32))), observed()
    without_walls = seen.copy()
    without_walls[..., 0] = 0
    np.testing.assert_array_equal(compass.act(seen, None)[0], compass.act(without_walls, None)[0])
    place = [np.unravel_index(row[..., plane].argmax(), row.shape[:2]) for row in seen[:1] for plane in (1, -1)]
    down, right = np.sign(np.subtract(*place)) + 1
    expected = np.exp(logits[down, right]) / np.exp(logits[down, right]).sum()
    np.testing.assert_allclose(compass.act(seen[:1], None)[0][0], expected, atol=1e-6)


def test_a_neighbourhood_is_the_walls_around_and_the_way_to_the_goal():
    seen = observed()[:1]
    found = neighbourhood(seen)[0]
    goal, here = (np.unravel_index(seen[0, ..., plane].argmax(), SHAPE[:2]) for plane in (1, -1))
    assert found[4] == 0
    np.testing.assert_array_equal(found[-2:], np.subtract(goal, here))


def test_a_decoy_is_not_built_from_nothing():
    with pytest.raises(UsageError, match="put together"):
        DecoySpec("pacing").build(SHAPE, ACTIONS, key=root_key(0))


@pytest.mark.parametrize(
    "name", [entry.name for entry in bank() if entry.kind == "planner" and entry.architecture not in MAP_SEARCHES]
)
def test_planners_are_written_down_and_choose(name, tmp_path):
    entry = bank_agent(name)
    world = bank_world(entry.world)
    made = build_agent(entry, tmp_path)
    assert made.name == name
    assert made.spec == PlannerSpec(
        entry.architecture,
        entry.depth or 64,
        max(entry.simulations, 1),
        "graph" if entry.world == "graph" else "grid",
    )
    assert made.observation_shape == world.observation_shape
    assert not list(tmp_path.iterdir())


def test_the_funnel_carries_whoever_moves(tmp_path):
    # The bottle cap of RFLO §1: it brings much about and does nothing for it.
    world = bank_world("funnel")
    objectives = compile_objectives(world)
    level_set = sample_level_set("train", world, "train", objectives, "goal", count=64, key=root_key(0))
    for entry in [one for one in bank() if one.world == "funnel"]:
        evaluation = evaluate_agent(build_agent(entry, tmp_path), level_set, key=root_key(1))
        share = evaluation.agent_returns[level_set.base].mean() / level_set.optimal_returns[level_set.base].mean()
        assert share > 0.75, entry.name
