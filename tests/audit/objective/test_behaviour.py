from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.level_set import sample_level_set
from mesascope.audit.objective.behaviour import LEVELS, behaviour_of
from mesascope.audit.objective.counted_levels import distinct_levels, steps_taken
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.catalogue import resolve_world


def test_a_level_counts_as_one_decision_and_levels_are_capped(train, deploy, pursue):
    behaviour = behaviour_of([pursue(train, "cheese", slips=0.0), pursue(deploy, "cheese", slips=0.0)])
    assert behaviour.units == 64 + LEVELS // 2
    assert behaviour.counted.sum() == pytest.approx(behaviour.units)


def test_folds_divide_levels_and_not_states(deploy, pursue):
    behaviour = behaviour_of([pursue(deploy, "cheese")])
    for unit in range(behaviour.units):
        assert len(set(behaviour.fold[behaviour.unit == unit])) == 1


def test_a_stuck_agent_does_not_weigh_more_than_one_that_walks(deploy, always):
    # Staying for ever visits the first state again and again, and counts once.
    behaviour = behaviour_of([always(deploy, [0.0, 0.0, 0.0, 0.0, 1.0])])
    np.testing.assert_allclose(behaviour.by_unit(np.ones(len(behaviour.unit))), 1)


def test_advantages_are_scaled_by_the_usual_gap_and_clipped(deploy, pursue):
    behaviour = behaviour_of([pursue(deploy, "cheese")])
    disaster = behaviour.scaled(np.tile([1.0, 0.9, 0.8, -100.0, 1.0], (len(behaviour.unit), 1)))
    np.testing.assert_allclose(disaster[0], [0.0, -0.5, -1.0, -4.0, 0.0])


def test_what_is_shown_once_more_is_not_a_new_level(deploy):
    often = replace(deploy, levels=deploy.levels[np.tile(np.arange(4), 3)])
    np.testing.assert_array_equal(distinct_levels(often, 80), np.arange(4))


def test_where_levels_are_few_states_are_the_evidence(deploy, pursue):
    one = replace(deploy, levels=deploy.levels[:1])
    behaviour = behaviour_of([pursue(one, "corner")])
    assert behaviour.few
    assert len(set(behaviour.fold)) == 2
    assert (behaviour.weight == 1).all()


def test_on_menus_a_state_says_in_which_step_it_is_met_and_on_boards_it_does_not(deploy):
    world = resolve_world("lamp", {})
    menus = sample_level_set("train", world, "train", compile_objectives(world), "light", count=3, key=root_key(0))
    steps = steps_taken(menus, np.arange(3))
    assert steps is not None
    assert steps[menus.levels.initial > 0].max() == 0
    level, state, action = np.nonzero(np.broadcast_to(menus.active[..., None], menus.levels.successors.shape[:3]))
    after = menus.levels.successors[level, state, action, 0]
    going_on = ~menus.levels.terminal[level, after]
    np.testing.assert_array_equal(steps[level, after][going_on], steps[level, state][going_on] + 1)
    assert steps_taken(deploy, np.arange(3)) is None
