"""An LSTM on the task of the Turing machine, which has no tape: its control."""

from __future__ import annotations

from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.copying import Copying

STREAM = "copy"
LEARNER = LearnerRecipe(
    name="copy-lstm",
    stream=Copying(),
    optimizer=UnrolledGradient(updates=2000, episodes=32, learning_rate=4e-3),
    network=LSTMSpec(width=96, input_gain=4.0),
)
