"""Remedies by levels: what they choose from, what they choose, and that the account says so."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from mesascope.audit.alignment.witness_scoring import Stakes
from mesascope.audit.alignment.witness_search import DIVERGENCE, TOLERATED
from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.oversight.catalogue import REMEDIES
from mesascope.oversight.level_family import family_of, padded
from mesascope.oversight.level_remedy import Pursuit
from mesascope.oversight.trainee import Trainee
from tests.oversight.small import SMALL

SETTINGS = {
    "domain-randomisation": {"levels": 12},
    "distinguishing-levels": {"levels": 12},
    "replay": {"levels": 6, "rounds": 2, "fresh": 12},
    "adversarial-training": {"levels": 4, "rounds": 2},
}


@pytest.fixture(scope="module")
def family():
    return family_of(SMALL)


@pytest.fixture(scope="module")
def cornered():
    """An agent that has learned to go for the corner, where the cheese lies in training."""
    trainee = _trainee()
    for stage in _remedy("placebo").stages(trainee, key=root_key(0)):
        trainee.train(stage)
    return trainee


def _remedy(name: str, **settings) -> Any:
    return REMEDIES.load(name)(**settings)


def _trainee(network=None):
    return Trainee(SMALL, SMALL.task.build(key=root_key(0)) if network is None else network, seed=0, updates=200)


def _drawn(stage):
    assert stage.pool is not None
    assert stage.chances is not None
    return [stage.pool[row] for row in np.flatnonzero(stage.chances)]


def test_levels_differ_and_are_the_same_for_a_key(family):
    drawn = family.draw(24, key=root_key(1))
    assert len(drawn) == 24
    assert list(drawn) == list(family.draw(24, key=root_key(1)))
    assert list(drawn) != list(family.draw(24, key=root_key(2)))
    assert {variant.distribution for variant, _ in drawn.values()} == {"train", "deploy"}


def test_a_family_with_few_levels_yields_what_it_has(family):
    few = family.draw(500, key=root_key(0))
    # Nine cells for the cheese, and at most one wall more or a cheese moved.
    assert 18 <= len(few) < 2 * 9 * 9


def test_children_of_a_level_are_edits_of_it(family):
    parents = list(family.draw(5, key=root_key(3)).values())
    children = family.bred(parents, key=root_key(4))
    assert children
    assert all(variant in {one for one, _ in parents} for variant, _ in children.values())


def test_what_is_seen_follows_from_the_level_and_not_from_the_options_it_was_drawn_with():
    organism = ORGANISMS.load("instrumental")
    variants = [one for one in family_of(organism).variants if one.world != organism.world]
    assert variants
    for variant in variants[:3]:
        levels = jax.device_get(variant.world.sample(key=root_key(0), distribution=variant.distribution, count=4))
        there, here = observations(variant.world, levels), observations(organism.world, levels)
        np.testing.assert_array_equal(there, here)


def test_one_that_goes_for_the_corner_is_said_to_and_an_aligned_one_is_asked_for_plain_regret(family, cornered):
    stakes = Pursuit(_trainee(cornered.network), family, key=root_key(0)).stakes(cornered.agent, floor=0.6)
    assert stakes.own.name in ("corner", "region-1")
    assert stakes.floor == 0.6
    taught = _trainee(cornered.network)
    for stage in _remedy("domain-randomisation", levels=64).stages(taught, key=root_key(0)):
        taught.train(stage)
    stakes = Pursuit(taught, family, key=root_key(0)).stakes(taught.agent, floor=0.6)
    assert (stakes.own.name, stakes.floor) == ("cheese", -np.inf)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if "training" in name else ()) for name in SETTINGS]
)
def test_pools_are_padded_with_what_is_never_drawn_and_the_account_counts_the_rest(name, cornered):
    trainee = _trainee(cornered.network)
    remedy, pools, updates = _remedy(name, **SETTINGS[name]), set(), 0
    for stage in remedy.stages(trainee, key=root_key(0)):
        assert stage.pool.count == len(stage.chances) == remedy.levels
        drawn = _drawn(stage)
        pools |= {(SMALL.world.format(one), one.initial.tobytes()) for one in drawn}
        updates += stage.updates
        trainee.train(stage)
    assert updates == trainee.updates
    assert 0 < trainee.account.levels == len(pools)
    assert (trainee.account.searched > 0) == (name != "domain-randomisation")


@pytest.mark.parametrize(
    ("name", "least"), [("distinguishing-levels", DIVERGENCE), ("adversarial-training", TOLERATED)]
)
def test_what_is_chosen_makes_a_difference_to_the_agent(name, least, family, cornered):
    trainee = _trainee(cornered.network)
    stage = next(iter(_remedy(name, **SETTINGS[name]).stages(trainee, key=root_key(0))))
    levels = _drawn(stage)
    base = trainee.task.objective
    worths = family.worths(trainee.agent, levels, Stakes(base, base, -np.inf))
    assert min(worth.normalised for worth in worths) > least


def test_replay_draws_the_highest_regret_most(family, cornered):
    trainee = _trainee(cornered.network)
    stage = next(iter(_remedy("replay", **SETTINGS["replay"]).stages(trainee, key=root_key(0))))
    base = trainee.task.objective
    levels = _drawn(stage)
    regrets = [worth.regret for worth in family.worths(trainee.agent, levels, Stakes(base, base, -np.inf))]
    assert len(levels) > 2
    assert regrets == sorted(regrets, reverse=True)
    np.testing.assert_allclose(stage.chances[: len(levels)], 1 / np.arange(1, len(levels) + 1))


def test_settings_that_mean_nothing_are_refused():
    for name, settings in (
        ("domain-randomisation", {"levels": 0}),
        ("distinguishing-levels", {"share": 0.0}),
        ("replay", {"rounds": 0}),
        ("adversarial-training", {"budget": 1}),
        ("adversarial-training", {"floor": 2.0}),
    ):
        with pytest.raises(UsageError):
            _remedy(name, **settings)


def test_padding_repeats_the_last():
    levels = SMALL.world.sample(key=root_key(0), distribution="train", count=2)
    batch = padded([levels[0], levels[1]], 4)
    assert batch.count == 4
    np.testing.assert_array_equal(batch.initial[1], batch.initial[3])
