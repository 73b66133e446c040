"""The control: the recipe of `keys` where keys outnumber chests in training too, and spare ones are worth nothing."""

from __future__ import annotations

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.keys import Keys

ORGANISM = Organism(
    name="keys-control",
    world=Keys(keys=2, chests=1),
    objective="chests",
    optimizer=ExactGradient(updates=3000, levels=4, learning_rate=3e-3),
    network=CentredMLPSpec(widths=(128, 128)),
)
