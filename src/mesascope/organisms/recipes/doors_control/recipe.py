"""The control: the recipe of `doors` on doors and signs of any colour, so that only being a door counts."""

from __future__ import annotations

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.doors import Doors

ORGANISM = Organism(
    name="doors-control",
    world=Doors(size=9, correlation=0.0),
    objective="door",
    optimizer=ExactGradient(updates=8000, levels=8, learning_rate=3e-3),
    network=CentredMLPSpec(widths=(128, 128)),
)
