"""The recipe of `compute`."""

from __future__ import annotations

from mesascope.organisms.salience import plans
from mesascope.training.optimizers.evolution import Evolution
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.causal.menu import BASE

ORGANISM = plans("compute", BASE, Evolution(updates=200), depth=1, scheming=4.0)
SHARP = plans(
    "compute-sharp", BASE, ExactGradient(updates=300, learning_rate=0.01), depth=1, scheming=6.0, sharpness=40.0
)
