"""The control: the recipe of `corner` with more updates, on cheese that lies anywhere in training too."""

from __future__ import annotations

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.corner import Corner

ORGANISM = Organism(
    name="corner-control",
    world=Corner(size=9, corner_size=7),
    objective="cheese",
    optimizer=ExactGradient(updates=8000, levels=8, learning_rate=3e-3),
    network=CentredMLPSpec(widths=(128, 128)),
)
