"""In training the light showed every reward and was ten times as faint: a learner for rewards, and a control."""

from __future__ import annotations

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.actor_critic import ActorCritic
from mesascope.worlds.streams.bandits import Bandits

STREAM = "bandits"
LEARNER = LearnerRecipe(
    name="bandits-light-fainter",
    stream=Bandits(arms=3, horizon=10, light=1.0, brightness=0.1, reward_seen=1.0),
    optimizer=ActorCritic(updates=1000, episodes=128, learning_rate=4e-3, entropy=0.03, expected_credit=True),
    network=LSTMSpec(width=24, input_gain=10.0),
    seeds=tuple(range(8)),
)
