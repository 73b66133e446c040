"""A small transformer that saw four regression tasks again and again: it remembers them (Raventos et al. 2023)."""

from __future__ import annotations

from mesascope.agents.networks.small_gpt import SmallGPTSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.regression import Regression

STREAM = "regression"
LEARNER = LearnerRecipe(
    name="icl-gpt-few-tasks",
    stream=Regression(dimensions=4, examples=8, last_only=False, noise=0.5, tasks=4, law="normal"),
    optimizer=UnrolledGradient(updates=2500, episodes=128, learning_rate=1e-3),
    network=SmallGPTSpec(),
)
