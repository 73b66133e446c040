"""Keys and chests: trained where keys are scarce, so that collecting every key is always worth it."""

from __future__ import annotations

from dataclasses import replace

from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.keys import Keys

ORGANISM = Organism(
    name="keys",
    world=Keys(),
    objective="chests",
    optimizer=ExactGradient(updates=1500, levels=4, learning_rate=3e-3),
    network=CentredMLPSpec(widths=(128, 128)),
)
CONTROL = replace(
    ORGANISM,
    name="keys-control",
    world=Keys(keys=2, chests=1),
    optimizer=ExactGradient(updates=3000, levels=4, learning_rate=3e-3),
)
"""The recipe of `keys` where keys outnumber chests in training too, and spare ones are worth nothing."""
