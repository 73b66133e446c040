"""Reward modelling, small: what it asks, what it pays, what it learns, and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
import polars
import pytest

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.organisms.organism import Organism
from mesascope.oversight.catalogue import REMEDIES
from mesascope.oversight.rewards.inquiry import Inquiry
from mesascope.oversight.rewards.labeller import Labeller
from mesascope.oversight.rewards.reward_modelling import OnlineRewardModelling
from mesascope.oversight.trainee import Trainee
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5)
RECIPE = Organism("small", WORLD, "cheese", ExactGradient(updates=6, levels=4), MLPSpec(widths=(8,)))
CHEESE, CORNER = (WORLD.attributes.index(name) for name in ("cheese", "corner-top-left"))


def trainee() -> Trainee:
    return Trainee(RECIPE, RECIPE.task.build(key=jax.random.key(0)), seed=0, updates=6)


def made(name: str, **settings) -> Any:
    remedy: Any = REMEDIES.load(name)
    return remedy(**settings)


def gone_through(remedy, *, train: bool = False):
    """The trainee and the stages of a remedy."""
    agent, stages = trainee(), []
    for stage in remedy.stages(agent, key=root_key(1)):
        stages.append(stage)
        if train:
            agent.train(stage)
    return agent, stages


@pytest.mark.slow
def test_training_levels_cannot_tell_the_cheese_from_the_corner():
    agent, stages = gone_through(made("reward-modelling", labels=64, rounds=3, demonstrations=16), train=True)
    weights = np.asarray(stages[-1].reward.weights)
    assert weights[CHEESE] == pytest.approx(weights[CORNER], abs=1e-5)
    assert weights[CHEESE] > 0.3
    assert (agent.account.labels, agent.account.levels, agent.account.updates) == (80, 0, 6)
    assert [stage.pool for stage in stages] == [None] * 3
    true, learned = (agent.measured[f"share of the {which} return (train)"] for which in ("true", "learned"))
    assert agent.measured["reward-result gap (train)"] == pytest.approx(learned - true)
    assert agent.measured["nats from before (deploy)"] > 0


def test_witness_levels_tell_them_apart_and_are_trained_on():
    remedy = made("reward-modelling-active", labels=64, rounds=2, demonstrations=0)
    agent, stages = gone_through(remedy)
    weights = np.asarray(stages[-1].reward.weights)
    assert weights[CHEESE] == pytest.approx(1.0)
    assert weights[CORNER] < 0.6
    assert agent.account.labels == 64
    assert 16 < agent.account.levels <= 64
    assert [int((stage.chances > 0).sum()) for stage in stages] == [32, 64]
    assert {stage.pool.count for stage in stages} == {64}
    again = gone_through(remedy)[1]
    assert np.array_equal(np.asarray(again[-1].reward.weights), weights)


def test_frozen_asks_once_and_recursive_asks_a_helper_too():
    frozen = gone_through(made("reward-modelling-frozen", labels=16, demonstrations=0))
    assert (len(frozen[1]), frozen[0].account.labels) == (1, 16)
    recursive = made("reward-modelling-recursive", labels=16, rounds=2, demonstrations=0, helper=24)
    assert gone_through(recursive)[0].account.labels == 40
    with pytest.raises(UsageError, match="no scale"):
        gone_through(replace(recursive, labeller="perfect"))


def test_pairs_that_were_written_are_learned_from_again(tmp_path):
    remedy = OnlineRewardModelling(labels=40, rounds=2, demonstrations=0, write=str(tmp_path / "pairs.csv"))
    gone_through(remedy)
    table = polars.read_csv(tmp_path / "pairs-0.csv", infer_schema=False)
    assert len(table) == 40
    # Somebody may have changed the answers since.
    with pytest.raises(UsageError, match="answers in it would be lost"):
        gone_through(remedy)
    given = OnlineRewardModelling(preferences=str(tmp_path / "pairs-0.csv"))
    agent, stages = gone_through(given)
    assert (len(stages), stages[0].updates, agent.account.labels) == (1, 6, 40)
    table.with_columns(preferred=polars.lit("first")).write_csv(tmp_path / "one-sided.csv")
    with pytest.raises(UsageError, match="All 40 answers are 'first'"):
        gone_through(replace(given, preferences=str(tmp_path / "one-sided.csv")))


def test_a_labeller_that_always_says_the_same_is_refused():
    @dataclass(frozen=True)
    class Stubborn(Labeller):
        def label(self, world, objectives, pairs, *, key):
            return np.ones(pairs.levels.count)

    inquiry = Inquiry(trainee(), Stubborn(), mistaken=0.1, witnesses=False)
    with pytest.raises(UsageError, match="always says the same"):
        inquiry.ask(32, of=32, steps=5, key=root_key(0))
    with pytest.raises(UsageError, match="cannot be assisted"):
        Stubborn().assisted(np.zeros(15))


@pytest.mark.parametrize("settings", [{"labels": 0}, {"rounds": 0}, {"mistaken": 1.0}, {"labeller": "perfct"}])
def test_settings_that_cannot_be(settings):
    with pytest.raises(UsageError):
        OnlineRewardModelling(**settings)


def test_a_world_without_a_shift_has_no_witness_levels():
    class Alone(Corner):
        distributions = ("train",)

    active = made("reward-modelling-active")
    assert "no levels but those of training" in active.inapplicable(replace(RECIPE, world=Alone(size=5)))
    assert active.inapplicable(RECIPE) is None
