"""Red doors: trained where every door is red and nothing else is, so that "door" and "red" cannot be told apart."""

from __future__ import annotations

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
