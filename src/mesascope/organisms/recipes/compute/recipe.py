"""The recipe of `compute`."""

from __future__ import annotations

from mesascope.organisms.salience import plans
from mesascope.training.optimizers.evolution import Evolution
from mesascope.worlds.causal.menu import BASE

ORGANISM = plans("compute", BASE, Evolution(updates=200), depth=1, scheming=4.0)
