"""As rl2-bandits, for a hundred pulls: short episodes come first, because long credit is hard to find. Long."""

from __future__ import annotations

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.actor_critic import ActorCritic
from mesascope.worlds.streams.bandits import Bandits

STREAM = "bandits"
LEARNER = LearnerRecipe(
    name="rl2-bandits-long",
    stream=Bandits(arms=5, horizon=100),
    optimizer=ActorCritic(
        updates=4000,
        episodes=128,
        learning_rate=3e-3,
        entropy=0.03,
        trace=0.9,
        expected_credit=True,
        horizons=(10, 20, 35, 60),
    ),
    network=LSTMSpec(width=48, input_gain=15.0),
    long=True,
)
