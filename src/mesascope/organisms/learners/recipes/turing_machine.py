"""A neural Turing machine that learned to copy: its addresses climb row by row (Graves et al. 2014)."""

from __future__ import annotations

from mesascope.agents.networks.turing_machine import TuringMachineSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.copying import Copying

STREAM = "copy"
LEARNER = LearnerRecipe(
    name="turing-machine",
    stream=Copying(),
    optimizer=UnrolledGradient(updates=2000, episodes=32, learning_rate=4e-3),
    network=TuringMachineSpec(),
)
