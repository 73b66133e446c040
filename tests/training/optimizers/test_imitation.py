"""Imitation: targets are the exact optimum, agreement is measured, and memory learns to use thinking steps."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.gru import GRUSpec
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.training.base_optimizer import Task
from mesascope.training.optimizers.imitation import Imitation, imitate_optimum, optimum
from mesascope.worlds.keys import Keys
from mesascope.worlds.maze import Maze

WORLD = Maze(size=5)
GOAL = next(spec for spec in WORLD.objectives if spec.name == "goal")
SHORT = Imitation(updates=150, levels=16, states=6, learning_rate=1e-2, thinking=2, head_start=1)


@pytest.mark.parametrize(
    ("world", "objective"), [(Maze(size=9), "goal"), (Maze(size=9, walls="loops"), "junction"), (Keys(), None)], ids=str
)
def test_targets_are_the_exact_optimum(world, objective):
    name = objective or world.base_objective
    chosen = compile_objectives(world).select(name)

    @jax.jit
    def solved(key):
        levels = world.sample(key=key, distribution="train", count=12)
        return levels, *optimum(levels, chosen)

    levels, best, counted = jax.device_get(solved(root_key(1)))
    value = optimal_action_values(levels, chosen)[0]
    active = np.asarray(levels.reachable & ~levels.terminal)
    assert np.array_equal(counted, active & (value.max(-1) - value.min(-1) > 1e-6))
    assert counted.any(-1).all()
    assert np.array_equal(best[counted], optimal_actions(value)[counted])


def test_a_network_without_memory_learns_the_optimum_and_the_same_key_gives_the_same():
    task = Task(WORLD, GOAL, CentredMLPSpec(widths=(64,)))
    found = imitate_optimum(task, SHORT, key=root_key(0))
    assert found.agreement.shape == (1,)
    assert found.agreement[0] > 0.9
    assert found.loss.shape == (SHORT.updates,)
    again = imitate_optimum(task, SHORT, key=root_key(0))
    assert np.array_equal(found.loss, again.loss)
    # It began at the level of chance, so that the agreement above was learnt.
    assert found.loss[0] > np.log(len(WORLD.actions)) - 0.2
    assert found.loss[-10:].mean() < 0.5 * found.loss[0]


DRC = DRCSpec(channels=8, layers=1, ticks=1, hidden=16, readout="agent")
"""One thought of it serves all states of a level."""


@pytest.mark.slow
@pytest.mark.parametrize("spec", [DRC, GRUSpec(embedding=16, width=16)], ids=["levels", "states"])
def test_a_network_with_memory_is_compared_after_each_thinking_step(spec):
    found = imitate_optimum(Task(WORLD, GOAL, spec), SHORT, key=root_key(0))
    assert found.agreement.shape == (3,)
    assert found.loss[-10:].mean() < 0.7 * found.loss[0]
    assert found.agreement[-1] > 0.6


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="updates=0"):
        Imitation(updates=0)
    with pytest.raises(UsageError, match="learning_rate"):
        Imitation(learning_rate=0.0)
