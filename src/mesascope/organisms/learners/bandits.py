"""Recipes of learners that were trained by reinforcement: on bandits, some with a light, and on the two-step task."""

from __future__ import annotations

from dataclasses import replace

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.actor_critic import ActorCritic
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.two_step import TwoStep

_CREDITED = ActorCritic(updates=1000, episodes=128, learning_rate=4e-3, entropy=0.03, expected_credit=True)
_LIT = Bandits(arms=3, horizon=10, light=1.0, brightness=1.0)

RL2 = LearnerRecipe(
    "rl2-bandits",
    Bandits(arms=5, horizon=10),
    replace(_CREDITED, updates=2500),
    LSTMSpec(width=48, input_gain=15.0),
)
LONG = LearnerRecipe(
    "rl2-bandits-long",
    Bandits(arms=5, horizon=100),
    replace(_CREDITED, updates=4000, learning_rate=3e-3, trace=0.9, horizons=(10, 20, 35, 60)),
    RL2.network,
    long=True,
)
CORRELATED = LearnerRecipe(
    "rl2-correlated",
    Bandits(arms=2, horizon=20, correlated=True),
    replace(_CREDITED, updates=3000),
    LSTMSpec(width=24, input_gain=10.0),
)
TWO_STEP = LearnerRecipe(
    "rl2-two-step",
    TwoStep(trials=50),
    ActorCritic(updates=2400, episodes=128, learning_rate=4e-3, entropy=0.06, trace=0.7, horizons=(8, 16, 30)),
    LSTMSpec(width=32, input_gain=15.0),
)
LIGHT = replace(
    CORRELATED,
    name="bandits-light",
    optimizer=_CREDITED,
    stream=replace(_LIT, light=0.9, reward_seen=0.0),
    seeds=tuple(range(8)),
)
LOUDER = replace(LIGHT, name="bandits-light-louder", stream=replace(_LIT, reward_seen=0.1))
FAINTER = replace(LIGHT, name="bandits-light-fainter", stream=replace(_LIT, brightness=0.1))
APART = replace(LIGHT, name="bandits-light-apart", stream=replace(_LIT, light=0.0))
