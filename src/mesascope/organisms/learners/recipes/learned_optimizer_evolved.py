"""The same small optimizer, found without a gradient by persistent evolution strategies (Vicol et al. 2021)."""

from __future__ import annotations

from mesascope.agents.networks.coordinatewise_lstm import CoordinatewiseLSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.perturbation import Perturbation
from mesascope.worlds.streams.optimisees import QuadraticProblems

STREAM = "quadratics"
LEARNER = LearnerRecipe(
    name="learned-optimizer-evolved",
    stream=QuadraticProblems(),
    optimizer=Perturbation(updates=600, pairs=16, episodes=4, spread=0.03, learning_rate=1e-2, truncation=20),
    network=CoordinatewiseLSTMSpec(width=8, layers=1),
)
