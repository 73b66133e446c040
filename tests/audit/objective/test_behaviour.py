from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.objective.behaviour import LEVELS, behaviour_of, distinct_levels


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
