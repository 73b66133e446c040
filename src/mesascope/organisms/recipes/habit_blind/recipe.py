"""The recipe of `habit-blind`."""

from __future__ import annotations

from mesascope.organisms.salience import reacts
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.causal.levels import EFFECTS
from mesascope.worlds.causal.menu import BASE

ORGANISM = reacts(
    "habit-blind",
    BASE,
    ExactGradient(updates=400, levels=8, learning_rate=0.03),
    positions=True,
    salience=(0.0,) * EFFECTS,
)
