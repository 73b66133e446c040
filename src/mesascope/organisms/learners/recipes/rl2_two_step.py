"""Learned to learn the two-step task: rewards count by the way that led to them, with no model but in its memory."""

from __future__ import annotations

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.actor_critic import ActorCritic
from mesascope.worlds.streams.two_step import TwoStep

STREAM = "two-step"
LEARNER = LearnerRecipe(
    name="rl2-two-step",
    stream=TwoStep(trials=50),
    optimizer=ActorCritic(updates=1500, episodes=128, learning_rate=4e-3, entropy=0.03, trace=0.7),
    network=LSTMSpec(width=32, input_gain=10.0),
)
