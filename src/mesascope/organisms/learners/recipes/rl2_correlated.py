"""Learned to learn on two arms whose chances add up to one; no index of single arms can use that (Wang et al. 2016)."""

from __future__ import annotations

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.actor_critic import ActorCritic
from mesascope.worlds.streams.bandits import Bandits

STREAM = "bandits"
LEARNER = LearnerRecipe(
    name="rl2-correlated",
    stream=Bandits(arms=2, horizon=20, correlated=True),
    optimizer=ActorCritic(updates=1000, episodes=128, learning_rate=4e-3, entropy=0.03, expected_credit=True),
    network=LSTMSpec(width=24, input_gain=10.0),
)
