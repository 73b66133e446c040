"""What ambiguity costs, on the showcase of the notes (2.9), and choosing what settles it (2.11)."""

from __future__ import annotations

import numpy as np
import pytest
from dynamics_menu import redirect

from mesascope.audit.objective.recovery.identify.identifiability import open_directions, unidentified
from mesascope.audit.objective.recovery.query import ambiguity
from mesascope.audit.objective.recovery.query.ambiguity import _mixed, disambiguating_regret
from mesascope.audit.objective.recovery.query.next_environment import at_least_more, consistent, rank_menu
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.objectives.reward_space import TabularRewards
from mesascope.worlds.menu import MenuItem
from mesascope.worlds.transitions import backup, level_from_matrix
from tests.audit.objective.recovery.planted import soft_policy
from tests.objectives.small import random_transitions, ring

TRUTH = np.zeros((3, 2))
TRUTH[2] = 1.0
TRAIN = level_from_matrix(ring(), discount=0.9)
DEPLOY = level_from_matrix(ring()[:, ::-1], discount=0.9)
TABLE = TabularRewards(3, 2)


def alike(count: int) -> np.ndarray:
    """Rewards that explain the behaviour in training."""
    values = np.random.default_rng(0).uniform(-10, 10, (count, 3))
    presses = np.log(soft_policy(TRAIN, TRUTH)).reshape(-1)
    return (presses + (backup(TRAIN).matrix @ values.T).T).reshape(count, 3, 2)


@pytest.mark.slow
def test_the_showcase():
    rewards = alike(4000)
    here = disambiguating_regret(DEPLOY, rewards)
    assert here.policies == 6
    assert here.mixed == pytest.approx(0.655, abs=0.001)
    # Six of the eight policies are optimal for some reward; the other two are no help.
    assert here.game == pytest.approx(here.mixed, abs=1e-6)
    assert here.mean == pytest.approx(0.475, abs=0.001)
    there = disambiguating_regret(TRAIN, rewards[:50])
    assert (there.minimax, there.mean, there.policies) == (0.0, 0.0, 1)


def test_the_farthest_pair_of_the_showcase():
    found = disambiguating_regret(DEPLOY, np.stack([TRUTH, np.log(soft_policy(TRAIN, TRUTH))]))
    assert np.allclose(found.regrets[:, found.own], [[0.0, 1.0], [1.0, 0.0]])
    assert set(found.farthest) == {0, 1}
    assert found.mixed == pytest.approx(0.5)
    assert found.game is not None
    assert found.game < found.mixed


def test_the_game_is_what_no_mixture_of_all_policies_improves_on():
    random = np.random.default_rng(2)
    level = level_from_matrix(random_transitions(random, 3, 2), discount=0.8)
    rewards = random.normal(size=(4, 3, 2))
    found = disambiguating_regret(level, rewards)
    # All eight policies, by the definition.
    begin, law = np.asarray(level.initial), random_transitions(np.random.default_rng(2), 3, 2)
    gained = np.empty((4, 8))
    for index, actions in enumerate(np.ndindex(2, 2, 2)):
        step = law[np.arange(3), actions]
        paid = rewards[:, np.arange(3), actions]
        gained[:, index] = np.linalg.solve(np.eye(3) - 0.8 * step, paid.T).T @ begin
    highest, lowest = gained.max(1, keepdims=True), gained.min(1, keepdims=True)
    regrets = (highest - gained) / (highest - lowest)
    assert found.game == pytest.approx(_mixed(regrets), abs=1e-9)
    assert found.game <= found.mixed <= found.minimax
    assert found.mixed == pytest.approx(_mixed(regrets[:, np.unique(regrets.argmin(1))]), abs=1e-9)


def test_too_large_a_game_is_not_played(monkeypatch):
    monkeypatch.setattr(ambiguity, "LARGEST", 5)
    assert disambiguating_regret(TRAIN, np.ones((2, 3, 2))).game is None


def test_many_rewards_are_planned_for_in_parts(monkeypatch):
    rewards = alike(10)
    together = disambiguating_regret(DEPLOY, rewards)
    monkeypatch.setattr(ambiguity, "TOGETHER", 3)
    parted = disambiguating_regret(DEPLOY, rewards)
    assert np.allclose(parted.regrets, together.regrets, atol=1e-12)


def test_rewards_that_demand_nothing_cost_nothing():
    assert disambiguating_regret(TRAIN, np.ones((2, 3, 2))).minimax == 0.0
    with pytest.raises(UsageError, match="finite"):
        disambiguating_regret(TRAIN, np.full((1, 3, 2), np.nan))


def experiments(seed: int) -> tuple[list[int], int]:
    """Dimensions left open along a greedy choice of redirected edges, and how many a random order takes."""
    random = np.random.default_rng(seed)
    states, actions = 8, 3
    level = level_from_matrix(random.dirichlet(np.full(states, 0.3), size=(states, actions)), discount=0.9)
    space = TabularRewards(states, actions)
    menu = [
        redirect(level, int(random.integers(states)), int(random.integers(actions)), int(random.integers(states)))
        for _ in range(40)
    ]
    seen, path = [level], []
    while True:
        found = unidentified(seen, space)
        path.append(found.dimension)
        if found.dimension == 1 or len(path) > 12:
            break
        ranked = rank_menu(menu, space, found.basis)
        assert at_least_more(ranked, harmful=found.dimension - 1) == found.dimension - 1
        seen.append(ranked[0].item.level)
    taken, watched = 0, [level]
    for index in random.permutation(40):
        taken += 1
        watched.append(menu[index].level)
        if unidentified(watched, space).dimension == 1:
            break
    return path, taken


@pytest.mark.parametrize("trials", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_greedy_choice_takes_one_edge_for_each_direction(trials):
    found = [experiments(seed) for seed in range(trials)]
    assert all(path == [8, 7, 6, 5, 4, 3, 2, 1] for path, _ in found)
    random = np.median([taken for _, taken in found])
    assert random >= 7
    if trials == 30:
        assert 9 <= random <= 17


def test_information_and_regret_prefer_what_matters():
    random = np.random.default_rng(1)
    found = unidentified([TRAIN], TABLE)
    menu = [
        MenuItem("the same again", "fresh", TRAIN),
        MenuItem("other labels", "relabel", DEPLOY),
        redirect(TRAIN, 0, 1, 2),
    ]
    parameter = np.log(soft_policy(TRAIN, TRUTH)).reshape(-1)
    for criterion in ("rank", "information", "regret"):
        ranked = rank_menu(menu, TABLE, found.basis, criterion=criterion, parameter=parameter, target=DEPLOY)
        assert ranked[0].item.kind == "relabel"
        assert ranked[-1].settles in (0, 1)
    with pytest.raises(UnknownNameError, match="information"):
        rank_menu(menu, TABLE, found.basis, criterion="informatio")
    ranked = rank_menu(menu, TABLE, found.basis)
    assert at_least_more(ranked[-1:], harmful=2) == -1
    assert at_least_more(ranked, harmful=0) == 0
    shown = consistent(parameter, found.basis, n=5)
    assert np.array_equal(shown[0], parameter)
    other = level_from_matrix(random_transitions(random, 3, 2), discount=0.9)
    assert unidentified([other], TABLE).dimension == 3


def test_open_directions_of_large_tables_are_open(monkeypatch):
    from mesascope.audit.objective.recovery.identify import identifiability

    levels = [TRAIN, redirect(TRAIN, 0, 1, 2).level]
    basis = unidentified(levels, TABLE).basis
    monkeypatch.setattr(identifiability, "SMALL", 0)
    found = open_directions(levels, TABLE, n=5)
    assert len(found) == 2
    assert np.allclose(found - (found @ basis.T) @ basis, 0.0, atol=1e-6)
