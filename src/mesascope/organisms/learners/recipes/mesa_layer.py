"""A mesa layer on linear systems: attention that solves a regression at every step (von Oswald et al. 2023)."""

from __future__ import annotations

from mesascope.agents.networks.mesa_layer import MesaLayerSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.linear_systems import LinearSystems

STREAM = "linear-systems"
LEARNER = LearnerRecipe(
    name="mesa-layer",
    stream=LinearSystems(),
    optimizer=UnrolledGradient(updates=1000, episodes=64, learning_rate=1e-2),
    network=MesaLayerSpec(),
)
