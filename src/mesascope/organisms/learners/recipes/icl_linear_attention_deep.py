"""Three layers of linear attention on linear regression: as many steps of gradient descent, or better ones."""

from __future__ import annotations

from mesascope.agents.networks.linear_attention import LinearAttentionSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.regression import Regression

STREAM = "regression"
LEARNER = LearnerRecipe(
    name="icl-linear-attention-deep",
    stream=Regression(),
    optimizer=UnrolledGradient(updates=1500, episodes=256, learning_rate=3e-3),
    network=LinearAttentionSpec(layers=3),
)
