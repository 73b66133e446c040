from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.objective.behaviour import behaviour_of
from mesascope.audit.objective.choice_law import cautious, explained_by, slip_laws, state_independent


@pytest.fixture(scope="module")
def behaviour(deploy, pursue):
    return behaviour_of([pursue(deploy, "cheese", slips=0.2)])


def test_the_law_that_made_the_choices_explains_them_nearly_whole(behaviour, deploy):
    # Slips of .2 stand on the grid, and so does a sharpness at which the best action is all but certain.
    found = explained_by(behaviour, behaviour.advantages[deploy.objectives.index("cheese")])
    entropy = behaviour.structure - np.log(5)
    assert behaviour.total(found.held_out) == pytest.approx(behaviour.total(entropy), abs=0.5)


def test_indifference_predicts_nothing_but_slips(behaviour):
    found = explained_by(behaviour, np.zeros_like(behaviour.policy), pulled=False)
    uniform, _ = slip_laws(behaviour)
    assert behaviour.total(found.whole) >= behaviour.total((behaviour.policy * np.log(uniform)).sum(-1)) - 1e-6


def test_slips_that_move_hardly_ever_go_to_what_changes_nothing(behaviour):
    _, effective = slip_laws(behaviour)
    np.testing.assert_allclose(effective.sum(-1), 1)
    assert effective[~behaviour.moving].max() == pytest.approx(0.02)


def test_a_fixed_way_of_breaking_ties_is_fitted_and_an_even_one_needs_none(behaviour, deploy):
    preference = behaviour.advantages[deploy.objectives.index("cheese")]
    even = behaviour.total(explained_by(behaviour, preference, pulled=False).held_out)
    assert behaviour.total(explained_by(behaviour, preference).held_out) == pytest.approx(even, abs=1.0)


def test_the_mean_law_is_what_a_habit_is(always, deploy):
    behaviour = behaviour_of([always(deploy, [0.1, 0.6, 0.1, 0.1, 0.1])])
    entropy = behaviour.structure - np.log(5)
    assert behaviour.total(state_independent(behaviour).held_out) == pytest.approx(behaviour.total(entropy), abs=0.1)


def test_a_few_choices_without_a_slip_do_not_show_that_there_are_none():
    shares = np.array([0.003, 0.1, 0.5])
    assert cautious(tuple(shares)) == pytest.approx(0.5 * np.log(4 * shares * (1 - shares)))
    for choices, least in ((5, 0.1), (500, 0.003)):
        nats = choices * np.log(1 - shares) + cautious(tuple(shares))
        assert shares[nats.argmax()] == least
