"""Exact inversion: planted rewards come back up to what is unidentified; intervals and the test of coherence hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.fit import equations as equations_module
from mesascope.audit.objective.recovery.fit.coherence import coherence
from mesascope.audit.objective.recovery.fit.inversion import invert
from mesascope.audit.objective.recovery.identify.identifiability import unidentified
from mesascope.core.errors import UsageError, WorldError
from mesascope.core.verdicts import Verdict
from mesascope.objectives.canonical import rewards_here, value_adjusted
from mesascope.objectives.reward_space import AttributeRewards, TabularRewards
from mesascope.objectives.reward_tables import with_reward_tables
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.transitions import level_from_matrix
from tests.audit.objective.recovery.planted import centred_error, counted, soft_policy, watched
from tests.levels import random_level
from tests.objectives.small import random_transitions, ring

TABLE = TabularRewards(3, 2)


def distance(level, first: np.ndarray, second: np.ndarray) -> float:
    """STARC distance of two tables."""
    batch, objectives = with_reward_tables(level, np.stack([first, second]))
    one, other = (value_adjusted(reward) for reward in rewards_here(batch[0], objectives))
    return float(np.linalg.norm(one / np.linalg.norm(one) - other / np.linalg.norm(other)))


def test_two_discounts_identify_the_ring():
    reward = np.random.default_rng(0).normal(size=(3, 2))
    found = invert([watched(ring(), reward), watched(ring(), reward, discount=0.5)], TABLE)
    assert found.relative_residual < 1e-14
    assert centred_error(found.posterior.mean, reward) < 1e-13
    assert found.posterior.degrees_of_freedom == 1
    # The logarithm of the policy explains one environment as well, and is mostly wrong.
    one = watched(ring(), reward)
    assert centred_error(np.log(one.policy), reward) > 0.5


def test_the_showcase_of_two_environments():
    """Same behaviour in training, opposite aims after the labels are swapped (worked example of the notes, 2.9)."""
    truth = np.zeros((3, 2))
    truth[2] = 1.0
    train = watched(ring(), truth)
    assert np.allclose(train.policy[:, 1], [0.655698, 0.679480, 0.198521], atol=1e-6)
    presses = np.log(train.policy)
    assert distance(train.level, truth, presses) < 1e-14
    deploy = level_from_matrix(ring()[:, ::-1], discount=0.9)
    assert distance(deploy, truth, presses) == pytest.approx(1.9999, abs=1e-4)
    batch, objectives = with_reward_tables(deploy, np.stack([truth, presses]))
    value = optimal_action_values(batch, objectives)[:, 0]
    assert value.argmax(-1).tolist() == [[0, 0, 1], [1, 1, 0]]
    # Watching the agent there settles it.
    both = [train, Observation(deploy, soft_policy(deploy, truth))]
    assert unidentified([train], TABLE).dimension == 3
    assert unidentified(both, TABLE).dimension == 1
    assert centred_error(invert(both, TABLE).posterior.mean, truth) < 1e-12


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), shape=st.sampled_from([(2, 2), (6, 3)]))
def test_round_trip_up_to_the_unidentified(seed, shape):
    # Two shapes, because planning is compiled anew for each.
    (states, actions), random = shape, np.random.default_rng(seed)
    reward = random.normal(size=(states, actions))
    environments = [
        watched(random_transitions(random, states, actions), reward, discount=discount) for discount in (0.9, 0.6)
    ]
    space = TabularRewards(states, actions)
    error = invert(environments, space).posterior.mean - reward.ravel()
    basis = unidentified(environments, space).basis
    assert np.abs(error - basis.T @ (basis @ error)).max() < 1e-7


def test_unknown_temperatures_are_recovered():
    reward = np.random.default_rng(1).normal(size=(3, 2))
    observations = []
    for transitions, discount, temperature in ((ring(), 0.9, 1.0), (ring(), 0.5, 2.5), (ring(step=2), 0.7, 0.6)):
        level = level_from_matrix(transitions, discount=discount)
        policy = soft_policy(level, reward, temperature=temperature)
        observations.append(Observation(level, policy, temperature=None))
    found = invert(observations, TABLE)
    assert centred_error(found.posterior.mean, reward) < 1e-12
    assert np.allclose(found.temperatures, [1.0, 2.5, 0.6], atol=1e-12)


def test_a_few_attributes_are_recovered_with_their_temperatures():
    random, truth = np.random.default_rng(2), np.array([1.0, -2.0, 0.5, 3.0])
    observations = []
    for temperature in (1.0, 2.0):
        level = random_level(random, discount=0.8)
        reward = (np.asarray(level.probabilities)[..., None] * np.asarray(level.attributes)).sum(2) @ truth
        observations.append(Observation(level, soft_policy(level, reward, temperature=temperature), temperature=None))
    found = invert(observations, AttributeRewards(("a", "b", "c", "d")))
    assert np.allclose(found.posterior.mean, truth, atol=1e-9)
    assert np.allclose(found.temperatures, [1.0, 2.0], atol=1e-9)


@pytest.mark.parametrize(("assumed", "least"), [(0.85, 0.01), (0.5, 0.1)])
def test_a_wrong_discount_fits_perfectly_and_is_wrong(assumed, least):
    edges = ring()
    edited = []
    for state in (0, 1):
        other = edges.copy()
        other[state, 1] = np.eye(3)[(state + 2) % 3]
        edited.append(other)
    reward = np.random.default_rng(3).normal(size=(3, 2))
    truth = [watched(transitions, reward) for transitions in (edges, *edited)]
    wrong = [dataclasses.replace(one, discount=assumed) for one in truth]
    right, found = invert(truth, TABLE), invert(wrong, TABLE)
    assert centred_error(right.posterior.mean, reward) < 1e-12
    assert centred_error(found.posterior.mean, reward) > least
    assert found.relative_residual < 0.05
    unrelated = Observation(truth[1].level, np.random.default_rng(4).dirichlet([1.0, 1.0], size=3))
    assert invert([truth[0], unrelated, truth[2]], TABLE).relative_residual > 0.05


def replicate(seed: int, counts: int, *, unrelated: bool = False, assumed: float | None = None):
    """The set-up of note 2.15: 8 states, 3 actions, discounts .9 and .5."""
    random = np.random.default_rng(seed)
    transitions = random.dirichlet(np.full(8, 0.3), size=(8, 3))
    reward = random.normal(size=(8, 3))
    policy = random.dirichlet(np.ones(3), size=8) if unrelated else None
    observations = [
        counted(transitions, reward, counts=counts, random=random, discount=0.9),
        counted(transitions, reward, counts=counts, random=random, discount=0.5, policy=policy),
    ]
    if assumed is not None:
        observations[0] = dataclasses.replace(observations[0], discount=assumed)
    return reward, invert(observations, TabularRewards(8, 3))


@pytest.mark.parametrize("replicates", [30, pytest.param(150, marks=pytest.mark.slow)])
def test_intervals_and_coherence_have_their_stated_rates(replicates):
    hits, rejected = [], []
    for seed in range(replicates):
        reward, found = replicate(seed, 10_000)
        assert found.posterior.degrees_of_freedom == 9
        draws = found.posterior.samples(60, seed=seed)
        draws = draws - draws.mean(1, keepdims=True)
        mean = found.posterior.mean - found.posterior.mean.mean()
        truth = reward.ravel() - reward.mean()
        hits.append(np.abs(mean - truth) < 1.645 * draws.std(0))
        rejected.append(coherence(found).verdict is Verdict.FAIL)
    # Replicates are independent, entries within one are not: with 30 of them the mean coverage has a standard error of
    # about 0.02, and 5 of 30 rejections at a rate of 5 % have probability 0.015; bounds give false alarms below 0.005.
    assert 0.84 <= np.mean(hits) <= 0.96
    assert np.mean(rejected) <= (0.2 if replicates < 100 else 0.12)


def test_coherence_sees_unrelated_behaviour_and_no_wrong_discount():
    unrelated = [coherence(replicate(seed, 1000, unrelated=True)[1]).verdict for seed in range(20)]
    assert unrelated == [Verdict.FAIL] * 20
    wrong = [coherence(replicate(seed, 1000, assumed=0.8)[1]).verdict for seed in range(20)]
    # Rejected at 5 % like the right one: 6 or more of 20 with probability 0.0003.
    assert wrong.count(Verdict.FAIL) < 6


def test_one_environment_says_nothing_about_coherence():
    found = coherence(invert([watched(ring(), np.ones((3, 2)))], TABLE))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "any behaviour" in found.reason


def test_what_cannot_be_inverted_says_why():
    level = level_from_matrix(ring(), discount=0.9)
    with pytest.raises(UsageError, match="never takes action 0 in state 0"):
        invert([Observation(level, np.tile([0.0, 1.0], (3, 1)))], TABLE)
    with pytest.raises(UsageError, match="no probabilities"):
        Observation(level, np.full((3, 2), np.nan))
    with pytest.raises(UsageError, match="no environment"):
        invert([], TABLE)
    with pytest.raises(UsageError, match="does not fit a level"):
        invert([watched(ring(), np.ones((3, 2)))], TabularRewards(4, 2))
    broken = dataclasses.replace(level, probabilities=np.asarray(level.probabilities) * 0.5)
    with pytest.raises(WorldError, match="inconsistent"):
        Observation(broken, np.full((3, 2), 0.5))
    with pytest.raises(WorldError, match="finite horizon"):
        invert([Observation(level, np.full((3, 2), 0.5), discount=1.0)], TABLE)


def test_a_floor_takes_the_word_of_saturated_actions_lightly():
    reward = np.random.default_rng(5).normal(size=(3, 2))
    observations = [watched(ring(), reward), watched(ring(), reward, discount=0.5)]
    spoilt = observations[0].policy.copy()
    found = invert([dataclasses.replace(observations[0], policy=spoilt), observations[1]], TABLE, floor=1e-6)
    assert centred_error(found.posterior.mean, reward) < 1e-10


@pytest.mark.parametrize("environments", [1, 2, 3])
def test_a_prior_spreads_what_is_open_and_moves_nothing_else(environments):
    random = np.random.default_rng(6)
    reward = random.normal(size=(5, 3))
    transitions = [random_transitions(random, 5, 3) for _ in range(environments)]
    transitions[-1] = transitions[0].copy()
    transitions[-1][2, 1] = np.eye(5)[4]
    observations, space = [watched(one, reward) for one in transitions], TabularRewards(5, 3)
    basis = unidentified(observations, space).basis
    found = invert(observations, space, prior_scale=3.0).posterior
    # The settled part is the truth's, and nothing is said of the open part.
    settled = reward.ravel() - basis.T @ (basis @ reward.ravel())
    assert np.abs(found.mean - settled).max() < 1e-6
    steps = found.samples(400) - found.mean
    assert np.abs(steps - (steps @ basis.T) @ basis).max() < 1e-6
    # The variance of 400 normal draws is off by more than 30 % in one of 5 directions with probability below 0.001.
    assert np.allclose(((steps @ basis.T) ** 2).mean(0), 9.0, rtol=0.3)
    flat = invert(observations, space).posterior
    assert np.ptp(flat.samples(3), axis=0).max() == 0.0


def constant_attribute():
    """Two environments of an agent that is paid for four attributes, the first of which never varies."""
    random, truth, observations = np.random.default_rng(2), np.array([1.0, -2.0, 0.5, 3.0]), []
    for _ in range(2):
        level = random_level(random, discount=0.8, terminals=0)
        attributes = np.asarray(level.attributes).copy()
        attributes[..., 0] = 1.0
        level = dataclasses.replace(level, attributes=attributes)
        reward = (np.asarray(level.probabilities)[..., None] * attributes).sum(2) @ truth
        observations.append(Observation(level, soft_policy(level, reward)))
    return observations, truth


def test_an_attribute_that_never_varies_is_left_open():
    observations, truth = constant_attribute()
    space = AttributeRewards(("a", "b", "c", "d"))
    found = invert(observations, space)
    assert np.allclose(found.posterior.mean, [0.0, *truth[1:]], atol=1e-9)
    left = unidentified(observations, space)
    assert np.allclose(np.abs(left.basis), [[1.0, 0.0, 0.0, 0.0]], atol=1e-9)
    # It is the same as a constant.
    assert left.harmless.tolist() == [True]
    spread = invert(observations, space, prior_scale=2.0).posterior.samples(500)
    # The deviation of 500 normal draws is off by more than 15 % with probability below 0.001.
    assert np.allclose(spread.std(0), [2.0, 0.0, 0.0, 0.0], rtol=0.15, atol=1e-9)


def test_open_directions_are_counted_alike_by_eigenvalues_and_by_pivots(monkeypatch):
    random = np.random.default_rng(7)
    transitions = [random_transitions(random, 6, 3) for _ in range(2)]
    edited = transitions[0].copy()
    edited[2, 1] = np.eye(6)[4]
    reward = random.normal(size=(6, 3))
    for pair in (transitions, [transitions[0]] * 2, [transitions[0], edited]):
        observations = [counted(one, reward, counts=500, random=random, discount=0.9) for one in pair]
        freedom = []
        for size in (1000, 0):
            monkeypatch.setattr(equations_module, "EIGENVALUES", size)
            freedom.append(invert(observations, TabularRewards(6, 3)).posterior.degrees_of_freedom)
        expected = 2 * 18 - 18 - 2 * 6 + unidentified(observations, TabularRewards(6, 3)).dimension
        assert freedom == [expected, expected]


def test_exact_probabilities_outweigh_counts():
    random = np.random.default_rng(8)
    reward = random.normal(size=(3, 2))
    exact = [watched(ring(), reward), watched(ring(), reward, discount=0.5)]
    few = counted(ring(step=2), reward, counts=50, random=random, discount=0.9)
    found = invert([*exact, few], TABLE)
    assert not found.posterior.exact
    assert centred_error(found.posterior.mean, reward) < 1e-3


def test_counts_and_priors_that_are_none_are_refused():
    one = watched(ring(), np.ones((3, 2)))
    for counts in ([1.0, np.nan, 1.0], [1.0, -1.0, 1.0]):
        with pytest.raises(UsageError, match="0 or more"):
            dataclasses.replace(one, counts=np.array(counts))
    with pytest.raises(UsageError, match="above 0"):
        invert([one], TABLE, prior_scale=0.0)
