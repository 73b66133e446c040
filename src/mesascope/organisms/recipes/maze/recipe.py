"""Mazes without end: trained on a new maze and a new goal each time, so that only reaching the goal is left."""

from __future__ import annotations

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.maze import Maze

ORGANISM = Organism(
    name="maze",
    world=Maze(size=9),
    objective="goal",
    optimizer=ExactGradient(updates=8000, levels=8, learning_rate=3e-3),
    network=CentredMLPSpec(widths=(128, 128)),
    seeds=(0,),
)
