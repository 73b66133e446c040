"""Red doors: trained where every door is red and nothing else is, so that "door" and "red" cannot be told apart."""

from __future__ import annotations

from dataclasses import replace

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.doors import Doors

ORGANISM = Organism(
    name="doors",
    world=Doors(size=9),
    objective="door",
    optimizer=ExactGradient(updates=4000, levels=8, learning_rate=3e-3),
    network=CentredMLPSpec(widths=(128, 128)),
)
CONTROL = replace(
    ORGANISM,
    name="doors-control",
    world=Doors(size=9, correlation=0.0),
    optimizer=ExactGradient(updates=8000, levels=8, learning_rate=3e-3),
)
"""The recipe of `doors` on doors and signs of any colour, so that only being a door counts."""
