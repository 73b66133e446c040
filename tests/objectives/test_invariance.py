"""Invariance classes: compared by refinement, and true of planners and distances in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError
from mesascope.objectives.canonical import RewardHere
from mesascope.objectives.distances.catalogue import DISTANCES
from mesascope.objectives.invariance import MEASURES, Change, invariance, measure, source
from mesascope.objectives.reward_tables import with_reward_tables
from mesascope.planning.soft_value_iteration import boltzmann, soft_action_values
from mesascope.worlds.transitions import level_from_matrix
from tests.objectives.small import here, shaped

CHANGES = (Change.CONSTANT, Change.SHAPING, Change.REDISTRIBUTION, Change.SCALE)


def changed(reward: np.ndarray, transitions: np.ndarray, change: Change, random: np.random.Generator) -> np.ndarray:
    states = len(reward)
    match change:
        case Change.CONSTANT:
            return reward + 0.7
        case Change.SHAPING:
            return shaped(reward, random.normal(size=states))
        case Change.REDISTRIBUTION:
            moved = random.normal(size=reward.shape)
            return reward + moved - (transitions * moved).sum(-1, keepdims=True)
        case Change.SCALE:
            return 2.5 * reward
        case _:
            raise AssertionError(change)


def problem(seed: int):
    random = np.random.default_rng(seed)
    # Every next state is possible, so that distances over triples see nothing impossible.
    transitions = random.dirichlet(np.ones(4), size=(4, 3))
    return random, transitions, random.normal(size=(4, 3, 4))


@pytest.mark.parametrize("kind", sorted(MEASURES))
@pytest.mark.parametrize("change", CHANGES)
def test_distances_ignore_what_their_class_says_and_nothing_else(kind, change):
    distance = DISTANCES.load(kind)
    found = []
    for seed in range(5):
        random, transitions, reward = problem(seed)
        first, second = here(transitions, reward), here(transitions, changed(reward, transitions, change, random))
        found.append(distance(first, second))
    # ERC compares returns of whole episodes, in which a constant adds the same to all.
    if change in measure(kind).changes or (kind, change) == ("erc", Change.CONSTANT):
        assert max(found) < 1e-5
    else:
        assert min(found) > 1e-3


@pytest.mark.parametrize("change", CHANGES)
def test_soft_policies_leave_open_what_their_class_says_and_nothing_else(change):
    random, transitions, reward = problem(7)
    policies = []
    for one in (reward, changed(reward, transitions, change, random)):
        level = level_from_matrix(transitions, discount=0.9)
        batch, objective = with_reward_tables(level, _expected(here(transitions, one))[None])
        policies.append(boltzmann(soft_action_values(batch, objective, temperature=1.0)[0, 0], 1.0))
    same = np.abs(policies[0] - policies[1]).max() < 1e-9
    assert same == (change in source("soft").changes)


def _expected(reward: RewardHere) -> np.ndarray:
    return reward.expected


def test_what_data_determine():
    """Soft choices settle STARC, never EPIC: they do not see reward move between next states; optima settle neither."""
    assert source("soft") <= measure("starc")
    assert source("soft").beyond(measure("epic")) == (Change.REDISTRIBUTION,)
    assert not source("hard") <= measure("starc")
    assert source("soft") < source("soft, temperature unknown") < source("all optimal actions") < source("hard")
    together = source("noisy") & measure("epic")
    assert together <= source("noisy")
    assert together <= measure("epic")


def test_what_is_implied_is_included_and_not_repeated_in_words():
    same_order = invariance(Change.SHAPING, Change.REDISTRIBUTION, Change.SCALE)
    assert same_order == measure("starc")
    assert str(same_order) == "anything that keeps the order of all policies"
    assert str(invariance()) == "nothing"
    with pytest.raises(UnknownNameError, match="Did you mean 'starc'"):
        measure("strac")


def test_every_registered_distance_has_a_class():
    assert set(MEASURES) == set(DISTANCES.names())
