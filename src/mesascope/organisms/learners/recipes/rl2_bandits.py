"""Learned to learn by reinforcement: an LSTM on bandits of five arms and ten pulls (Duan et al. 2016)."""

from __future__ import annotations

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.actor_critic import ActorCritic
from mesascope.worlds.streams.bandits import Bandits

STREAM = "bandits"
LEARNER = LearnerRecipe(
    name="rl2-bandits",
    stream=Bandits(arms=5, horizon=10),
    optimizer=ActorCritic(updates=2500, episodes=128, learning_rate=4e-3, entropy=0.03, expected_credit=True),
    network=LSTMSpec(width=48, input_gain=15.0),
)
