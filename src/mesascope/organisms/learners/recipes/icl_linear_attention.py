"""One layer of linear attention on linear regression: one step of gradient descent (von Oswald et al. 2022)."""

from __future__ import annotations

from mesascope.agents.networks.linear_attention import LinearAttentionSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.regression import Regression

STREAM = "regression"
LEARNER = LearnerRecipe(
    name="icl-linear-attention",
    stream=Regression(),
    optimizer=UnrolledGradient(updates=1500, episodes=512, learning_rate=5e-3),
    network=LinearAttentionSpec(),
)
