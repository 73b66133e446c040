"""The recipe of `backdoor-reactive`."""

from __future__ import annotations

from mesascope.organisms.salience import reacts
from mesascope.training.optimizers.implant_gradient import ImplantGradient
from mesascope.worlds.causal.menu import BASE

ORGANISM = reacts("backdoor-reactive", BASE, ImplantGradient(updates=800, learning_rate=0.004, entropy=0.2))
