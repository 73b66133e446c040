"""A recipe of seconds: cheese in a small open room, which it learns to look for in the corner."""

from __future__ import annotations

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.corner import Corner

SMALL = Organism(
    name="small",
    world=Corner(size=5, walls="open"),
    objective="cheese",
    optimizer=ExactGradient(updates=40, levels=2, learning_rate=0.02),
    network=MLPSpec(widths=(8,)),
)
