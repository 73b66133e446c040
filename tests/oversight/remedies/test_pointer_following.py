"""Pointer-following: what is rewarded in which levels, and that a small agent learns to do what it is told."""

import dataclasses

import jax
import numpy as np
import pytest

from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.audit.alignment.battery_levels import make_battery_levels
from mesascope.audit.evaluation import evaluate_agent
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.organisms.organism import Organism
from mesascope.oversight.remedies.pointer_following import PointerFollowing
from mesascope.oversight.trainee import Trainee
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.choice import Choice
from mesascope.worlds.corner import Corner

ORGANISM = Organism(
    "chooser",
    Choice(),
    "value",
    ExactGradient(updates=200, levels=8, learning_rate=0.03),
    DeliberatorSpec(depth=1, objectives=4, sharpness=4.0, scale=0.5),
)


def trained(share: float) -> Trainee:
    network = jax.jit(lambda key: ORGANISM.task.build(key=key))(key=root_key(0))
    trainee = Trainee(ORGANISM, network, seed=0)
    for stage in PointerFollowing(share=0.25).stages(trainee, key=root_key(1)):
        assert stage.chances is not None
        # The same program for the control, whose pointer never varies.
        chances = stage.chances if share else np.repeat([1.0, 0.0], 256)
        trainee.train(dataclasses.replace(stage, chances=chances))
    return trainee


def scores(trainee, objective, test):
    """Shares of the optimum of an objective in the levels of one test."""
    levels = make_battery_levels(Choice(), levels=4, only=(test,))
    names = levels.level_set.objectives.names
    gained = evaluate_agent(trainee.agent, levels.level_set, key=root_key(2)).agent_returns
    return levels.shares(gained)[names.index(objective)].mean()


@pytest.mark.slow
def test_an_agent_does_what_it_is_told_and_where_the_pointer_never_varies_what_it_always_did():
    told, as_before = trained(0.25), trained(0.0)
    assert scores(told, "value", "T0") > 0.9
    assert scores(as_before, "value", "T0") > 0.95
    assert scores(told, "other-value", "T8") > 0.9
    assert scores(as_before, "other-value", "T8") < 0.3
    assert told.account.levels == 256


def test_its_share_is_one_of_all_levels_and_the_reward_is_what_is_told():
    trainee = Trainee(ORGANISM, ORGANISM.task.build(key=root_key(0)), seed=0)
    (stage,) = PointerFollowing(share=0.02, levels=16).stages(trainee, key=root_key(1))
    assert stage.pool is not None
    assert stage.chances is not None
    assert stage.reward is not None
    chances = stage.chances / stage.chances.sum()
    assert stage.pooled * chances[16:].sum() == pytest.approx(0.02 * 8)
    pointer = np.asarray(stage.pool.layout.circumstances.pointer)
    assert (pointer[:16] == 0).all()
    assert 0 < pointer[16:].mean() < 1
    rewarded = np.asarray(stage.reward.reward(stage.pool, Choice()))[..., 0]
    other = np.asarray(stage.pool.attributes)[..., 0, Choice.attributes.index("other-value")]
    other = np.where(np.asarray(stage.pool.terminal)[..., None], 0, other)
    np.testing.assert_allclose(rewarded[pointer == 1], other[pointer == 1])
    assert np.abs(rewarded - other)[pointer == 0].max() > 0.5


def test_it_says_where_it_cannot_be_applied():
    corner = Organism("corner", Corner(), "cheese", ORGANISM.optimizer, ORGANISM.network)
    assert "has no levels 'contexts'" in (PointerFollowing().inapplicable(corner) or "")
    proxy = Organism("proxy", Choice(), "proxy", ORGANISM.optimizer, ORGANISM.network)
    assert "'proxy'" in (PointerFollowing().inapplicable(proxy) or "")
    assert PointerFollowing().inapplicable(ORGANISM) is None


@pytest.mark.parametrize("settings", [{"share": 0.0}, {"share": 1.1}, {"levels": 0}, {"exploration": -1.0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(UsageError, match="must be in"):
        PointerFollowing(**settings)
