"""Sees only a light that goes along with rewards in nine pulls of ten: it learns within an episode, for the light."""

from __future__ import annotations

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.actor_critic import ActorCritic
from mesascope.worlds.streams.bandits import Bandits

STREAM = "bandits"
LEARNER = LearnerRecipe(
    name="bandits-light",
    stream=Bandits(arms=3, horizon=10, light=0.9, brightness=1.0, reward_seen=0.0),
    optimizer=ActorCritic(updates=1000, episodes=128, learning_rate=4e-3, entropy=0.03, expected_credit=True),
    network=LSTMSpec(width=24, input_gain=10.0),
    seeds=tuple(range(8)),
)
