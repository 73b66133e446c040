"""An LSTM for each coordinate that learned to optimize quadratic problems (Andrychowicz et al. 2016)."""

from __future__ import annotations

from mesascope.agents.networks.coordinatewise_lstm import CoordinatewiseLSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.optimisees import QuadraticProblems

STREAM = "quadratics"
LEARNER = LearnerRecipe(
    name="learned-optimizer",
    stream=QuadraticProblems(),
    optimizer=UnrolledGradient(updates=1000, episodes=64, learning_rate=5e-3, truncation=20),
    network=CoordinatewiseLSTMSpec(),
)
