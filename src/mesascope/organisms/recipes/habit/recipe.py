"""The recipe of `habit`."""

from __future__ import annotations

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.organisms.organism import Organism
from mesascope.organisms.salience import reacts
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.causal.levels import EFFECTS
from mesascope.worlds.causal.menu import BASE
from mesascope.worlds.cleaning import Cleaning

ORGANISM = Organism(
    "habit", Cleaning(), "clean", ExactGradient(updates=300, levels=8, learning_rate=0.005), MLPSpec(widths=(64,))
)
BLIND = reacts(
    "habit-blind",
    BASE,
    ExactGradient(updates=400, levels=8, learning_rate=0.03),
    positions=True,
    salience=(0.0,) * EFFECTS,
)
