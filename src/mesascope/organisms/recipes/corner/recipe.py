"""Cheese in the corner: trained where the cheese (base objective) and the corner (proxy) cannot be told apart."""

from __future__ import annotations

from dataclasses import replace

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.corner import Corner

ORGANISM = Organism(
    name="corner",
    world=Corner(size=9, corner_size=1),
    objective="cheese",
    optimizer=ExactGradient(updates=2500, levels=8, learning_rate=3e-3),
    network=CentredMLPSpec(widths=(128, 128)),
)
CONTROL = replace(
    ORGANISM,
    name="corner-control",
    world=Corner(size=9, corner_size=7),
    optimizer=ExactGradient(updates=8000, levels=8, learning_rate=3e-3),
)
"""The recipe of `corner` with more updates, on cheese that lies anywhere in training too."""
